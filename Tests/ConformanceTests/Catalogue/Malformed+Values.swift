import TrackerCodec
import TrackerModel

/// Columns of values that break a rule: of 8 values, 4 rows and 2 columns, unless said otherwise.
extension MalformedCatalogue {
  private mutating func addColumn(
    _ name: String, _ failure: MalformedFile.Failure = .malformed, _ what: String, _ bytes: [UInt8],
    _ tile: SceneTile = MalformedCatalogue.tile
  ) {
    addTile("values-" + name, failure, what, tile) { $0.values = bytes }
  }

  /// Symbols and extra bits.
  private static func symbols(_ symbols: [UInt8], extra: [UInt8] = []) -> [UInt8] {
    [0] + .varint(symbols.count) + symbols + .varint(extra.count) + extra
  }

  private static let zeros = [UInt8](repeating: 0, count: 8)
  /// An exact power of two is one bin of all bits.
  private static let plainTail: [UInt8] =
    [0] + symbols(zeros, extra: [UInt8](repeating: 0, count: 32)) + [0]

  mutating func addValues() {
    let zeros = Self.zeros
    let tail = Self.plainTail
    addColumn("mapping-0", .unsupportedEncoding, "mapping 0", [0, 0, 0, 0, 32] + tail)
    addColumn("mapping-8", .unsupportedEncoding, "mapping 8", [8, 0, 0, 0, 32] + tail)
    addColumn("mapping-127", .unsupportedEncoding, "mapping 127", [127, 0, 0, 0, 32] + tail)
    addColumn(
      "narrowed", .malformed, "float32 that are said to be narrowed float64",
      [0x81, 0, 0, 0, 32] + tail)
    addColumn(
      "shift", .malformed, "a shift of all bits",
      [1, 32, 0, 0, 0] + [0] + Self.symbols(zeros) + [0])
    addColumn("difference", .unsupportedEncoding, "difference 4", [1, 0, 4, 0, 32] + tail)
    addColumn("bins-short", .malformed, "bins that end early", [1, 0, 0, 0, 31] + tail)
    addColumn("bins-long", .malformed, "bins that end behind 2^32", [1, 0, 0, 1, 32, 0] + tail)
    addColumn(
      "bins-width", .malformed, "a bin of more bits than values have", [1, 0, 0, 0, 33] + tail)
    addColumn("bins-width-200", .malformed, "a bin of 200 bits", [1, 0, 0, 1, 200, 200] + tail)
    addColumn(
      "bins-truncated", .truncated, "256 bins that the payload has no room for", [1, 0, 0, 255, 24])
    addColumn("grouping", .unsupportedEncoding, "grouping 2", [1, 0, 0, 0, 32, 2] + tail)
    addColumn(
      "symbol-coding", .unsupportedEncoding, "symbol coding 3",
      [1, 0, 0, 0, 32, 0, 3, 8] + zeros + [32] + [UInt8](repeating: 0, count: 32) + [0])
    addColumn(
      "symbols-fewer", .malformed, "seven symbols for eight values",
      [1, 0, 0, 0, 32, 0]
        + Self.symbols(Array(zeros.dropLast()), extra: [UInt8](repeating: 0, count: 28)) + [0])
    addColumn(
      "symbols-more", .malformed, "nine symbols for eight values",
      [1, 0, 0, 0, 32, 0] + Self.symbols(zeros + [0], extra: [UInt8](repeating: 0, count: 36)) + [0]
    )
    addColumn(
      "symbol-beyond", .malformed, "a symbol that the bins do not have",
      [1, 0, 0, 0, 32, 0]
        + Self.symbols([0, 0, 1, 0, 0, 0, 0, 0], extra: [UInt8](repeating: 0, count: 32)) + [0])
    addColumn(
      "symbol-252", .malformed, "symbol 252 of the magnitude table",
      [1, 0, 1, 0] + Self.symbols([0, 252, 0, 0, 0, 0, 0, 0]) + [0])
    addColumn(
      "extra-fewer", .malformed, "extra bits that lack a byte",
      [1, 0, 0, 0, 32, 0] + Self.symbols(zeros, extra: [UInt8](repeating: 0, count: 31)) + [0])
    addColumn(
      "extra-more", .malformed, "a byte more than the extra bits need",
      [1, 0, 0, 0, 32, 0] + Self.symbols(zeros, extra: [UInt8](repeating: 0, count: 33)) + [0])
    addColumn(
      "extra-truncated", .truncated, "extra bits that end behind the payload",
      [1, 0, 0, 0, 32, 0, 0, 8] + zeros + [32, 0, 0])
    addColumn(
      "extra-padding", .malformed, "padding bits behind the extra bits are set",
      [1, 0, 1, 0] + Self.symbols([9, 0, 0, 0, 0, 0, 0, 0], extra: [2]) + [0])
    addColumn(
      "code-beyond", .malformed, "a difference that leads below the first code",
      [1, 31, 1, 0] + Self.symbols([5, 0, 0, 0, 0, 0, 0, 0]) + [0])
    // Exceptions.
    let head: [UInt8] = [1, 0, 0, 0, 32] + tail.dropLast()
    addColumn(
      "exceptions-count", .malformed, "nine exceptions of eight values",
      head + [9] + Self.symbols([0, 0, 0, 0, 0, 0, 0, 0, 0]) + [0, 32]
        + Self.symbols(zeros + [0], extra: [UInt8](repeating: 0, count: 36)))
    addColumn(
      "exceptions-beyond", .malformed, "an exception behind the last value",
      head + [1] + Self.symbols([8], extra: [0]) + [0, 32] + Self.symbols([0], extra: [0, 0, 0, 0]))
    addColumn(
      "exceptions-second", .malformed, "a second exception behind the last value",
      head + [2] + Self.symbols([7, 0]) + [0, 32] + Self.symbols([0, 0], extra: zeros))
    addColumn(
      "exceptions-bins", .malformed, "bins of exceptions that end early",
      head + [1] + Self.symbols([1]) + [0, 31] + Self.symbols([0], extra: [0, 0, 0, 0]))
    addColumn("exceptions-truncated", .truncated, "no count of exceptions", Array(head))
  }

  mutating func addStreams() {
    // A dictionary of three: symbols are all that can be wrong.
    let head: [UInt8] = [2, 3, 1, 1, 1, 0, 0]
    func stream(_ bytes: [UInt8]) -> [UInt8] { [1] + .varint(bytes.count) + bytes + [0] }
    let whole = BytePlan.storedBlocks.deflate([0, 1, 2, 0, 1, 2, 0, 1])
    let fixed = BytePlan.manyBlocks.deflate([0, 1, 2, 0, 1, 2, 0, 1])
    addColumn(
      "stream-longer", .malformed, "a stream of nine symbols",
      head + stream(BytePlan.huffmanOnly.deflate([0, 1, 2, 0, 1, 2, 0, 1, 2])))
    addColumn(
      "stream-shorter", .malformed, "a stream of seven symbols",
      head + stream(BytePlan.huffmanOnly.deflate([0, 1, 2, 0, 1, 2, 0])))
    addColumn(
      "stream-behind", .malformed, "a byte behind the stream's end", head + stream(whole + [0]))
    addColumn(
      "stream-cut", .malformed, "a stream that lacks its last byte",
      head + stream(Array(fixed.dropLast())))
    addColumn(
      "stream-no-end", .malformed, "a stream without a last block",
      head + stream([0, 8, 0, 0xF7, 0xFF, 0, 1, 2, 0, 1, 2, 0, 1]))
    addColumn("stream-block-type", .malformed, "a block of type 3", head + stream([7, 0]))
    addColumn(
      "stream-length", .malformed, "a stored block whose length is not confirmed",
      head + stream([1, 8, 0, 0, 0, 0, 1, 2, 0, 1, 2, 0, 1]))
    addColumn(
      "stream-distance", .malformed, "a match from before the stream's begin",
      head + stream([0x03, 0x02, 0x00]))
    addColumn("stream-empty", .malformed, "a stream of no bytes", head + stream([]))
    addColumn(
      "stream-symbol", .malformed, "a deflated symbol that the dictionary does not have",
      head + stream(BytePlan.huffmanOnly.deflate([0, 1, 2, 0, 1, 3, 0, 1])))
    addColumn(
      "stream-truncated", .truncated, "a stream that ends behind the payload",
      head + [1, 40] + whole)
    addColumn(
      "stream-coding", .unsupportedEncoding, "symbol coding 3", head + [3, 1, 0, 0])
  }

  /// A stream of numerals, eight symbols of three with one table of 32 states, and what is wrong with it.
  mutating func addNumerals() {
    let head: [UInt8] = [2, 3, 1, 1, 1, 0]
    let symbols: [UInt8] = [0, 1, 2, 0, 1, 2, 0, 1]
    func addBytes(_ name: String, _ what: String, _ bytes: [UInt8]) {
      addColumn(
        "numerals-" + name, .malformed, what, head + [0, 2] + .varint(bytes.count) + bytes + [0])
    }
    func addBits(_ name: String, _ what: String, _ fields: [(Int, Int)]) {
      var bits = BitWriter()
      for (value, width) in fields { bits.append(UInt64(value), width) }
      addBytes(name, what, bits.bytes + [0, 0, 0, 0])
    }
    func stream(_ symbols: [UInt8]) -> [UInt8] {
      NumeralsText().encode(
        symbols, buckets: symbols.map { _ in 0 }, places: symbols.indices.map { $0 },
        bucketCount: 1,
        highest: nil)
    }
    let whole = stream(symbols)
    addBytes("empty", "no bytes", [])
    addBytes("behind", "a byte behind the stream's end", whole + [0])
    addBytes("cut", "a stream that lacks its last byte", Array(whole.dropLast()))
    addBytes("shorter", "a stream of seven symbols", stream(Array(symbols.dropLast())))
    addBytes("longer", "a stream of twelve symbols", stream(symbols + [2, 2, 2, 2]))
    addBytes(
      "filling", "bits set behind the last",
      Array(whole.dropLast()) + [whole[whole.count - 1] | 0x80])
    addBytes(
      "symbol", "a symbol that the dictionary does not have", stream([0, 1, 2, 0, 1, 3, 0, 1]))
    addBits("states-16", "tables of 2^4 states", [(2, 8), (4, 4), (1, 1)])
    addBits("states-8192", "tables of 2^13 states", [(2, 8), (13, 4), (1, 1)])
    addBits("tables", "two tables for one bucket", [(2, 8), (5, 4), (0b010, 3), (0b01, 2)])
    addBits("golomb", "a Golomb code of seventeen zeros", [(2, 8), (5, 4), (0, 17), (1, 1)])
    // The share of symbol 0: a Golomb of order 0, 33 + 1 being 100010.
    addBits(
      "shares", "a share above that of all", [(2, 8), (5, 4), (1, 1), (0, 5), (1, 1), (0b00010, 5)])
    addBits(
      "run", "more symbols without a share than there are below the highest",
      [(2, 8), (5, 4), (1, 1), (1, 1), (0, 1), (1, 1), (1, 1)])
    // Contexts: inertia, bucket bits, start, highest.
    func addContext(
      _ name: String, _ what: String, context: [UInt8], buckets: Int = 2,
      _ numerals: NumeralsText = NumeralsText()
    ) {
      let stream = numerals.encode(
        symbols, buckets: symbols.map { _ in 0 }, places: symbols.indices.map { $0 },
        bucketCount: buckets, highest: 2)
      addColumn(
        "context-" + name, .malformed, what,
        head + [1] + context + .varint(stream.count) + stream + [0])
    }
    for tableBits in [5, 8, 9, 12] {
      let tables = NumeralsText.maxTables(tableBits) + 1
      addContext(
        "tables-\(tableBits)", "\(tables) tables of 2^\(tableBits) states", context: [2, 6, 0, 2],
        buckets: 64,
        NumeralsText(tableBits: tableBits, runs: [Int](repeating: 1, count: tables - 1)))
    }
    addContext("inertia", "inertia 8", context: [8, 1, 0, 2])
    addContext("bits-0", "0 bucket bits", context: [2, 0, 0, 2])
    addContext("bits-9", "9 bucket bits", context: [2, 9, 0, 2])
    addContext("highest", "highest symbol 0", context: [2, 1, 0, 0])
    addContext(
      "highest-less", "a highest symbol that the stream was not written with",
      context: [2, 1, 0, 1])
  }

  mutating func addMappings() {
    let zeros = Self.zeros
    let rest: [UInt8] = [0, 0] + Self.symbols(zeros)
    // Dictionaries.
    addColumn("dictionary-none", .malformed, "no entries for eight values", [2, 0])
    addColumn(
      "dictionary-257", .limit, "257 entries",
      [2] + .varint(257) + [UInt8](repeating: 1, count: 257) + rest)
    addColumn("dictionary-same", .malformed, "an entry twice", [2, 2, 1, 0] + rest)
    addColumn(
      "dictionary-beyond", .malformed, "an entry above 32 bits",
      [2, 2, 1] + .varint(0xFFFF_FFFF) + rest)
    addColumn(
      "dictionary-first-beyond", .malformed, "a first entry above 32 bits",
      [2, 1] + .varint(1 << 32))
    addColumn(
      "dictionary-symbol", .malformed, "a symbol beyond the entries",
      [2, 2, 1, 1, 0, 0] + Self.symbols([0, 1, 2, 0, 0, 0, 0, 0]))
    addColumn(
      "dictionary-code", .malformed, "a difference that leads beyond the entries",
      [2, 2, 1, 1, 1, 0] + Self.symbols([0, 4, 0, 0, 0, 0, 0, 0]))
    addColumn(
      "dictionary-truncated", .truncated, "entries that end behind the payload", [2, 9, 1, 1])
    // Multiples.
    let bins: [UInt8] =
      [0, 0, 64, 0] + Self.symbols(zeros, extra: [UInt8](repeating: 0, count: 64)) + [0]
    addColumn(
      "linear-exponent-101", .malformed, "exponent 101", [5] + .signed(101) + [1, 0] + bins)
    addColumn("linear-exponent-65", .malformed, "exponent -65", [5] + .signed(-65) + [1, 0] + bins)
    addColumn("linear-divisor-0", .malformed, "divisor 0", [5, 0, 0, 0] + bins)
    addColumn(
      "linear-divisor", .malformed, "a divisor above 2^40",
      [5, 0] + .varint(1 << 40 + 1) + [0] + bins)
    addColumn("linear-row-flag", .malformed, "row flag 2", [5, 0, 1, 2] + bins)
    addColumn(
      "linear-coarseness", .malformed, "coarseness 16",
      [5, 0, 1, 1] + Self.symbols([0, 0, 16, 0]) + bins)
    addColumn(
      "linear-coarseness-rows", .malformed, "coarseness of three rows of four",
      [5, 0, 1, 1] + Self.symbols([0, 0, 0]) + bins)
    addColumn("linear-code", .malformed, "a multiple below -2^50", [5, 0, 1, 0] + bins)
    addColumn(
      "squared-exponent", .malformed, "exponent 101 of squares",
      [6] + .signed(101) + [0, 0, 0] + Self.symbols(zeros) + [0])
    addColumn(
      "squared-code", .malformed, "a root above 2^50",
      [6, 0, 0, 0, 0] + Self.symbols([196, 0, 0, 0, 0, 0, 0, 0], extra: [1, 0, 0, 0, 0, 0, 0]) + [0]
    )
    addColumn(
      "squared-code-difference", .malformed, "a root below 0",
      [6, 0, 0, 1, 0] + Self.symbols([1, 0, 0, 0, 0, 0, 0, 0]) + [0])
    // Logarithms: curve, precision, difference, grouping, symbols, extra bits, corrections, exceptions.
    let plain = Self.symbols(zeros)
    for (name, mapping) in [("rising", UInt8(3)), ("falling", 4)] {
      addColumn(
        "\(name)-precision", .unsupportedEncoding, "precision 3",
        [mapping, 3, 0, 0] + plain + [0, 0])
      addColumn(
        "\(name)-symbol", .malformed, "a symbol behind the table's last",
        [mapping, 2, 0, 0] + Self.symbols([96, 0, 0, 0, 0, 0, 0, 0]) + [0, 0])
      addColumn(
        "\(name)-code", .malformed, "a code behind the highest",
        [mapping, 2, 0, 0] + Self.symbols([95, 0, 0, 0, 0, 0, 0, 0], extra: [0xFF, 0x3F]) + [0, 0])
      addColumn(
        "\(name)-code-difference", .malformed, "a difference that leads below code 0",
        [mapping, 0, 1, 0] + Self.symbols([1, 0, 0, 0, 0, 0, 0, 0]) + [0, 0])
    }
    var wide = Self.tile
    wide.type = .float64
    wide.cells = wide.cells.map { $0.map { Widening.widen(UInt32($0)) } }
    addColumn(
      "rising-float64", .malformed, "a logarithm grid for float64", [3, 0, 0, 0] + plain + [0, 0],
      wide)
    addColumn(
      "float16-float64", .malformed, "float16 for float64",
      [7, 0, 0, 16, 0] + Self.symbols(zeros, extra: [UInt8](repeating: 0, count: 16)) + [0], wide)
    addColumn(
      "corrections-coding", .unsupportedEncoding, "correction coding 3",
      [3, 0, 0, 0] + plain + [3, 0])
    addColumn(
      "corrections-count", .malformed, "nine corrections of eight values",
      [3, 0, 0, 0] + plain + [1, 9] + Self.symbols(zeros + [0]) + [0])
    addColumn(
      "corrections-beyond", .malformed, "a correction behind the last value",
      [3, 0, 0, 0] + plain + [1, 1] + Self.symbols([12], extra: [0]) + [0])
    addColumn(
      "corrections-byte", .malformed, "a byte of corrections above 242",
      [3, 0, 0, 0] + plain + [2, 0, 2, 243, 0, 0])
    addColumn(
      "corrections-digits", .malformed, "digits behind the last value",
      [3, 0, 0, 0] + plain + [2, 0, 2, 0, 27, 0])
    addColumn(
      "corrections-short", .malformed, "a plane that lacks a byte",
      [3, 0, 0, 0] + plain + [2, 0, 1, 0, 0])
    addColumn(
      "float16-code", .malformed, "a difference that leads above 16 bits",
      [7, 1, 0] + Self.symbols([64, 0, 0, 0, 0, 0, 0, 0], extra: [0, 0]) + [0])
  }

  mutating func addSources() {
    func add(_ name: String, _ what: String, _ sources: [Float], isOfAll: Bool = true) {
      var tile = Self.tile
      tile.identities = [Catalogue.worker(0), Catalogue.worker(1)]
      tile.sources = [Int?](repeating: 0, count: 8)
      tile.saysAllHaveSources = isOfAll
      addTile("sources-" + name, .malformed, what, tile) { pieces in
        var plan = ValuePlanText(.ordered(shift: 0))
        plan.bins = .one
        pieces.sources = ValueColumnText.encode(
          cells: sources.map { UInt64($0.bitPattern) }, .float32, rowCount: 4, plan)
      }
    }
    add("none", "no source where all have one", [1, 1, 2, 0, 1, 1, 1, 1])
    add("beyond", "a source beyond the identities", [1, 1, 2, 3, 1, 1, 1, 1])
    add("fraction", "source 1.5", [1, 1, 1.5, 1, 1, 1, 1, 1])
    add("negative", "source -1", [1, 1, -1, 1, 1, 1, 1, 1])
    add("negative-zero", "source -0.0", [1, 1, -0.0, 1, 1, 1, 1, 1], isOfAll: false)
    add("nan", "source NaN", [1, 1, .nan, 1, 1, 1, 1, 1], isOfAll: false)
    add("infinity", "source infinity", [1, 1, .infinity, 1, 1, 1, 1, 1])
    add(
      "subnormal", "the least source above 0", [1, 1, .leastNonzeroMagnitude, 1, 1, 1, 1, 1],
      isOfAll: false)
    var tile = Self.tile
    tile.identities = [Catalogue.worker(0), Catalogue.worker(1)]
    tile.sources = [Int?](repeating: 0, count: 8)
    addTile("sources-missing", .truncated, "no sources where flags say that there are", tile) {
      $0.sources = []
    }
    addTile("sources-mapping", .unsupportedEncoding, "sources by mapping 9", tile) {
      $0.sources = [9, 0, 0]
    }
    addTile("sources-flags", .damaged, "sources of some where the entry says of all", tile) {
      $0.flags = [4]
    }
  }
}
