/// How often each symbol occurs, in shares of a power of two: what a table of an asymmetric numeral system
/// is made of.
struct SymbolFrequencies {
  /// The binary logarithm of what the shares add up to.
  let tableBits: Int
  /// 256, one for each symbol; 0 where it does not occur.
  private(set) var shares = [UInt32](repeating: 0, count: 256)

  /// Tables' sizes. Below the least, symbols cannot be spread evenly; above the greatest, tables are slow to
  /// make and to look into.
  static let allTableBits = 5...12

  /// The shares nearest to the counts, each at least 1.
  ///
  /// - Precondition: some count is not 0, and no more symbols occur than there are shares.
  /// - Complexity: O(n log n) for n symbols that occur.
  init(counts: Span<UInt32>, tableBits: Int) {
    self.tableBits = tableBits
    // Rare ones first: what rounding up gives them is taken from the more frequent ones' shares.
    var order: [UInt64] = []
    var restCount: UInt64 = 0
    for symbol in 0..<256 where counts[symbol] > 0 {
      order.append(UInt64(counts[symbol]) << 8 | UInt64(symbol))
      restCount += UInt64(counts[symbol])
    }
    order.sort()
    var rest = UInt64(1) << UInt64(tableBits)
    precondition(!order.isEmpty && order.count <= Int(rest), "a share for each symbol that occurs")
    for entry in order {
      let count = entry >> 8
      let share = max(1, (count * rest + restCount / 2) / restCount)
      shares[Int(entry & 255)] = UInt32(share)
      rest -= share
      restCount -= count
    }
  }

  /// A size of table that suits so many symbols of so many kinds.
  static func tableBits(count: Int, kinds: Int, atMost limit: Int) -> Int {
    let wanted = Int.bitWidth - max(1, count - 1).leadingZeroBitCount
    let needed = Int.bitWidth - max(1, kinds - 1).leadingZeroBitCount
    return max(needed, min(limit, max(allTableBits.lowerBound, wanted)))
  }

  // MARK: Stored

  private init(tableBits: Int) { self.tableBits = tableBits }

  /// What a share is likely to be near: the mean of that of the symbol before it and, where there is one, that
  /// of the same symbol in the table before.
  private static func expected(
    _ symbol: Int, last: UInt32, _ previous: SymbolFrequencies?
  ) -> UInt32 {
    previous.map { ($0.shares[symbol] + last) / 2 } ?? last
  }

  /// The order of the exponential-Golomb code of how far a share is from what was expected: about its root.
  private static func order(_ expected: UInt32) -> Int {
    (UInt32.bitWidth - expected.leadingZeroBitCount) / 2
  }

  /// Appends the shares, symbol by symbol until they add up; that of `highest` is what is left.
  ///
  /// - Parameter previous: of the table before, which is likely to be similar.
  func write(highest: Int, after previous: SymbolFrequencies?, into packer: inout BitPacker) {
    var rest = UInt32(1) << UInt32(tableBits)
    var last: UInt32 = 0
    var symbol = 0
    while rest > 0, symbol < highest {
      let share = shares[symbol]
      let expected = Self.expected(symbol, last: last, previous)
      let distance = share > expected ? share - expected : expected - share
      // Above and below in turn, until there is nothing below.
      let folded =
        distance > expected
        ? share : distance * 2 - (share > expected ? 1 : 0)
      packer.appendGolomb(folded, order: Self.order(expected))
      rest -= share
      last = share
      symbol += 1
      guard share == 0 else { continue }
      var run = 0
      while symbol + run < highest, shares[symbol + run] == 0 { run += 1 }
      packer.appendGolomb(UInt32(run), order: 0)
      symbol += run
    }
  }

  /// Reads what `write` wrote; nil where shares do not add up.
  static func read(
    _ unpacker: inout BitUnpacker, tableBits: Int, highest: Int, after previous: SymbolFrequencies?
  ) -> SymbolFrequencies? {
    var found = SymbolFrequencies(tableBits: tableBits)
    var rest = UInt32(1) << UInt32(tableBits)
    var last: UInt32 = 0
    var symbol = 0
    while rest > 0, symbol < highest {
      let expected = expected(symbol, last: last, previous)
      guard let folded = unpacker.readGolomb(order: order(expected)) else { return nil }
      let share =
        folded > 2 * expected
        ? folded : folded & 1 == 1 ? expected + (folded + 1) / 2 : expected - folded / 2
      guard share <= rest else { return nil }
      found.shares[symbol] = share
      rest -= share
      last = share
      symbol += 1
      guard share == 0 else { continue }
      guard let run = unpacker.readGolomb(order: 0), Int(run) <= highest - symbol else {
        return nil
      }
      symbol += Int(run)
    }
    found.shares[highest] += rest
    return found
  }

  /// Calls `body` with each state of the table, ascending, the symbol that it stands for, and its number
  /// among those of the symbol, from the symbol's share on: numbers must ascend with the states, or a state's
  /// number would say little of how likely it is.
  ///
  /// Symbols are spread over the table, so that each one's states are as far apart as can be.
  @inline(__always)
  func forEachState(
    _ buffer: inout [UInt8], _ body: (_ state: Int, _ symbol: Int, _ number: UInt32) -> Void
  ) {
    let size = 1 << tableBits
    let step = size >> 1 + size >> 3 + 3
    buffer.resize(to: size)
    var symbols = buffer.mutableSpan
    var state = 0
    for symbol in 0..<256 {
      for _ in 0..<shares[symbol] {
        symbols[state] = UInt8(truncatingIfNeeded: symbol)
        state = (state &+ step) & (size &- 1)
      }
    }
    var numbers = InlineArray<256, UInt32>(repeating: 0)
    for symbol in 0..<256 { numbers[symbol] = shares[symbol] }
    for state in 0..<size {
      let symbol = Int(symbols[state])
      let number = numbers[symbol]
      numbers[symbol] = number &+ 1
      body(state, symbol, number)
    }
  }
}

// MARK: - Exponential-Golomb codes

extension BitPacker {
  /// Appends an integer as an exponential-Golomb code: ⌊value / 2^order⌋ + 1 of b bits as b − 1 zeros, a one
  /// and its b − 1 low bits, then the `order` low bits of the value.
  mutating func appendGolomb(_ value: UInt32, order: Int) {
    let high = UInt64(value) >> UInt64(order) + 1
    let length = UInt64.bitWidth - high.leadingZeroBitCount - 1
    append(1 << UInt64(length), width: length + 1)
    append(high & BitWords.mask(length), width: length)
    append(UInt64(value) & BitWords.mask(order), width: order)
  }
}

extension BitUnpacker {
  /// The counterpart of `appendGolomb`; nil where no writer wrote it, as it is of 2¹⁶ or more.
  @_lifetime(self: copy self)
  mutating func readGolomb(order: Int) -> UInt32? {
    let zeros = bytes.bits(from: position).trailingZeroBitCount
    guard zeros <= 16 else { return nil }
    _ = read(zeros + 1)
    let high = 1 << UInt64(zeros) + read(zeros) - 1
    let value = high << UInt64(order) + read(order)
    return value < 1 << 16 ? UInt32(value) : nil
  }
}
