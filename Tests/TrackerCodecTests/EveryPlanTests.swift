import Testing
@testable import TrackerCodec
import TrackerModel

/// Whatever the plan, a column gives back every bit.
@Suite struct EveryPlanTests {
  @Test(arguments: MappingCase.allCases)
  func everyPlanGivesEveryBitBack(_ kind: MappingCase) {
    var coder = ValueColumnCoder()
    for type in kind.types {
      for (shape, isFull) in [((9, 6), true), ((9, 6), false), ((150, 1), true), ((1, 70), false)] {
        let cells = ForcedPlan.cells(rows: shape.0, columns: shape.1, isFull: isFull)
        var random = SeededRandom(UInt64(shape.0))
        let values = kind.values(type, cells, &random)
        let mapping = kind.mapping(type, values, rowCount: shape.0)
        for difference in Difference.allCases {
          for isGrouped in [false, true] {
            let plan = ForcedPlan.plan(
              mapping, difference, isGrouped: isGrouped, values, cells)
            let outcome = ForcedPlan.encode(values, type, cells, plan, &coder)
            #expect(
              ForcedPlan.decode(outcome.bytes, type, cells, &coder) == values,
              "\(kind) \(type) \(difference) \(shape) full \(isFull) grouped \(isGrouped)")
            #expect(outcome.coding.exceptions == 0, "\(kind) \(type)")
            #expect(outcome.coding.difference == difference)
            #expect(outcome.coding.isGrouped == isGrouped)
          }
        }
      }
    }
  }

  /// float64 that are exactly float32 are coded as these.
  @Test(arguments: MappingCase.allCases)
  func narrowedColumnsGiveEveryBitBack(_ kind: MappingCase) {
    var coder = ValueColumnCoder()
    let cells = ForcedPlan.cells(rows: 9, columns: 5, isFull: false)
    var random = SeededRandom(3)
    let values = kind.values(.float32, cells, &random)
    let wide = values.map { Widening.widen(UInt32($0)) }
    let mapping = kind.mapping(.float32, values, rowCount: 9)
    for difference in Difference.allCases {
      let plan = ForcedPlan.plan(mapping, difference, isGrouped: true, values, cells)
      let outcome = ForcedPlan.encode(
        values, .float32, isNarrowed: true, cells, plan, &coder)
      #expect(ForcedPlan.decode(outcome.bytes, .float64, cells, &coder) == wide, "\(kind)")
      // The same bytes as a float32 column would claim what cannot be.
      #expect(ForcedPlan.decode(outcome.bytes, .float32, cells, &coder) == nil)
    }
  }

  /// All magnitudes of k, and the ends of the grids.
  @Test(arguments: [LogarithmCurve.rising, .falling], ValuePrecision.allCases)
  func everyLengthOfKIsGivenBack(_ curve: LogarithmCurve, _ precision: ValuePrecision) {
    let logarithm = GridLogarithm(curve)
    let grid = LogarithmGrid.of(curve, precision)
    let bits = precision.mantissaBits
    var values: [UInt64] = [0x8000_0000]
    for length in 0...bits {
      for k in [1 << length - 1, 1 << length, 1 << length + 1] where k <= 1 << bits {
        let value = logarithm.kernel.value(at: Int32(k << (23 - bits)))
        values.append(UInt64(precision.widen(precision.round(value))))
      }
    }
    // The floats behind it, to the highest NaN.
    let last = precision.round(logarithm.kernel.value(at: 1 << 23))
    for float in [
      last + 1, last + 2, precision.round(1), precision.highestPositive - 1,
      precision.highestPositive,
    ] { values.append(UInt64(precision.widen(float))) }
    let infinity =
      precision == .float32 ? 0x7F80_0000 : UInt64(precision == .float16 ? 0x7C00 : 0x7F80)
    for float in [infinity - 1, infinity, infinity + 1] {
      values.append(UInt64(precision.widen(UInt32(float))))
    }
    let cells = CellRows(column: values.count)
    var coder = ValueColumnCoder()
    for difference in Difference.allCases {
      let plan = ForcedPlan.plan(.logarithm(grid), difference, isGrouped: false, values, cells)
      let outcome = ForcedPlan.encode(values, .float32, cells, plan, &coder)
      #expect(ForcedPlan.decode(outcome.bytes, .float32, cells, &coder) == values)
      #expect(outcome.coding.exceptions == 0)
      #expect(outcome.coding.corrections == 0)
    }
  }

  /// All bit patterns of the narrow types, by every mapping that is made for them.
  @Test(arguments: [MappingCase.bfloat16, .float16, .rising16, .fallingBrain])
  func everyNarrowPatternIsGivenBack(_ kind: MappingCase) {
    let isHalf = kind == .float16 || kind == .rising16
    let precision = isHalf ? ValuePrecision.float16 : .bfloat16
    let values = (0..<UInt32(1 << 16)).map { UInt64(precision.widen($0)) }
    let cells = CellRows(column: values.count)
    let mapping = kind.mapping(.float32, values, rowCount: values.count)
    var coder = ValueColumnCoder(level: .fast)
    #expect(ForcedPlan.isGivenBack(values, .float32, cells, mapping, .none, &coder))
  }
}
