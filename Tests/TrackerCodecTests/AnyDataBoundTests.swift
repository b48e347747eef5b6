import Testing
@testable import TrackerCodec
import TrackerModel

/// No column takes much more than its values do raw.
@Suite struct AnyDataBoundTests {
  enum Shape: String, CaseIterable {
    case anyBits, sorted, clusters, sawtooth, outliers, oneNaN, alternatingRows, alternatingColumns

    func value(_ row: Int, _ column: Int, _ random: inout SeededRandom) -> Double {
      let noise = Double(random.next() >> 11) * 0x1p-53
      switch self {
      case .anyBits: return Double(bitPattern: random.next())
      case .sorted: return Double(row + column * 4096) + noise
      case .clusters: return random.below(2) == 0 ? 1e-30 * (1 + noise) : 1e30 * (1 + noise)
      case .sawtooth: return Double(row % 256) + noise * 0.001
      case .outliers: return 1 / (noise * noise * noise)
      case .oneNaN: return row == 7 && column == 0 ? .nan : 0
      case .alternatingRows: return row % 2 == 0 ? noise : 1e20 * noise
      case .alternatingColumns: return column % 2 == 0 ? noise : -1e20 * noise
      }
    }
  }

  private func size(_ values: [UInt64], _ type: ValueType, _ cells: CellRows) -> Int {
    var coder = ValueColumnCoder()
    var bytes: [UInt8] = []
    _ = coder.encode(values.span, type: type, cells: cells, into: &bytes)
    #expect(ForcedPlan.decode(bytes, type, cells, &coder) == values)
    return bytes.count
  }

  @Test(arguments: Shape.allCases, [ValueType.float32, .float64])
  func columnsStayWithinTheirRawSize(_ shape: Shape, _ type: ValueType) {
    for (rows, columns) in [(1, 1), (3, 1), (20, 1), (65, 1), (512, 16), (5000, 1), (2, 900)] {
      let cells = CellRows(rowCount: rows, columnCount: columns, presence: .all(rows * columns))
      var random = SeededRandom(UInt64(rows))
      let values = (0..<rows * columns).map { cell -> UInt64 in
        let value = shape.value(cell % rows, cell / rows, &random)
        return type == .float32
          ? (shape == .anyBits ? random.next() >> 32 : UInt64(Float(value).bitPattern))
          : value.bitPattern
      }
      let raw = rows * columns * (type == .float32 ? 4 : 8)
      #expect(
        size(values, type, cells) <= raw + raw / 256 + 32, "\(shape) \(type) \(rows)×\(columns)")
    }
  }

  /// The sample shows a grid that the rest knows nothing of.
  @Test(arguments: [MappingCase.rising, .linear, .squared, .decimal, .float16])
  func misleadingSamplesCostLittle(_ kind: MappingCase) {
    let count = 8192
    let cells = CellRows(column: count)
    let places = (0..<UInt64(count)).map { $0 }
    let sample = ValueSample(places.span, cells, target: 512)
    #expect(sample.values.count < count / 8)
    let isSampled = Set(sample.values)
    var random = SeededRandom(8)
    let values = places.map {
      isSampled.contains($0)
        ? kind.value(.float32, row: 0, &random) : random.next() >> 33 & 0x3F7F_FFFF
    }
    #expect(size(values, .float32, cells) <= count * 4 + count * 4 / 64 + 32)
  }

  /// Values of both signs are told apart, though as many are on either side.
  @Test func intervalsFindTwoClusters() {
    var random = SeededRandom(2)
    let values = (0..<8192).map { _ in
      0x3F80_0000 | random.next() & 0x8000_0000 | random.next() >> 41
    }
    // A bit for the sign, 23 for the mantissa, and tables.
    #expect(size(values, .float32, CellRows(column: 8192)) < 8192 * 99 / 32)
  }

  /// Fractions are multiples of their denominators, though all may have one exponent.
  @Test(arguments: [7.0, 100, 255, 1000], [ValueType.float32, .float64])
  func fractionsAreFound(_ divisor: Double, _ type: ValueType) {
    var random = SeededRandom(6)
    let values = (0..<8192).map { _ -> UInt64 in
      let value = (64 * divisor + Double(random.below(1 << 10))) / divisor
      return type == .float32 ? UInt64(Float(value).bitPattern) : value.bitPattern
    }
    #expect(size(values, type, CellRows(column: 8192)) < 8192 * 11 / 8)
  }
}
