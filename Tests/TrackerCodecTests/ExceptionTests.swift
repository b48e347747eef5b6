import Testing
@testable import TrackerCodec
import TrackerModel

/// Values that a mapping does not know are given back, wherever they stand.
@Suite struct ExceptionTests {
  /// What no grid has, or only some, in both types.
  static func strange(_ type: ValueType, near bits: UInt64) -> [UInt64] {
    let sign: UInt64 = type == .float32 ? 0x8000_0000 : 1 << 63
    let infinity: UInt64 = type == .float32 ? 0x7F80_0000 : 0x7FF0_0000_0000_0000
    let above = (bits | 1) & ~sign
    return [
      // One ulp off, far off, negative.
      above &+ 1, above &- 1, above &+ 77, above | sign,
      // Zeros, subnormals, infinities, NaN quiet and signalling, with payload and sign.
      0, sign, 1, sign | 1, infinity, infinity | sign, infinity | 1, infinity | sign | 0x12345,
      infinity | infinity >> 1 | 0x2001, infinity - 1, sign | (sign - 1), sign - 1,
    ]
  }

  @Test(arguments: MappingCase.allCases.filter { $0 != .dictionary && $0 != .twoValues })
  func exceptionsAreGivenBackAnywhere(_ kind: MappingCase) {
    var coder = ValueColumnCoder()
    for type in kind.types {
      let cells = ForcedPlan.cells(rows: 7, columns: 5, isFull: kind != .rising)
      var random = SeededRandom(9)
      let values = kind.values(type, cells, &random)
      let mapping = kind.mapping(type, values, rowCount: 7)
      for (number, strange) in Self.strange(type, near: values[values.count / 2]).enumerated() {
        // All differences in turn, so that a stand-in code is one for each.
        let difference = Difference.allCases[number % 4]
        func check(_ changed: [UInt64], _ place: String) {
          #expect(
            ForcedPlan.isGivenBack(
              changed, type, cells, mapping, difference, isGrouped: number % 3 == 0, &coder),
            "\(kind) \(type) \(difference) \(String(strange, radix: 16)) \(place)")
        }
        var changed = values
        changed[0] = strange
        check(changed, "first")
        changed = values
        changed[values.count - 1] = strange
        check(changed, "last")
        for cell in stride(from: number % 2, to: values.count, by: 2) { changed[cell] = strange }
        check(changed, "every other")
        check(values.map { _ in strange }, "everywhere")
      }
      let all = Self.strange(type, near: values[0])
      for difference in Difference.allCases {
        let mixed = values.indices.map { all[$0 % all.count] }
        #expect(ForcedPlan.isGivenBack(mixed, type, cells, mapping, difference, &coder))
      }
    }
  }

  /// Values one ulp beside their grid are corrected, few of them by a list and many by a plane.
  @Test(arguments: [MappingCase.rising, .falling], [0, 1, 2, 3, 50, 100])
  func neighboursOfGridValuesAreCorrected(_ kind: MappingCase, _ share: Int) throws {
    let cells = CellRows(column: 503)
    var random = SeededRandom(4)
    let curve: LogarithmCurve = kind == .rising ? .rising : .falling
    let logarithm = GridLogarithm(curve)
    var corrected = 0
    let values = (0..<503).map { cell -> UInt64 in
      // Below 2⁻⁶ floats are finer than the grid: no other k has the neighbour.
      let bits = logarithm.kernel.value(at: Int32(1000 + random.below(1 << 17))).bitPattern
      let isFirstOrLast = share > 0 && (cell == 0 || cell == 502)
      guard isFirstOrLast || random.below(100) < share else { return UInt64(bits) }
      corrected += 1
      return UInt64(cell % 2 == 0 ? bits + 1 : bits - 1)
    }
    var coder = ValueColumnCoder()
    let mapping = kind.mapping(.float32, values, rowCount: 503)
    let plan = ForcedPlan.plan(mapping, .none, isGrouped: false, values, cells)
    let outcome = ForcedPlan.encode(values, .float32, cells, plan, &coder)
    #expect(outcome.coding.corrections == corrected)
    #expect(outcome.coding.exceptions == 0)
    #expect(ForcedPlan.decode(outcome.bytes, .float32, cells, &coder) == values)
  }
}
