@testable import TrackerCodec
import TrackerModel

/// Columns coded by a plan that is given, not chosen.
enum ForcedPlan {
  struct Outcome {
    var bytes: [UInt8]
    var coding: ValueCoding
  }

  static func plan(
    _ mapping: ValueMapping, _ difference: Difference, isGrouped: Bool, _ values: [UInt64],
    _ cells: CellRows
  ) -> ValuePlan {
    var plan = ValuePlan(mapping: mapping, difference: difference)
    plan.isGrouped = isGrouped
    if difference == .none, let bits = mapping.binBits {
      var codes: [UInt64] = []
      var misfits = Misfits()
      CodeColumns.encode(values.span, cells, mapping, .none, into: &codes, &misfits)
      codes.sort()
      plan.bins = SymbolBins(sample: codes.span, bits: bits, scale: 1)
    }
    return plan
  }

  /// - Parameter isNarrowed: whether `values`, float32, stand for float64 that are exactly these.
  static func encode(
    _ values: [UInt64], _ type: ValueType, isNarrowed: Bool = false, _ cells: CellRows,
    _ plan: ValuePlan, _ coder: inout ValueColumnCoder
  ) -> Outcome {
    var bytes: [UInt8] = []
    let coding = coder.encode(
      values.span, type, isNarrowed: isNarrowed, cells, plan, into: &bytes)
    return Outcome(bytes: bytes, coding: coding)
  }

  /// The values of a column; nil where it is refused or does not end where its bytes do.
  static func decode(
    _ bytes: [UInt8], _ type: ValueType, _ cells: CellRows, _ coder: inout ValueColumnCoder
  ) -> [UInt64]? {
    var reader = ByteReader(bytes.span, subject: "values")
    var values: [UInt64] = []
    let coding = try? coder.decode(&reader, cells: cells, type: type, into: &values)
    return coding != nil && reader.remaining == 0 ? values : nil
  }

  /// Whether a column coded by a plan is read as it was.
  static func isGivenBack(
    _ values: [UInt64], _ type: ValueType, _ cells: CellRows, _ mapping: ValueMapping,
    _ difference: Difference, isGrouped: Bool = false, _ coder: inout ValueColumnCoder
  ) -> Bool {
    let plan = plan(mapping, difference, isGrouped: isGrouped, values, cells)
    let outcome = encode(values, type, cells, plan, &coder)
    return decode(outcome.bytes, type, cells, &coder) == values
  }

  static func cells(rows: Int, columns: Int, isFull: Bool, _ seed: UInt64 = 5) -> CellRows {
    var presence = Presence.all(rows * columns)
    if !isFull {
      var random = SeededRandom(seed)
      presence = .none(rows * columns)
      for cell in 0..<rows * columns where random.below(3) > 0 { presence.insert(cell) }
    }
    return CellRows(rowCount: rows, columnCount: columns, presence: presence)
  }
}

/// A mapping to be tried, with the values it is made for.
enum MappingCase: String, CaseIterable {
  case ordered, orderedShifted, bfloat16, dictionary, twoValues
  case rising, falling, rising16, falling16, risingBrain, fallingBrain
  case linear, coarse, decimal, linearByRows, squared, squaredByRows, float16

  /// Types whose values it takes.
  var types: [ValueType] {
    switch self {
    case .bfloat16, .rising, .falling, .rising16, .falling16, .risingBrain, .fallingBrain, .float16:
      [.float32]
    default: [.float32, .float64]
    }
  }

  private static let logarithms = (GridLogarithm(.rising), GridLogarithm(.falling))

  func mapping(_ type: ValueType, _ values: [UInt64], rowCount: Int) -> ValueMapping {
    func power(squared: Bool, _ exponent: Int, _ divisor: UInt64 = 1, byRows: Bool = false)
      -> ValueMapping
    {
      var grid = PowerGrid(isSquared: squared, type: type, exponent: exponent, divisor: divisor)
      if byRows { grid.coarseness = (0..<rowCount).map { UInt8($0 % 16) } }
      return .power(grid)
    }
    switch self {
    case .ordered: return .ordered(OrderedMapping(type: type, shift: 0))
    case .orderedShifted: return .ordered(OrderedMapping(type: type, shift: 13))
    case .bfloat16: return .ordered(OrderedMapping(type: type, shift: 16))
    case .dictionary, .twoValues:
      // Repeated, so that a dictionary of all of them pays.
      let many = Array((0..<256).map { _ in values }.joined())
      return .dictionary(ValueDictionary(many.span, type: type) ?? ValueDictionary(type: type))
    case .rising: return .logarithm(.of(.rising, .float32))
    case .falling: return .logarithm(.of(.falling, .float32))
    case .rising16: return .logarithm(.of(.rising, .float16))
    case .falling16: return .logarithm(.of(.falling, .float16))
    case .risingBrain: return .logarithm(.of(.rising, .bfloat16))
    case .fallingBrain: return .logarithm(.of(.falling, .bfloat16))
    case .linear: return power(squared: false, 10)
    case .coarse: return power(squared: false, -60)
    case .decimal: return power(squared: false, 0, 100)
    case .linearByRows: return power(squared: false, 12, byRows: true)
    case .squared: return power(squared: true, 12)
    case .squaredByRows: return power(squared: true, 14, byRows: true)
    case .float16: return .float16(HalfMapping())
    }
  }

  /// A value that the mapping gives back without an exception; `row` steers its coarseness.
  func value(_ type: ValueType, row: Int, _ random: inout SeededRandom) -> UInt64 {
    func bits(_ value: Double) -> UInt64 {
      type == .float32 ? UInt64(Float(value).bitPattern) : value.bitPattern
    }
    func grid(_ curve: LogarithmCurve, _ precision: ValuePrecision) -> UInt64 {
      if random.below(16) == 0 { return 0x8000_0000 }
      let logarithm = curve == .rising ? Self.logarithms.0 : Self.logarithms.1
      let m = precision.mantissaBits
      let k = random.below(1 << (1 + random.below(m))) << (23 - m)
      let value = logarithm.kernel.value(at: Int32(k))
      // Floats behind log 2 as well.
      if random.below(4) == 0 {
        return UInt64(precision.widen(precision.round(0.75) + UInt32(random.below(3000))))
      }
      return UInt64(precision.widen(precision.round(value)))
    }
    let k = Double(random.below(1 << 11) - 1024)
    switch self {
    case .ordered: return type == .float32 ? random.next() >> 32 : random.next()
    case .orderedShifted:
      return (type == .float32 ? random.next() >> 32 : random.next()) & ~0x1FFF
    case .bfloat16: return (random.next() >> 48) << 16
    case .dictionary: return bits(Double(random.below(40)) / 7)
    case .twoValues: return random.below(5) == 0 ? bits(-0.0) : bits(3)
    case .rising: return grid(.rising, .float32)
    case .falling: return grid(.falling, .float32)
    case .rising16: return grid(.rising, .float16)
    case .falling16: return grid(.falling, .float16)
    case .risingBrain: return grid(.rising, .bfloat16)
    case .fallingBrain: return grid(.falling, .bfloat16)
    case .linear: return bits(k * 0x1p-10)
    case .coarse: return bits(k * 0x1p60)
    case .decimal: return bits(k / 100)
    case .linearByRows: return bits(k * Double(1 << (row % 16)) * 0x1p-12)
    case .squared: return bits(k * k * 0x1p-24)
    case .squaredByRows:
      let x = k * Double(1 << (row % 16)) * 0x1p-14
      return bits(x * x)
    case .float16: return UInt64(ValuePrecision.float16.widen(UInt32(random.below(1 << 16))))
    }
  }

  func values(_ type: ValueType, _ cells: CellRows, _ random: inout SeededRandom) -> [UInt64] {
    var values: [UInt64] = []
    for column in 0..<cells.columnCount {
      let range = cells.range(of: column)
      let rows = cells.rows(of: column)
      for cell in range {
        values.append(value(type, row: rows[cell - range.lowerBound], &random))
      }
    }
    return values
  }
}
