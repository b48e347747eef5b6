import Testing
import TrackerModel

@Suite struct IndexUnionTests {
  /// As many as there are: no length is passed over.
  @Test(arguments: [1, 2, 3, 7, 40]) func everyIndexOnceAndAscending(_ columns: Int) {
    for type in [IndexType.int64, .string] {
      var union = IndexUnion()
      var expected: Set<Int> = []
      for column in 0..<columns {
        // Lengths and distances that share no pattern, with overlaps and repeats.
        let numbers = (0..<(column * 37) % 23).map { $0 * (column % 5 + 1) + column % 7 }
        expected.formUnion(numbers)
        union.insert(Self.column(numbers, type))
      }
      #expect(union.take() ?? Self.column([], type) == Self.column(expected.sorted(), type))
      #expect(union.take() == nil)
      #expect(union.isEmpty && union.heldCount == 0)
    }
  }

  /// Tiles of a few bytes may claim the same million rows thousands of times.
  @Test func repeatedColumnsTakeNoMoreMemory() {
    var union = IndexUnion()
    for start in 0..<200 {
      union.insert(.integers((Int64(start)..<Int64(start + 1000)).map { $0 }))
      #expect(union.heldCount < 2 * (1000 + start))
    }
    #expect(union.take()?.count == 1199)
  }

  private static func column(_ numbers: [Int], _ type: IndexType) -> IndexColumn {
    IndexColumn(
      numbers.map { number in
        // Four digits: strings sort as their numbers.
        type == .int64
          ? .integer(Int64(number)) : .string(Name(String(1000 + number)))
      }, type: type)
  }
}
