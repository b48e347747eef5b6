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
      .integers([.min, 0]), .integers([0, .max]), .integers([-1, .max]), integers([5, 6]),
      .integers([.min, .min + 1, .max - 1, .max]),
      integers((0..<900).map { $0 / 30 * 1_000_000_007 + $0 % 30 * 3 }),
      integers((0..<64).map { Int64.min &+ $0 &* (1 << 58) }),
      integers((0..<4000).filter { _ in random.below(16) > 0 }.map { .max - $0 }),
      integers((0..<590).filter { _ in random.below(8) == 0 }.map { $0 * 1_000_000_000_000 + 3 }),
      integers((0..<590).filter { _ in random.below(2) == 0 }.map { $0 * -9 - 3 }),
      integers((0..<700).filter { $0 % 3 < 2 }), integers((0..<500).filter { $0 != 77 }),
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

  static func size(_ column: IndexColumn) -> Int {
    var coder = IndexSetCoder()
    var bytes: [UInt8] = []
    coder.encode(column, into: &bytes)
    return bytes.count
  }

  /// Thousandths of the entropy of a random subset of 200,000, H(p) bits a candidate.
  @Test(arguments: [
    (0.01, 0.0808), (0.05, 0.2864), (0.125, 0.5436), (0.3, 0.8813), (0.6, 0.9710), (0.9, 0.4690),
  ])
  func randomSubsetsCostTheirEntropy(_ density: Double, _ entropy: Double) {
    var random = SeededRandom(9)
    let rows = (0..<Int64(200_000)).filter { _ in
      Double(random.next() >> 11) * 0x1p-53 < density
    }
    for unit: Int64 in [1, 8] {
      let cost = Double(Self.size(Self.integers(rows.map { $0 * unit + 5 }))) * 8 / 200_000
      #expect(cost < entropy * 1.045)
    }
  }

  @Test func whatIsRegularCostsNothing() {
    #expect(Self.size(Self.integers(stride(from: 3, to: 1_000_003, by: 8))) <= 9)
    // A hundred shards, each a range.
    let shards = (0..<Int64(100_000)).map { $0 / 1000 * 1_000_000 + $0 % 1000 }
    #expect(Self.size(Self.integers(shards)) < 400)
    #expect(Self.size(Self.integers((0..<200_000).filter { $0 % 3 < 2 })) < 400)
    #expect(Self.size(Self.integers((0..<200_000).filter { $0 % 9973 != 5 })) < 120)
  }

  /// Hash-like ids cost the logarithm of their mean gap and 1.44 bits.
  @Test func sparseIndicesCostTheirGaps() {
    var random = SeededRandom(10)
    let column = Self.integers((0..<(1 << 16)).map { _ in Int64(bitPattern: random.next()) })
    #expect(Double(Self.size(column)) * 8 / Double(column.count) < 48 + 1.55)
  }

  @Test func pathsShareTheirEnds() {
    var random = SeededRandom(11)
    var names: Set<String> = []
    for folder in 0..<20 {
      for _ in 0..<1300 {
        names.insert("train/n0\(1_440_764 + folder * 317)/n0\(folder)_\(random.below(20_000)).JPEG")
      }
    }
    let column = IndexColumn(
      Parameters.sortedUnique(names.map { .string(Name($0)) }), type: .string)
    #expect(Double(Self.size(column)) * 8 / Double(column.count) < 12)
  }

  /// Lengths that ask for much memory are refused before it is taken.
  @Test(
    arguments: [
      // Consecutive, a unit that overflows: count 2^20, first 0, unit 2^63.
      [0, 0x80, 0x80, 0x40, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1, 0],
      [0, 2, 0, 0, 0],  // unit 0
      [0, 2, 0, 1, 4],  // an unknown coding
      [0, 2, 0, 1, 2, 0],  // no run
      [0, 2, 0, 1, 2, 3],  // more runs than indices
      [0, 2, 0, 1, 3, 17, 0, 0],  // more than 8 bits an index
      [0, 2, 0, 1, 3, 3, 0, 0, 7],  // three ones for two indices
      [0, 2, 0, 1, 3, 3, 0, 0, 3],  // the last bit is 0
      [0, 2, 0, 1, 3, 3, 0, 0, 13],  // a bit behind the last
      // 2^23 bits, deflated to two bytes.
      [0, 0x80, 0x80, 0x40, 0, 1, 3, 0x80, 0x80, 0x80, 4, 0, 1, 2, 3, 0],
      // 2^20 strings in a few bytes.
      [1, 0x80, 0x80, 0x40, 1, 2, 3, 0, 0],
    ] as [[UInt8]])
  func hostileSetsAreRefused(_ bytes: [UInt8]) {
    var coder = IndexSetCoder()
    var reader = ByteReader(bytes.span, subject: "index set")
    let decoded = try? coder.decode(&reader)
    #expect(decoded == nil)
  }
}
