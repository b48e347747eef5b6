import TrackerCodec
import TrackerFile
import TrackerModel

import TrackerMerge

/// A few small files of one run that have points in common, and what their union should be.
struct SmallScene: CustomStringConvertible {
  struct Key: Hashable {
    var channel: Channel
    var index: InstanceIndex
    var step: Int64
  }

  struct Value: Hashable {
    /// Widened.
    var bits: UInt64
    var epoch: Int64?
  }

  /// One tile, as it is written.
  struct Batch {
    var channel: Channel
    var type: ValueType
    var rows: [InstanceIndex]
    var columns: [TileColumn]
    /// By column, then row; nil for no point.
    var values: [Value?]
  }

  /// What one process recorded.
  struct Commit {
    var identity: RunIdentity?
    var batches: [Batch]
  }

  let indexType: IndexType
  private(set) var inputs: [[Commit]] = []

  var description: String { "\(inputs)" }

  /// Whether all points know their epoch.
  var knowsEpochs: Bool {
    inputs.allSatisfy { commits in
      commits.allSatisfy { $0.batches.allSatisfy { $0.columns.allSatisfy { $0.epoch != nil } } }
    }
  }

  private static let channels = [
    Channel(metric: "ce", mode: .train), Channel(metric: "ce", mode: .eval, dsID: "b"),
  ]
  /// Exact in both types.
  private static let floats: [Float] = [0, -0.0, 0.5, 1.5, -.infinity, .nan]

  init(_ chances: inout MergePropertyTests.Chances) {
    indexType = UInt8.random(in: 0..<4, using: &chances) == 0 ? .string : .int64
    // Whether files agree on values, on epochs, and know who recorded.
    let agree = Bool.random(using: &chances)
    let agreeOnEpochs = UInt8.random(in: 0..<3, using: &chances) > 0
    let isAnonymous = UInt8.random(in: 0..<8, using: &chances) == 0
    for _ in 0..<Int.random(in: 2...4, using: &chances) {
      var commits: [Commit] = []
      for _ in 0..<Int.random(in: 1...2, using: &chances) {
        let identity = try? RunIdentity(
          runID: "r", generation: UInt32.random(in: 0...3, using: &chances),
          rank: UInt32.random(in: 0..<3, using: &chances), worldSize: 3)
        let isKnown = !isAnonymous || Bool.random(using: &chances)
        let batches = (0..<Int.random(in: 1...2, using: &chances)).map { _ in
          batch(&chances, agree: agree, agreeOnEpochs: agreeOnEpochs)
        }
        commits.append(Commit(identity: isKnown ? identity : nil, batches: batches))
      }
      inputs.append(commits)
    }
  }

  private func batch(
    _ chances: inout MergePropertyTests.Chances, agree: Bool, agreeOnEpochs: Bool
  ) -> Batch {
    let numbers = (Int64(-1)...3).filter { _ in Bool.random(using: &chances) }
    let rows: [InstanceIndex] = (numbers.isEmpty ? [2] : numbers).map {
      indexType == .int64 ? .integer($0) : .string(Name("é\($0)"))
    }.sorted()
    let steps = [Int64(10), 20, 30].filter { _ in Bool.random(using: &chances) }
    let columns = (steps.isEmpty ? [10] : steps).map { step in
      var epoch: Int64? = step / 10
      switch UInt8.random(in: 0..<6, using: &chances) {
      case 0: epoch = nil
      case 1: epoch = agreeOnEpochs ? epoch : Int64.random(in: 4...5, using: &chances)
      default: break
      }
      return TileColumn(step: step, epoch: epoch)
    }
    var values: [Value?] = []
    for column in columns {
      for row in rows {
        guard UInt8.random(in: 0..<5, using: &chances) > 0 else {
          values.append(nil)
          continue
        }
        let value =
          agree
          ? Self.floats[(row.description.utf8.count + Int(column.step / 10)) % Self.floats.count]
          : Self.floats.randomElement(using: &chances) ?? 0
        values.append(Value(bits: Widening.widen(value.bitPattern), epoch: column.epoch))
      }
    }
    // A tile without points holds nothing to merge.
    if values.allSatisfy({ $0 == nil }) {
      values[0] = Value(bits: Widening.widen(Float(0.5).bitPattern), epoch: columns[0].epoch)
      if agree { return batch(&chances, agree: agree, agreeOnEpochs: agreeOnEpochs) }
    }
    return Batch(
      channel: Self.channels.randomElement(using: &chances) ?? Self.channels[0],
      type: Bool.random(using: &chances) ? .float32 : .float64, rows: rows, columns: columns,
      values: values)
  }

  // MARK: Files

  func files() throws -> [[UInt8]] {
    try inputs.map { commits throws in
      let storage = MemoryStorage()
      for (place, commit) in commits.enumerated() {
        let writer =
          place == 0
          ? try TrackerWriter(creating: storage, indexType: indexType, identity: commit.identity)
          : try TrackerWriter(opening: storage, at: .last) { _ in commit.identity }
        writer.cores = 1
        writer.level = .fast
        for batch in commit.batches { try Self.write(batch, indexType, to: writer) }
        try writer.commit(step: nil, epoch: nil, wallTime: nil)
        writer.close()
      }
      return MergeAlgebraTests.bytes(of: storage)
    }
  }

  private static func write(_ batch: Batch, _ indexType: IndexType, to writer: TrackerWriter)
    throws
  {
    var presence = Presence.none(batch.values.count)
    var values = ValueBuffer(batch.type)
    for (cell, value) in batch.values.enumerated() {
      guard let value else { continue }
      presence.insert(cell..<cell + 1)
      values.append(value.bits)
    }
    try writer.appendTile(
      channel: batch.channel, rows: IndexColumn(batch.rows, type: indexType),
      columns: batch.columns, presence: presence.canonical, values: values)
  }

  // MARK: The oracle

  enum Expectation {
    case points([Key: Value])
    case refused
  }

  /// What one file holds for a key, and who recorded it.
  private struct Claim {
    var value: Value
    var identity: RunIdentity?

    func contradicts(_ other: Claim) -> Bool {
      if value.bits != other.value.bits { return true }
      guard let epoch = value.epoch, let another = other.value.epoch else { return false }
      return epoch != another
    }
  }

  /// The union by definition, key by key; nil where `first` or `last` meet points that are not all
  /// recorded by different known workers or know no epoch, of which the definition is longer.
  func expected(_ policy: ConflictPolicy) -> Expectation? {
    var claims: [Key: [Claim]] = [:]
    for commits in inputs {
      var held: [Key: Claim] = [:]
      for commit in commits {
        for batch in commit.batches {
          for (cell, value) in batch.values.enumerated() {
            guard let value else { continue }
            let (column, row) = cell.quotientAndRemainder(dividingBy: batch.rows.count)
            let key = Key(
              channel: batch.channel, index: batch.rows[row], step: batch.columns[column].step)
            held[key] = Claim(value: value, identity: commit.identity)
          }
        }
      }
      for (key, claim) in held { claims[key, default: []].append(claim) }
    }
    var points: [Key: Value] = [:]
    for (key, claims) in claims {
      let epochs = claims.compactMap(\.value.epoch)
      let isConflict = claims.contains { one in claims.contains { one.contradicts($0) } }
      guard isConflict else {
        points[key] = Value(bits: claims[0].value.bits, epoch: epochs.first)
        continue
      }
      // By rank, then by bits.
      let sorted = claims.map(\.value.bits).sorted {
        (ValueOrder.rank($0), $0) < (ValueOrder.rank($1), $1)
      }
      switch policy {
      case .error: return .refused
      case .min: points[key] = Value(bits: sorted[0], epoch: epochs.min())
      case .max: points[key] = Value(bits: sorted[sorted.count - 1], epoch: epochs.max())
      case .first, .last:
        let writers = claims.compactMap(\.identity)
        guard Set(writers).count == claims.count, epochs.count == claims.count else { return nil }
        let ordered = claims.sorted {
          guard let left = $0.identity, let right = $1.identity else { return false }
          return (left.generation, left.rank) < (right.generation, right.rank)
        }
        points[key] = (policy == .first ? ordered[0] : ordered[ordered.count - 1]).value
      }
    }
    return .points(points)
  }
}
