import Testing
import TrackerCodec
import TrackerModel

@Suite struct IndexSetTests {
  static func integers(_ values: some Sequence<Int64>) -> IndexColumn {
    .integers(Set(values).sorted())
  }

  static let columns: [IndexColumn] = {
    var random = SeededRandom(5)
    let strings = [
      "", "a", "a", "ab", "abc", "\u{E9}", "e\u{301}", "漢字",
      "z" + String(repeating: "y", count: 300),
    ]
    return [
      .integers([0]), .integers([.min]), .integers([.max]), .integers([.min, .max]),
      .integers([.min, -1, 0, 1, .max]), integers(0..<1000),
      integers((0..<3000).filter { _ in random.below(10) < 6 }),
      integers((0..<500).map { _ in Int64(bitPattern: random.next()) }),
      integers(stride(from: -700, to: 900, by: 7)),
      IndexColumn(Parameters.sortedUnique(strings.map { .string(Name($0)) }), type: .string),
      IndexColumn(
        Parameters.sortedUnique(
          (0..<400).map { _ in .string(Name("train/img-\(random.below(100_000)).png")) }),
        type: .string),
    ]
  }()

  @Test(arguments: columns)
  func setsAreGivenBack(_ column: IndexColumn) throws {
    var coder = IndexSetCoder()
    var bytes: [UInt8] = []
    coder.encode(column, into: &bytes)
    var reader = ByteReader(bytes.span, subject: "index set")
    #expect(try coder.decode(&reader) == column)
    #expect(reader.remaining == 0)
  }

  @Test(arguments: columns.filter { $0.count < 600 })
  func damagedSetsAreRefusedOrAscend(_ column: IndexColumn) throws {
    var coder = IndexSetCoder()
    var bytes: [UInt8] = []
    coder.encode(column, into: &bytes)
    for length in 0..<bytes.count {
      var reader = ByteReader(bytes.span.extracting(..<length), subject: "index set")
      let decoded = try? coder.decode(&reader)
      #expect(decoded == nil)
    }
    for bit in 0..<min(bytes.count, 400) * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      var reader = ByteReader(damaged.span, subject: "index set")
      if let decoded = try? coder.decode(&reader) { #expect(decoded.isStrictlyAscending) }
    }
  }

  /// A random 60 % of a range: near the entropy, 1.62 bits for each index held.
  @Test func randomSubsetsCostTheirEntropy() {
    var random = SeededRandom(9)
    let column = Self.integers((0..<65_536).filter { _ in random.below(10) < 6 })
    var coder = IndexSetCoder()
    var bytes: [UInt8] = []
    coder.encode(column, into: &bytes)
    #expect(Double(bytes.count * 8) / Double(column.count) < 1.75)
  }
}
