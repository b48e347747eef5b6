import Foundation
import Testing
import TrackerCodec
import TrackerFile
import TrackerModel

/// Full tiles that one core decodes straight into a matrix, of more rows than are unpacked at once.
@Suite struct MatrixTileTests {
  static let channel = Channel(metric: "ce", mode: .train, dsID: nil)
  static let rowCounts = [1_300, 512, 513, 3_001]
  static let columns = (1...5).map { TileColumn(step: Int64($0), epoch: Int64($0)) }

  enum Values: CaseIterable {
    /// Of the grid and floats above it.
    case onGrid
    /// The same, some values one ulp off.
    case corrected
    /// The same, some values of any bits.
    case exceptional
    case both
    case counts
    case two
    case one
    case anything

    func bits(_ random: inout SplitRandom) -> UInt32 {
      let dice = random.next() % 64
      switch self {
      case .onGrid, .corrected, .exceptional, .both:
        if dice < 2, self == .exceptional || self == .both {
          return UInt32(truncatingIfNeeded: random.next())
        }
        if dice < 12 { return (Float(random.next() % 1_000) / 100 + 0.7).bitPattern }
        let k = random.next() % (1 << (dice % 22))
        let bits = Float(log1p(Double(k) * 0x1p-23)).bitPattern
        guard k > 0, dice > 60, self == .corrected || self == .both else { return bits }
        return dice % 2 == 0 ? bits + 1 : bits - 1
      case .counts: return Float(random.next() % 5_000).bitPattern
      case .two: return dice < 3 ? Float(1).bitPattern : 0
      case .one: return Float(0.5).bitPattern
      case .anything: return UInt32(truncatingIfNeeded: random.next())
      }
    }
  }

  struct SplitRandom {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  /// A file of a tile for each of `rowCounts`, and its values column by column.
  static func makeFile(_ values: Values, _ type: ValueType) throws -> (MemoryStorage, [UInt64]) {
    let storage = MemoryStorage()
    let writer = try TrackerWriter(creating: storage, indexType: .int64, identity: nil)
    let rowCount = rowCounts.reduce(0, +)
    var random = SplitRandom(state: 7)
    var cells = [UInt64](repeating: 0, count: rowCount * columns.count)
    var first = 0
    for count in rowCounts {
      var tile: [UInt64] = []
      for column in columns.indices {
        for row in 0..<count {
          let bits = values.bits(&random)
          let stored = type == .float32 ? UInt64(bits) : Widening.widen(bits)
          tile.append(stored)
          cells[column * rowCount + first + row] = stored
        }
      }
      try writer.appendTile(
        channel: channel, valueType: type,
        rows: .integers((first..<first + count).map { Int64($0) }), columns: columns,
        presence: .all(tile.count), values: tile.span)
      first += count
    }
    try writer.commit(step: 5, epoch: 5, wallTime: nil)
    return (storage, cells)
  }

  @Test(arguments: Values.allCases, [ValueType.float32, .float64])
  func valuesAreThoseWrittenAndThoseOfTheScan(_ values: Values, _ type: ValueType) throws {
    let (storage, cells) = try Self.makeFile(values, type)
    let reader = try TrackerReader(storage)
    for entry in reader.snapshot.tiles(of: Self.channel) {
      let coding = try reader.readTile(entry).coding
      switch values {
      case .corrected: #expect(coding.corrections > 0)
      case .exceptional: #expect(coding.exceptions > 0)
      case .both: #expect(coding.corrections > 0 && coding.exceptions > 0)
      default: break
      }
    }
    for cores in 1...2 {
      reader.cores = cores
      let matrix = try reader.matrix(of: Self.channel)
      #expect(matrix.values.bits == cells)
      #expect(matrix.presence.words == nil)
      #expect(matrix == (try HistoryMatrix(ChannelScan(reader, Self.channel))))
      // Columns in the middle, which stand one behind the other too.
      let some = try reader.matrix(of: Self.channel, steps: 2...4)
      let rowCount = matrix.rows.count
      #expect(some.values.bits == Array(cells[rowCount..<4 * rowCount]))
    }
  }
}
