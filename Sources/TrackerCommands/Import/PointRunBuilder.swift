import TrackerInterchange
import TrackerModel

/// Gathers points in whatever order they come, as many as memory is meant to hold.
///
/// Columns of 32 bytes a point. Strings and pairs of step and epoch are numbered, so that points are
/// sorted as integers.
struct PointRunBuilder {
  /// Points of a run.
  static let maxPoints = 1 << 21
  /// Bytes of its different string indices.
  static let maxStringBytes = 1 << 26

  private let indexType: IndexType
  private let limit: Int
  private var channels: [Int32] = []
  /// The indices as unsigned integers of the same order, or the numbers of strings.
  private var keys: [UInt64] = []
  private var columns: [UInt32] = []
  private var bits: [UInt64] = []
  private var lines: [UInt64] = []
  private var strings = StringTable()
  private var columnNumbers = ColumnNumbers()

  /// - Parameter limit: points of a run.
  init(indexType: IndexType, limit: Int = Self.maxPoints) {
    precondition(limit > 0 && limit <= Int(Int32.max), "positions have 32 bits")
    self.indexType = indexType
    self.limit = limit
  }

  var count: Int { keys.count }
  var isFull: Bool { count >= limit || strings.strings.bytes.count >= Self.maxStringBytes }

  /// Appends points from position `start` of a batch on until the run is full, and returns the
  /// position of the first one that has no room.
  mutating func append(_ batch: PointBatch, from start: Int) throws(TrackerError) -> Int {
    var position = start
    while position < batch.count, !isFull {
      switch indexType {
      case .int64: keys.append(PointRun.key(batch.integers[position]))
      case .string:
        let bytes = batch.stringBytes[batch.stringRange(at: position)]
        keys.append(UInt64(try strings.number(ofUTF8: bytes)))
      }
      channels.append(batch.channels[position])
      columns.append(
        columnNumbers.number(
          of: TileColumn(step: batch.steps[position], epoch: batch.epochs[position])))
      bits.append(batch.valueBits[position])
      lines.append(batch.lines[position])
      position += 1
    }
    return position
  }

  /// The points gathered, sorted and each key once; the builder is then empty.
  ///
  /// - Parameters:
  ///   - names: the channels by number.
  ///   - conflict: makes the error for two points of one key that differ.
  mutating func finish(
    channels names: [Channel], conflict: (PointConflict) -> TrackerError
  ) throws(TrackerError) -> PointRun {
    // Taken out, so that the columns are changed in place.
    var gathered = PointRunBuilder(indexType: indexType, limit: limit)
    swap(&gathered, &self)
    let run = gathered.makeRun(names)
    if let found = run.arrange(lines: gathered.lines) { throw conflict(found) }
    return run
  }

  private mutating func makeRun(_ names: [Channel]) -> PointRun {
    let channelOrder = names.indices.sorted { names[$0] < names[$1] }
    let channelRanks = Self.ranks(of: channelOrder)
    let table = columnNumbers.columns
    let columnOrder = table.indices.sorted { table[$0] < table[$1] }
    let columnRanks = Self.ranks(of: columnOrder)
    for position in columns.indices { columns[position] = columnRanks[Int(columns[position])] }
    var stringOrder: [UInt32] = []
    if indexType == .string {
      let ranks = strings.sortedRanks()
      stringOrder = Array(repeating: 0, count: ranks.count)
      for (number, rank) in ranks.enumerated() { stringOrder[Int(rank)] = UInt32(number) }
      for position in keys.indices { keys[position] = UInt64(ranks[Int(keys[position])]) }
    }
    for position in channels.indices {
      channels[position] = Int32(channelRanks[Int(channels[position])])
    }
    return PointRun(
      indexType: indexType, channelNames: channelOrder.map { names[$0] },
      columnTable: columnOrder.map { table[$0] }, strings: strings.strings,
      stringOrder: stringOrder, channels: channels, keys: keys, columns: columns, bits: bits)
  }

  /// For each number its place in `order`.
  private static func ranks(of order: [Int]) -> [UInt32] {
    var ranks = [UInt32](repeating: 0, count: order.count)
    for (rank, number) in order.enumerated() { ranks[number] = UInt32(rank) }
    return ranks
  }
}

/// Numbers for pairs of step and epoch.
struct ColumnNumbers {
  private(set) var columns: [TileColumn] = []
  private var numbers: [TileColumn: UInt32] = [:]
  /// For each column the one that came after it last: texts repeat their columns in one order.
  private var following: [UInt32] = []
  private var last = 0

  mutating func number(of column: TileColumn) -> UInt32 {
    if !columns.isEmpty {
      if columns[last] == column { return UInt32(last) }
      let next = Int(following[last])
      if columns[next] == column {
        last = next
        return UInt32(next)
      }
    }
    let number = numbers[column] ?? UInt32(columns.count)
    if Int(number) == columns.count {
      columns.append(column)
      following.append(number)
      numbers[column] = number
    }
    following[last] = number
    last = Int(number)
    return number
  }
}
