import Testing
import TrackerCodec
import TrackerFile
import TrackerModel

/// A channel read into columns has the points that a scan of it has, however the file is tiled.
@Suite struct HistoryMatrixTests {
  /// The points of a matrix, and every row that it has.
  static func read(_ matrix: HistoryMatrix) -> [InstanceIndex: [HistoryPoint]] {
    var found: [InstanceIndex: [HistoryPoint]] = [:]
    for row in 0..<matrix.rows.count {
      found[matrix.rows[row]] = matrix.columns.indices.compactMap { position in
        let cell = matrix.cell(row: row, column: position)
        guard matrix.presence[cell] else { return nil }
        let column = matrix.columns[position]
        return HistoryPoint(
          step: column.step, epoch: column.epoch, valueBits: matrix.values[cell])
      }
    }
    return found
  }

  @Test(arguments: UInt64(0)..<80)
  func pointsAreThoseOfTheScan(_ seed: UInt64) throws {
    let type: IndexType = seed % 3 == 2 ? .string : .int64
    let reader = try TrackerReader(WantedIndicesTests.makeFile(seed, type))
    reader.cores = 1 + Int(seed % 3)
    for channel in reader.snapshot.channels {
      for steps in [nil, 1...3, 2...2, 70...80] as [ClosedRange<Int64>?] {
        let matrix = try reader.matrix(of: channel, steps: steps)
        let scan = ChannelScan(
          reader, channel, steps: steps, rowsPerBlock: seed % 2 == 0 ? 5 : 8192)
        let expected = try WantedIndicesTests.read(scan).histories.filter { !$0.value.isEmpty }
        #expect(Self.read(matrix) == expected)
        #expect(matrix.rows.isStrictlyAscending)
        #expect(matrix.columns == matrix.columns.sorted())
        #expect(matrix.values.type == reader.snapshot.valueType(of: channel))
        let isFull = matrix.presence.pointCount == matrix.values.count
        #expect((matrix.presence.words == nil) == isFull)
        let again = ChannelScan(
          reader, channel, steps: steps, rowsPerBlock: seed % 2 == 0 ? 5 : 8192)
        #expect(try HistoryMatrix(again) == matrix)
        let blocks = ChannelScan(
          reader, channel, steps: steps, rowsPerBlock: seed % 2 == 0 ? 5 : 8192)
        var found: [InstanceIndex: [HistoryPoint]] = [:]
        while try blocks.advance() {
          found.merge(Self.read(HistoryMatrix(blockOf: blocks))) { $1 }
        }
        #expect(found == expected)
        let cells = matrix.rows.count * matrix.columns.count
        guard cells > 0 else { continue }
        let limited = ChannelScan(reader, channel, steps: steps)
        #expect(throws: TrackerError.self) { try HistoryMatrix(limited, maxCells: cells - 1) }
      }
    }
  }

  @Test func rowsAndColumnsWithoutPointsAreNotThere() throws {
    let storage = MemoryStorage()
    let writer = try TrackerWriter(creating: storage, indexType: .int64, identity: nil)
    var presence = Presence.none(9)
    for cell in [0, 2, 6] { presence.insert(cell) }
    let columns = (1...3).map { TileColumn(step: $0, epoch: nil) }
    try writer.appendTile(
      channel: WantedIndicesTests.channel, rows: .integers([1, 5, 9]), columns: columns,
      presence: presence, values: ValueBuffer(float32Bits: [7, 8, 9]))
    try writer.commit(step: 3, epoch: nil, wallTime: nil)
    let reader = try TrackerReader(storage)
    let matrix = try reader.matrix(of: WantedIndicesTests.channel)
    #expect(matrix.rows == .integers([1, 9]))
    #expect(matrix.columns == [columns[0], columns[2]])
    #expect(matrix.values.float32Bits == [7, 8, 9, 0])
    #expect((0..<4).map { matrix.presence[$0] } == [true, true, true, false])
    let first = try reader.matrix(of: WantedIndicesTests.channel, steps: 1...1)
    #expect(first.values.float32Bits == [7, 8] && first.presence.words == nil)
    #expect(throws: TrackerError.self) {
      try reader.matrix(of: WantedIndicesTests.channel, maxCells: 8)
    }
  }

  /// As many points as there are cells do not fill them where tiles replace each other's.
  @Test(arguments: 1...3) func cellsWithoutPointsAreZero(cores: Int) throws {
    let storage = MemoryStorage()
    let writer = try TrackerWriter(creating: storage, indexType: .int64, identity: nil)
    func append(_ rows: Range<Int64>, step: Int64, _ value: Float) throws {
      try writer.appendTile(
        channel: WantedIndicesTests.channel, rows: .integers(Array(rows)),
        columns: [TileColumn(step: step, epoch: nil)], presence: .all(rows.count),
        values: ValueBuffer(
          float32Bits: [UInt32](repeating: value.bitPattern, count: rows.count)))
      try writer.commit(step: step, epoch: nil, wallTime: nil)
    }
    let count = 3_000
    for value in [1, 2, 3] as [Float] { try append(0..<Int64(count), step: 1, value) }
    try append(Int64(count)..<Int64(2 * count), step: 2, 4)
    // So that memory that nobody fills is not zero by chance.
    do {
      var used = (0..<64).map { [UInt32](repeating: UInt32($0) | 0xFFFF_0000, count: 4 * count) }
      used.removeAll()
    }
    let reader = try TrackerReader(storage)
    reader.cores = cores
    let matrix = try reader.matrix(of: WantedIndicesTests.channel)
    let expected = [3, 0, 0, 4].flatMap {
      [UInt32](repeating: Float($0).bitPattern, count: count)
    }
    #expect(matrix.values.float32Bits == expected)
    #expect(matrix.presence.pointCount == 2 * count)
    #expect(try HistoryMatrix(ChannelScan(reader, WantedIndicesTests.channel)) == matrix)
  }

  @Test func damageIsFound() throws {
    let storage = try WantedIndicesTests.makeFile(7, .int64)
    let tiles = try TrackerReader(storage).snapshot.tiles(of: WantedIndicesTests.channel)
    let last = try #require(tiles.last)
    try storage.write([0, 0, 0, 0].span, at: last.offset + last.recordLength - 4)
    for cores in 1...3 {
      let reader = try TrackerReader(storage)
      reader.cores = cores
      #expect(throws: TrackerError.self) { try reader.matrix(of: WantedIndicesTests.channel) }
    }
  }

  /// A matrix as the source of another file gives back the same matrix.
  @Test(arguments: UInt64(0)..<12)
  func scansOfMatricesGiveThemBack(_ seed: UInt64) throws {
    let reader = try TrackerReader(
      WantedIndicesTests.makeFile(seed, seed % 3 == 2 ? .string : .int64))
    let channel = WantedIndicesTests.channel
    let matrix = try reader.matrix(of: channel)
    var steps: Set<Int64> = []
    guard matrix.columns.allSatisfy({ steps.insert($0.step).inserted }) else { return }
    let scan = MatrixScan(
      channel: channel, indices: matrix.rows, columns: matrix.columns, values: matrix.values,
      presence: matrix.presence)
    #expect(try HistoryMatrix(scan) == matrix)
  }
}
