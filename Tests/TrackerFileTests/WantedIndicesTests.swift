import Testing
import TrackerCodec
import TrackerFile
import TrackerModel

/// A scan of some indices gives what a scan of all gives for them.
@Suite struct WantedIndicesTests {
  typealias Random = IndexSubsetTests.Random

  static let channel = Channel(metric: "ce", mode: .train, dsID: nil)

  static func index(_ number: UInt64, _ type: IndexType) -> InstanceIndex {
    type == .int64 ? .integer(Int64(number) - 50) : .string(Name("\(number % 7)/\(number)"))
  }

  /// Tiles of random rows and columns that overlap, replace points of each other, and name steps with
  /// several epochs; with other channels and unsealed points between them.
  static func makeFile(_ seed: UInt64, _ type: IndexType) throws -> MemoryStorage {
    var random = Random(state: seed)
    func below(_ bound: UInt64) -> UInt64 { random.next() % bound }
    let storage = MemoryStorage()
    let writer = try TrackerWriter(creating: storage, indexType: type, identity: nil)
    let isLarge = seed % 8 == 7
    let indexCount: UInt64 = isLarge ? 6000 : 20 + below(400)
    var rows = IndexColumn(type: type)
    for number in 0..<3 + below(10) {
      if number == 0 || below(3) > 0 {
        let start = below(indexCount)
        let end = start + 1 + below(indexCount - start)
        // Dense ranges now and then, and runs of rows that leave gaps between tiles.
        let sparsity = 1 + below(3)
        var numbers = (start..<end).filter { _ in below(sparsity) == 0 }
        if numbers.isEmpty { numbers = [start] }
        rows = IndexColumn(Parameters.sortedUnique(numbers.map { index($0, type) }), type: type)
      }
      let steps = (0..<1 + below(isLarge ? 12 : 4)).map { _ in Int64(below(6)) }
      let columns = Set(steps.map { TileColumn(step: $0, epoch: [nil, 1, 2][Int(below(3))]) })
        .sorted()
      var presence = Presence.none(rows.count * columns.count)
      let isFull = below(2) == 0
      let valueType: ValueType = below(3) == 0 ? .float64 : .float32
      var values: [UInt64] = []
      for cell in 0..<rows.count * columns.count where isFull || below(3) > 0 {
        presence.insert(cell)
        let value = Float(below(1000)) / 8
        values.append(
          valueType == .float32 ? UInt64(value.bitPattern) : Widening.widen(value.bitPattern))
      }
      guard !values.isEmpty else { continue }
      for name in below(4) == 0
        ? [channel, Channel(metric: "b", mode: .eval, dsID: "x")] : [channel]
      {
        try writer.appendTile(
          channel: name, valueType: valueType, rows: rows, columns: columns, presence: presence,
          values: values.span)
      }
      if below(3) == 0 {
        try writer.appendUnsealed(
          channel: channel, epoch: 77, valueType: .float32, indices: rows,
          values: [UInt64](repeating: 0, count: rows.count))
      }
      if below(2) == 0 { try writer.commit(step: Int64(number), epoch: nil, wallTime: nil) }
    }
    try writer.commit(step: 99, epoch: nil, wallTime: nil)
    return storage
  }

  /// All points of a scan, and every row that it had.
  static func read(_ scan: ChannelScan) throws
    -> (histories: [InstanceIndex: [HistoryPoint]], rows: [InstanceIndex])
  {
    var found: [InstanceIndex: [HistoryPoint]] = [:]
    var rows: [InstanceIndex] = []
    while try scan.advance() {
      #expect(scan.rows.isStrictlyAscending && scan.rows.count > 0)
      for row in 0..<scan.rows.count {
        found[scan.rows[row]] = scan.history(ofRow: row)
        rows.append(scan.rows[row])
      }
    }
    return (found, rows)
  }

  @Test(arguments: UInt64(0)..<40)
  func pointsAreThoseOfTheWholeScan(_ seed: UInt64) throws {
    let type: IndexType = seed % 3 == 2 ? .string : .int64
    let storage = try Self.makeFile(seed, type)
    let reader = try TrackerReader(storage)
    let steps: ClosedRange<Int64>? = seed % 4 == 3 ? 1...3 : nil
    let whole = try Self.read(ChannelScan(reader, Self.channel, steps: steps))
    var random = Random(state: seed)
    let some = whole.rows.filter { _ in random.next() % 5 == 0 }
    let strangers = (0..<5).map { _ in Self.index(random.next() % 10_000, type) }
    for wanted in [
      [], strangers, Array(whole.rows.prefix(1)), Array(whole.rows.suffix(1)), some + strangers,
      // As callers should not give them.
      Array((some + some).reversed()), whole.rows,
    ] {
      for rowsPerBlock in [seed % 8 == 7 ? 700 : 3, 8192] {
        let part = try Self.read(
          ChannelScan(
            reader, Self.channel, indices: wanted, steps: steps, rowsPerBlock: rowsPerBlock))
        let expected = Set(wanted)
        #expect(part.rows == whole.rows.filter { expected.contains($0) })
        for row in part.rows { #expect(part.histories[row] == whole.histories[row]) }
      }
    }
  }

  /// A look-up reads no tile without its index, though tiles' ranges hold it.
  @Test func onlyTilesOfWantedRowsAreRead() throws {
    let storage = MemoryStorage()
    let writer = try TrackerWriter(creating: storage, indexType: .int64, identity: nil)
    // Two workers' shards: even and odd indices.
    for shard in Int64(0)..<2 {
      let rows = IndexColumn.integers((0..<500).map { $0 * 2 + shard })
      try writer.appendTile(
        channel: Self.channel, rows: rows,
        columns: [TileColumn(step: 1, epoch: nil)], presence: .all(500),
        values: ValueBuffer(float32Bits: [UInt32](repeating: UInt32(shard), count: 500)))
    }
    // The second covers no tile, so that it counts whatever becomes of them.
    for step in Int64(1)...2 { try writer.commit(step: step, epoch: nil, wallTime: nil) }
    let odd = try #require(writer.tiles.last)
    // Damage the odd ones' tile.
    try storage.write([0, 0, 0, 0].span, at: odd.offset + odd.recordLength - 4)
    let reader = try TrackerReader(storage)
    let even = try ChannelScan(reader, Self.channel, indices: [.integer(600)])
      .histories(of: [.integer(600)])
    #expect(even[.integer(600)]?.count == 1)
    #expect(throws: TrackerError.self) {
      _ = try ChannelScan(reader, Self.channel, indices: [.integer(601)])
        .histories(of: [.integer(601)])
    }
  }
}
