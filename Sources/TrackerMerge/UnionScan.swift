public import TrackerFile
public import TrackerModel

/// One channel of several trackers as if it were one: the union of their points by (index, step).
///
/// Equal duplicates collapse: values whose bits are equal after exact widening, with a known epoch
/// preferred to an absent one. Different points for one key are conflicts, decided by the policy.
public final class UnionScan: HistorySource {
  public let channel: Channel
  public let valueType: ValueType
  public private(set) var block = CellBlock()
  /// Conflicts met so far.
  public private(set) var conflicts = ConflictLog()

  public var rows: IndexColumn { scanner.rows }
  public var columns: [TileColumn] { scanner.columns }

  private let policy: ConflictPolicy
  private let sources: [BlockScanner.Source]
  private let scanner: BlockScanner
  private var scratch = CellBlock()

  /// - Parameters:
  ///   - indices, steps: as for `ChannelScan`.
  public init(
    _ readers: [TrackerReader], _ channel: Channel, policy: ConflictPolicy,
    indices: [InstanceIndex]? = nil, steps: ClosedRange<Int64>? = nil, rowsPerBlock: Int = 8192
  ) {
    self.channel = channel
    self.policy = policy
    sources = readers.map { reader in
      BlockScanner.Source(
        reader: reader,
        tiles: reader.snapshot.tiles(of: channel).filter { $0.mayHold(anyOf: indices) })
    }
    valueType = readers.reduce(.float32) { $0.joined(with: $1.snapshot.valueType(of: channel)) }
    scanner = BlockScanner(
      sources: sources, rowsPerBlock: rowsPerBlock, steps: steps,
      tracksOrigins: policy.followsIdentity)
  }

  public func advance() throws(TrackerError) -> Bool {
    guard try scanner.advance() else { return false }
    var isFirst = true
    for source in sources.indices where !scanner.currentTiles(of: source).isEmpty {
      if isFirst {
        try scanner.fill(&block, from: source)
        isFirst = false
      } else {
        try scanner.fill(&scratch, from: source)
        try add(scratch, from: source)
      }
    }
    if isFirst {
      block.reset(rowCount: rows.count, columnCount: columns.count)
    } else if scanner.hasTwinColumns {
      try joinTwins()
    }
    return true
  }

  /// Unites the block with another source's points.
  private func add(_ other: CellBlock, from source: Int) throws(TrackerError) {
    for cell in 0..<block.rowCount * block.columnCount where other.isFilled[cell] == 1 {
      if block.isFilled[cell] == 0 {
        block.isFilled[cell] = 1
        block.bits[cell] = other.bits[cell]
        if policy.followsIdentity { block.origins[cell] = other.origins[cell] }
      } else if block.bits[cell] != other.bits[cell] {
        let (column, row) = cell.quotientAndRemainder(dividingBy: block.rowCount)
        try note(row: row, column, column, block.bits[cell], other.bits[cell], before: source)
        if takesSecond(
          block.bits[cell], other.bits[cell], origin(block, cell), origin(other, cell))
        {
          block.bits[cell] = other.bits[cell]
          if policy.followsIdentity { block.origins[cell] = other.origins[cell] }
        }
      } else if policy.followsIdentity {
        takeOrigin(other.origins[cell], forEqual: cell)
      }
    }
  }

  /// Of two sources of an equal point the policy's winner stays, for conflicts with a third.
  private func takeOrigin(_ origin: UInt32, forEqual cell: Int) {
    if order(block.origins[cell], origin) == (policy == .first ? .descending : .ascending) {
      block.origins[cell] = origin
    }
  }

  private func origin(_ block: CellBlock, _ cell: Int) -> UInt32 {
    policy.followsIdentity ? block.origins[cell] : 0
  }

  /// Leaves one point where a row has several for one step, in columns of different epochs.
  private func joinTwins() throws(TrackerError) {
    var start = 0
    while start < columns.count {
      var end = start + 1
      while end < columns.count, columns[end].step == columns[start].step { end += 1 }
      if end - start > 1 {
        for row in 0..<block.rowCount { try joinTwins(start..<end, row: row) }
      }
      start = end
    }
  }

  private func joinTwins(_ twins: Range<Int>, row: Int) throws(TrackerError) {
    var kept: Int?
    for column in twins {
      let cell = block.cell(row: row, column: column)
      guard block.isFilled[cell] == 1 else { continue }
      guard let first = kept else {
        kept = column
        continue
      }
      let firstCell = block.cell(row: row, column: first)
      // Columns ascend and an absent epoch comes first: a known epoch always beats it.
      let (firstBits, bits) = (block.bits[firstCell], block.bits[cell])
      let isKnown = columns[first].epoch != nil
      if firstBits != bits || isKnown {
        try note(row: row, first, column, firstBits, bits, before: nil)
      }
      let origins = (origin(block, firstCell), origin(block, cell))
      let takesValue = firstBits != bits && takesSecond(firstBits, bits, origins.0, origins.1)
      let takesEpoch: Bool
      switch policy {
      case .error, .max: takesEpoch = true
      case .min: takesEpoch = !isKnown
      case .first, .last:
        takesEpoch =
          !isKnown || order(origins.0, origins.1) == (policy == .first ? .descending : .ascending)
      }
      let (target, other) = takesEpoch ? (cell, firstCell) : (firstCell, cell)
      block.bits[target] = takesValue ? bits : firstBits
      // Of equal values too the policy's winner stays, for twins still to come.
      if policy.followsIdentity {
        let takesOrigin = takesSecond(firstBits, bits, origins.0, origins.1)
        block.origins[target] = takesOrigin ? origins.1 : origins.0
      }
      block.isFilled[other] = 0
      kept = takesEpoch ? column : first
    }
  }

  /// Whether the policy prefers the second of two different values.
  private func takesSecond(_ first: UInt64, _ second: UInt64, _ origin: UInt32, _ other: UInt32)
    -> Bool
  {
    switch policy {
    case .error: false
    case .min: ValueOrder.precedes(second, first)
    case .max: ValueOrder.precedes(first, second)
    case .first: order(origin, other) == .descending
    case .last: order(origin, other) == .ascending
    }
  }

  private enum Order {
    case ascending
    case descending
    case unknown
  }

  /// How the writers of two points follow each other; known only where all of one come before all
  /// of the other.
  private func order(_ left: UInt32, _ right: UInt32) -> Order {
    let (left, right) = (
      scanner.identities(ofOrigin: left), scanner.identities(ofOrigin: right)
    )
    guard let leftFirst = left.first, let leftLast = left.last, let rightFirst = right.first,
      let rightLast = right.last
    else { return .unknown }
    func precedes(_ a: RunIdentity, _ b: RunIdentity) -> Bool {
      (a.generation, a.rank) < (b.generation, b.rank)
    }
    if precedes(leftLast, rightFirst) { return .ascending }
    if precedes(rightLast, leftFirst) { return .descending }
    return .unknown
  }

  // MARK: Reporting

  private func note(
    row: Int, _ left: Int, _ right: Int, _ leftBits: UInt64, _ rightBits: UInt64,
    before source: Int?
  ) throws(TrackerError) {
    conflicts.count += 1
    if policy.followsIdentity, isUndecided(row, left, right, source) { conflicts.undecided += 1 }
    guard conflicts.first.count < ConflictLog.shown else { return }
    let rightFile: String
    if let source {
      rightFile = sources[source].reader.name
    } else {
      rightFile = try file(row: row, column: right, bits: rightBits, before: sources.count)
    }
    conflicts.first.append(
      MergeConflict(
        channel: channel, index: rows[row], step: columns[left].step,
        left: MergeConflict.Side(
          file: try file(row: row, column: left, bits: leftBits, before: source ?? sources.count),
          valueBits: leftBits, epoch: columns[left].epoch),
        right: MergeConflict.Side(
          file: rightFile, valueBits: rightBits, epoch: columns[right].epoch)))
  }

  private func isUndecided(_ row: Int, _ left: Int, _ right: Int, _ source: Int?) -> Bool {
    let leftOrigin = block.origins[block.cell(row: row, column: left)]
    let rightOrigin =
      source == nil
      ? block.origins[block.cell(row: row, column: right)]
      : scratch.origins[block.cell(row: row, column: right)]
    return order(leftOrigin, rightOrigin) == .unknown
  }

  /// Which of the sources before `source` holds a point; looked up only for the few that are shown.
  private func file(row: Int, column: Int, bits: UInt64, before source: Int) throws(TrackerError)
    -> String
  {
    var probe = CellBlock()
    for candidate in 0..<source where !scanner.currentTiles(of: candidate).isEmpty {
      try scanner.fill(&probe, from: candidate)
      let cell = probe.cell(row: row, column: column)
      if probe.isFilled[cell] == 1, probe.bits[cell] == bits {
        return sources[candidate].reader.name
      }
    }
    return "an earlier input"
  }
}
