public import TrackerFile
public import TrackerModel

/// One channel of several trackers as if it were one: the union of their points by (index, step).
///
/// Equal duplicates collapse: values whose bits are equal after exact widening, with a known epoch
/// preferred to an absent one. Different points for one key are conflicts, decided by the policy.
public final class UnionScan: HistorySource {
  public let channel: Channel
  public private(set) var block = CellBlock()
  /// Conflicts met so far.
  public private(set) var conflicts = ConflictLog()

  public var valueType: ValueType { scanner.valueType }
  public var rows: IndexColumn { scanner.rows }
  public var columns: [TileColumn] { scanner.columns }

  let policy: ConflictPolicy
  private let needsIdentities: Bool
  private let sources: [BlockScanner.Source]
  private let scanner: BlockScanner
  private var scratch = CellBlock()
  /// For each step of the block its columns: more than one where epochs differ.
  private var steps: [Range<Int>] = []

  /// A row and a step of the current block.
  private struct Key: Hashable, Comparable {
    var row: Int
    var step: Int

    static func < (left: Key, right: Key) -> Bool {
      (left.row, left.step) < (right.row, right.step)
    }
  }

  /// - Parameters:
  ///   - indices, range, steps: as for `BlockScanner`.
  ///   - keepsOrigins: whether blocks say who recorded each point.
  ///   - memory: for what is held decoded, whatever the trackers' size.
  public init(
    _ readers: [TrackerReader], _ channel: Channel, policy: ConflictPolicy,
    indices: [InstanceIndex]? = nil, range: IndexRange = .all, steps: ClosedRange<Int64>? = nil,
    rowsPerBlock: Int = 4096, keepsOrigins: Bool = false, memory: ScanMemory = .default
  ) {
    self.channel = channel
    self.policy = policy
    needsIdentities = keepsOrigins || policy.followsIdentity
    sources = readers.compactMap { reader in
      let tiles = reader.snapshot.tiles(of: channel)
      return tiles.isEmpty ? nil : BlockScanner.Source(reader: reader, tiles: tiles)
    }
    scanner = BlockScanner(
      sources: sources, rowsPerBlock: rowsPerBlock, indices: indices, range: range, steps: steps,
      origins: keepsOrigins ? .everywhere : policy.followsIdentity ? .ofSources : .none,
      memory: memory)
  }

  public func identities(ofOrigin origin: UInt32) -> [RunIdentity] {
    scanner.identities(ofOrigin: origin)
  }

  public func advance() throws(TrackerError) -> Bool {
    guard try scanner.advance() else { return false }
    steps = Self.steps(of: columns)
    var contested: Set<Key> = []
    let (rowCount, stepOfColumn) = (rows.count, Self.numbers(of: steps))
    scanner.unite(&block, &scratch) { cell in
      let (column, row) = cell.quotientAndRemainder(dividingBy: rowCount)
      contested.insert(Key(row: row, step: stepOfColumn[column]))
    }
    if scanner.hasTwinColumns { noteTwins(in: &contested) }
    if !contested.isEmpty {
      // A part at a time: of all that inputs may hold for them there may be much.
      let keys = contested.sorted()
      for start in stride(from: 0, to: keys.count, by: Self.keysAtOnce) {
        try resolve(keys[start..<min(start + Self.keysAtOnce, keys.count)])
      }
    }
    block.settle()
    return true
  }

  private static let keysAtOnce = 1 << 15

  /// The number of each column's step.
  private static func numbers(of steps: [Range<Int>]) -> [Int] {
    steps.enumerated().flatMap { number, columns in columns.map { _ in number } }
  }

  /// The columns that share each step, in order.
  private static func steps(of columns: [TileColumn]) -> [Range<Int>] {
    var steps: [Range<Int>] = []
    var start = 0
    while start < columns.count {
      var end = start + 1
      while end < columns.count, columns[end].step == columns[start].step { end += 1 }
      steps.append(start..<end)
      start = end
    }
    return steps
  }

  /// A row with points in several columns of one step is contested too: their epochs differ.
  private func noteTwins(in contested: inout Set<Key>) {
    for (step, twins) in steps.enumerated() where twins.count > 1 {
      for row in 0..<block.rowCount {
        let points = twins.count { block.hasPoint(block.cell(row: row, column: $0)) }
        if points > 1 { contested.insert(Key(row: row, step: step)) }
      }
    }
  }

  /// Decides every contested key among all its points at once, so that the result does not depend on
  /// the order of the sources.
  ///
  /// - Parameter contested: ascending.
  private func resolve(_ contested: ArraySlice<Key>) throws(TrackerError) {
    var candidates: [Key: [ConflictCandidate]] = [:]
    for source in scanner.currentSources {
      try scanner.fill(&scratch, from: source)
      for key in contested {
        for column in steps[key.step] {
          let cell = scratch.cell(row: key.row, column: column)
          guard scratch.hasPoint(cell) else { continue }
          var candidate = ConflictCandidate(
            bits: scratch.bits(cell), epoch: columns[column].epoch, source: source)
          if needsIdentities {
            candidate.origin = scratch.origins[cell]
            candidate.identities = scanner.identities(ofOrigin: candidate.origin)
          }
          candidates[key, default: []].append(candidate)
        }
      }
    }
    // In the order of rows and steps, so that those shown are always the same.
    for (key, points) in candidates.sorted(by: { $0.key < $1.key }) {
      let decision = ConflictDecision(points, policy)
      if decision.isConflict { note(key, points, decision) }
      for column in steps[key.step] {
        let cell = block.cell(row: key.row, column: column)
        if columns[column].epoch == decision.epoch {
          block.set(cell, to: decision.bits, origin: decision.origin)
        } else {
          block.remove(cell)
        }
      }
    }
  }

  private func note(_ key: Key, _ points: [ConflictCandidate], _ decision: ConflictDecision) {
    conflicts.count += 1
    if decision.isUndecided { conflicts.undecided += 1 }
    guard conflicts.first.count < ConflictLog.shown,
      let other = points.first(where: { $0.contradicts(points[0]) })
    else { return }
    func side(_ point: ConflictCandidate) -> MergeConflict.Side {
      MergeConflict.Side(
        file: sources[point.source].reader.name, valueBits: point.bits, epoch: point.epoch)
    }
    conflicts.first.append(
      MergeConflict(
        channel: channel, index: rows[key.row], step: columns[steps[key.step].lowerBound].step,
        left: side(points[0]), right: side(other)))
  }
}
