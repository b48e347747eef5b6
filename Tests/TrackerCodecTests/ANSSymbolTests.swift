import Testing
import TrackerModel

@testable import TrackerCodec

/// Streams of numerals.
@Suite struct ANSSymbolTests {
  private static func decode(
    _ bytes: [UInt8], count: Int, _ context: RowContext?, _ cells: CellRows
  ) -> [UInt8]? {
    var coder = ANSSymbolCoder()
    var symbols: [UInt8] = []
    var reader = ByteReader(bytes.span, subject: "stream")
    do throws(TrackerError) {
      _ = try coder.decode(&reader, count: count, context, cells, into: &symbols)
    } catch {
      return nil
    }
    return reader.position == bytes.count ? symbols : nil
  }

  /// Symbols whose frequencies fall off, faster or slower, and change on the way.
  private static func symbols(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
    let (kinds, ratio) = (1 + random.below(256), 1 + random.below(40))
    let shift = random.below(2) * 100
    return (0..<count).map { place in
      var symbol = 0
      while symbol < kinds - 1, random.below(ratio + 1) > 0 { symbol += 1 }
      return UInt8(truncatingIfNeeded: symbol + place / 3000 * shift)
    }
  }

  private static let counts = [1, 2, 3, 4, 5, 255, 256, 257, 1023, 1025, 4099, 9001]

  @Test(arguments: counts) func symbolsReadBack(count: Int) {
    var random = SeededRandom(UInt64(count))
    for _ in 0..<12 {
      let symbols = Self.symbols(count, &random)
      var coder = ANSSymbolCoder()
      var bytes: [UInt8] = []
      coder.encode(symbols.span, into: &bytes)
      #expect(Self.decode(bytes, count: count, nil, CellRows(column: count)) == symbols)
    }
  }

  /// By contexts, in tiles with and without gaps, whatever the context.
  @Test(arguments: [(1, 300), (4, 64), (7, 40), (64, 5), (131, 9), (700, 4)])
  func symbolsReadBackByContext(rows: Int, columns: Int) {
    var random = SeededRandom(UInt64(rows))
    for round in 0..<24 {
      var presence = Presence.all(rows * columns)
      if round % 2 == 1 {
        for cell in 1..<rows * columns where random.below(3) == 0 { presence.remove(cell) }
      }
      let cells = CellRows(rowCount: rows, columnCount: columns, presence: presence.canonical)
      let symbols = Self.symbols(cells.count, &random)
      var context = RowContext(fitting: symbols, cells, isFew: round % 3 == 0)
      context.inertia = round % 8
      context.bucketBits = 1 + random.below(8)
      context.start = UInt8(random.below(256))
      var coder = ANSSymbolCoder()
      var bytes: [UInt8] = []
      coder.encode(symbols.span, context, cells, into: &bytes)
      #expect(Self.decode(bytes, count: cells.count, context, cells) == symbols)
    }
  }

  /// Within a per mille and what tables take of the entropy, also where symbols are all but certain.
  @Test(arguments: [2, 9, 100, 1000]) func lengthIsTheEntropy(oneIn: Int) {
    var random = SeededRandom(7)
    let symbols = (0..<200_000).map { _ in UInt8(random.below(oneIn) == 0 ? 1 + random.below(3) : 0)
    }
    var counts = [UInt32](repeating: 0, count: 256)
    for symbol in symbols { counts[Int(symbol)] += 1 }
    var coder = ANSSymbolCoder()
    var bytes: [UInt8] = []
    coder.encode(symbols.span, into: &bytes)
    let bits = Entropy.bits(counts.span)
    #expect(Double(bytes.count * 8) < bits * 1.005 + 200, "\(bytes.count * 8) of \(bits) bits")
  }

  /// Few bytes cannot claim any number of symbols.
  @Test func certainSymbolsAreFilledUp() {
    let symbols = [UInt8](repeating: 7, count: 1 << 20)
    var coder = ANSSymbolCoder()
    var bytes: [UInt8] = []
    coder.encode(symbols.span, into: &bytes)
    #expect(bytes.count == 2 + symbols.count / 1040)
    #expect(
      Self.decode(bytes, count: symbols.count, nil, CellRows(column: symbols.count)) == symbols)
    #expect(Self.decode(bytes, count: symbols.count + 1040, nil, CellRows(column: 0)) == nil)
    bytes[bytes.count - 1] = 1
    #expect(Self.decode(bytes, count: symbols.count, nil, CellRows(column: symbols.count)) == nil)
  }

  /// Damage gives other symbols or none, never a trap; a stream that is cut is refused.
  @Test func damageIsNoTrap() {
    var random = SeededRandom(3)
    let cells = CellRows(rowCount: 60, columnCount: 6, presence: .all(360))
    let symbols = Self.symbols(360, &random)
    let context = RowContext(fitting: symbols, cells, isFew: false)
    for isGrouped in [false, true] {
      var coder = ANSSymbolCoder()
      var bytes: [UInt8] = []
      if isGrouped {
        coder.encode(symbols.span, context, cells, into: &bytes)
      } else {
        coder.encode(symbols.span, into: &bytes)
      }
      for bit in 0..<bytes.count * 8 {
        var damaged = bytes
        damaged[bit >> 3] ^= 1 << UInt8(bit & 7)
        let found = Self.decode(damaged, count: 360, isGrouped ? context : nil, cells)
        #expect(found == nil || found != symbols)
      }
      for length in 0..<bytes.count {
        #expect(
          Self.decode(Array(bytes[..<length]), count: 360, isGrouped ? context : nil, cells) == nil)
      }
    }
  }

  /// Shares add up, none of what occurs is 0, and they are read as they were written.
  @Test func sharesReadBack() {
    var random = SeededRandom(11)
    var previous: SymbolFrequencies?
    for round in 0..<400 {
      let kinds = 1 + random.below(256)
      var counts = [UInt32](repeating: 0, count: 256)
      for _ in 0..<kinds {
        counts[random.below(256)] = UInt32(1 + random.below(1 << (1 + random.below(20))))
      }
      let tableBits = 8 + round % 5
      let table = SymbolFrequencies(counts: counts.span, tableBits: tableBits)
      #expect(table.shares.reduce(0, +) == 1 << UInt32(tableBits))
      for symbol in 0..<256 { #expect((table.shares[symbol] > 0) == (counts[symbol] > 0)) }
      var packer = BitPacker()
      let highest = counts.lastIndex { $0 > 0 } ?? 0
      table.write(highest: highest, after: previous, into: &packer)
      var bytes: [UInt8] = []
      packer.finish(into: &bytes)
      var unpacker = BitUnpacker(bytes.span)
      let found = SymbolFrequencies.read(
        &unpacker, tableBits: tableBits, highest: highest, after: previous)
      #expect(found?.shares == table.shares)
      let isAtEnd = unpacker.isAtEnd
      #expect(isAtEnd)
      previous = table
    }
  }
}
