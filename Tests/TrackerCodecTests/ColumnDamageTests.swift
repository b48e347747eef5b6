import Testing
@testable import TrackerCodec
import TrackerModel

/// Bytes from outside never trap, whatever the coding that they claim.
@Suite struct ColumnDamageTests {
  @Test(arguments: MappingCase.allCases)
  func damagedColumnsNeverTrap(_ kind: MappingCase) {
    var coder = ValueColumnCoder()
    for (number, difference) in Difference.allCases.enumerated() {
      let type = kind.types[number % kind.types.count]
      let cells = ForcedPlan.cells(rows: 6, columns: 4, isFull: number % 2 == 0)
      var random = SeededRandom(UInt64(number) + 40)
      var values = kind.values(type, cells, &random)
      if kind != .dictionary, kind != .twoValues {
        for strange in ExceptionTests.strange(type, near: values[3]).prefix(4) {
          values[random.below(values.count)] = strange
        }
      }
      let mapping = kind.mapping(type, values, rowCount: 6)
      let plan = ForcedPlan.plan(mapping, difference, isGrouped: number > 1, values, cells)
      let bytes = ForcedPlan.encode(values, type, cells, plan, &coder).bytes
      for length in 0..<bytes.count {
        let part = Array(bytes[..<length])
        #expect(ForcedPlan.decode(part, type, cells, &coder) == nil, "\(kind) cut to \(length)")
      }
      // Every second bit, the others with the next difference.
      for bit in stride(from: number % 2, to: bytes.count * 8, by: 2) {
        var damaged = bytes
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        let read = ForcedPlan.decode(damaged, type, cells, &coder)
        // What is read is a column of the type, and can be written.
        guard let read, bit % 16 < 2 else { continue }
        #expect(read.count == values.count)
        #expect(type == .float64 || read.allSatisfy { $0 >> 32 == 0 })
        var again: [UInt8] = []
        _ = coder.encode(read.span, type: type, cells: cells, into: &again)
        #expect(ForcedPlan.decode(again, type, cells, &coder) == read)
      }
    }
  }
}
