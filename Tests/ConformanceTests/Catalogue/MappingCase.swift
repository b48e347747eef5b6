import TrackerModel

/// A mapping with its settings, and values that are made for it.
enum MappingCase: String, CaseIterable {
  case ordered
  case orderedShifted = "ordered13"
  case bfloat16 = "ordered16"
  case dictionary, binary, rising, falling
  case rising16 = "rising16"
  case falling16 = "falling16"
  case risingBrain = "risingB"
  case fallingBrain = "fallingB"
  case linear
  case coarse = "linearUp"
  case decimal = "linear100"
  case linearByRows
  case squared, squaredByRows, float16

  func takes(_ type: ValueType) -> Bool {
    switch self {
    case .rising, .falling, .rising16, .falling16, .risingBrain, .fallingBrain, .float16:
      type == .float32
    default: true
    }
  }

  var hasCorrections: Bool { logarithm != nil }

  private var logarithm: (isRising: Bool, precision: UInt8)? {
    switch self {
    case .rising: (true, 0)
    case .falling: (false, 0)
    case .rising16: (true, 1)
    case .falling16: (false, 1)
    case .risingBrain: (true, 2)
    case .fallingBrain: (false, 2)
    default: nil
    }
  }

  func mapping(rowCount: Int) -> ValuePlanText.Mapping {
    let coarseness = (0..<rowCount).map { ($0 * 5) % 16 }
    switch self {
    case .ordered: return .ordered(shift: 0)
    case .orderedShifted: return .ordered(shift: 13)
    case .bfloat16: return .ordered(shift: 16)
    case .dictionary, .binary: return .dictionary()
    case .linear: return .linear(exponent: 10)
    case .coarse: return .linear(exponent: -60)
    case .decimal: return .linear(exponent: 0, divisor: 100)
    case .linearByRows: return .linear(exponent: 12, coarseness: coarseness)
    case .squared: return .squared(exponent: 12)
    case .squaredByRows: return .squared(exponent: 14, coarseness: coarseness)
    case .float16: return .float16
    default:
      guard let (isRising, precision) = logarithm else { preconditionFailure("\(self)") }
      return .logarithm(isRising: isRising, precision: precision)
    }
  }

  /// A value without an exception; of logarithms one in six is corrected.
  func value(_ type: ValueType, row: Int, _ random: inout Catalogue.Random) -> UInt64 {
    func bits(_ value: Double) -> UInt64 { Catalogue.bits(value, type) }
    let k = Double(random.below(1 << 11) - 1024)
    let any = type == .float32 ? random.next() >> 32 : random.next()
    let scale = Double(1 << ((row * 5) % 16))
    switch self {
    case .ordered: return any
    case .orderedShifted: return any & ~0x1FFF
    case .bfloat16: return any & ~0xFFFF
    case .dictionary: return bits(Double(random.below(9)) / 7)
    case .binary: return random.below(4) == 0 ? bits(0) : bits(1)
    case .linear: return bits(k * 0x1p-10)
    case .coarse: return bits(k * 0x1p60)
    case .decimal: return bits(k / 100)
    case .linearByRows: return bits(k * scale * 0x1p-12)
    case .squared: return bits(k * k * 0x1p-24)
    case .squaredByRows:
      let x = k * scale * 0x1p-14
      return bits(x * x)
    case .float16: return LogarithmCodes.widenFloat16(any & 0xFFFF)
    default:
      guard let (isRising, precision) = logarithm else { preconditionFailure("\(self)") }
      let grid = LogarithmCodes(isRising: isRising, precision: precision)
      switch random.below(12) {
      case 0: return 0x8000_0000
      case 1: return grid.widen(grid.gridBits(1 << grid.m) + UInt64(random.below(60)))
      case 2, 3:
        let near = grid.gridBits(random.below(1 << (grid.m - 2)) + 1 << (grid.m - 3))
        return grid.widen(random.below(2) == 0 ? near + 1 : near - 1)
      default: return grid.value(random.below(1 << (1 + random.below(grid.m))))
      }
    }
  }
}
