/// Decompresses deflate streams (RFC 1951) of literals only: what `HuffmanDeflater` writes.
///
/// Several times as fast as an inflater for all streams: without matches nothing depends on what was
/// written before, and one look into the table gives up to two symbols.
struct LiteralInflater {
  /// For the next bits, the symbols that they begin with: in the low byte how many bits those take, in the
  /// next one how many symbols they are, 1 or 2, then these. 0 where that is not a matter of so few bits,
  /// or the block ends.
  private var table = [UInt32](repeating: 0, count: 1 << Self.tableBits)
  private var code = CanonicalCode()
  /// The literals of few bits: their entries in the table, and their codes, the first bit lowest.
  private var entries: [UInt32] = []
  private var codes: [UInt32] = []

  private static let tableBits = 11

  /// Fills `output`.
  ///
  /// - Returns: false where the stream is of another kind or damaged in any way; then an inflater for all
  ///   streams must tell, and `output` holds nothing of use.
  /// - Complexity: O(input + output).
  mutating func inflate(_ input: Span<UInt8>, into output: inout MutableSpan<UInt8>) -> Bool {
    var (bit, place) = (0, 0)
    while true {
      let head = input.bits(from: bit)
      // Blocks with codes of their own; the others do not occur in such streams.
      guard head >> 1 & 3 == 2 else { return false }
      bit += 3
      guard let first = code.read(input, at: bit) else { return false }
      bit = first
      fillTable()
      guard let end = inflateBlock(input, bit, into: &output, &place) else { return false }
      bit = end
      if head & 1 == 1 { break }
    }
    return place == output.count && (bit + 7) >> 3 == input.count
  }

  /// Complexity: O(table).
  private mutating func fillTable() {
    // Where the literals of each length begin.
    var starts = InlineArray<13, Int>(repeating: 0)
    entries.removeAll(keepingCapacity: true)
    codes.removeAll(keepingCapacity: true)
    code.forEach { symbol, length, code in
      guard symbol != CanonicalCode.endOfBlock, length <= Self.tableBits else { return }
      entries.append(UInt32(symbol) << 16 | 1 << 8 | UInt32(length))
      codes.append(UInt32(code))
      starts[length + 1] = entries.count
    }
    for length in 1..<starts.count { starts[length] = max(starts[length], starts[length - 1]) }
    // Spans borrow the whole inflater, so the table leaves it while it is written.
    var held = exchange(&table, with: [])
    defer { table = held }
    var all = held.mutableSpan
    // Of a length that the compiler knows, so that masked places need no bounds checks.
    var target = all._mutatingExtracting(0..<1 << Self.tableBits)
    let mask = 1 << Self.tableBits - 1
    let (literals, bits) = (entries.span, codes.span)
    target[0] = 0
    // A table of a bit more is that of a bit less twice, but for what takes all of its bits.
    for length in 1...Self.tableBits {
      let half = 1 &<< (length &- 1)
      for index in 0..<half { target[(half &+ index) & mask] = target[index & mask] }
      for one in starts[length]..<starts[length &+ 1] {
        target[Int(bits[one]) & mask] = literals[one]
      }
      for firstLength in 1..<max(1, length) {
        let rest = length &- firstLength
        let seconds = starts[rest]..<starts[rest &+ 1]
        guard !seconds.isEmpty else { continue }
        for first in starts[firstLength]..<starts[firstLength &+ 1] {
          let (entry, code) = (literals[first], bits[first])
          for second in seconds {
            // Lengths and counts add up; the symbol goes behind the first.
            let other = literals[second]
            target[Int(code | bits[second] &<< UInt32(firstLength)) & mask] =
              entry &+ (other & 0xFFFF) &+ (other & 0xFF_0000) &<< 8
          }
        }
      }
    }
  }

  /// - Returns: the bit behind the block's end; nil where it is damaged.
  private func inflateBlock(
    _ input: Span<UInt8>, _ start: Int, into output: inout MutableSpan<UInt8>, _ place: inout Int
  ) -> Int? {
    // Of a length that the compiler knows, so that masked places need no bounds checks.
    let table = table.span.extracting(0..<1 << Self.tableBits)
    let mask = UInt64(1 << Self.tableBits - 1)
    var bit = start
    var next = place
    defer { place = next }
    while true {
      // Five looks need 55 bits and give 10 symbols at most.
      while next &+ MutableSpan<UInt8>.roomForPairs <= output.count,
        let bits = input.wholeBits(from: bit)
      {
        let first = table[Int(truncatingIfNeeded: bits & mask)]
        var rest = bits &>> UInt64(first)
        let second = table[Int(truncatingIfNeeded: rest & mask)]
        rest &>>= UInt64(second)
        let third = table[Int(truncatingIfNeeded: rest & mask)]
        rest &>>= UInt64(third)
        let fourth = table[Int(truncatingIfNeeded: rest & mask)]
        rest &>>= UInt64(fourth)
        let fifth = table[Int(truncatingIfNeeded: rest & mask)]
        let sum = output.storePairs(first, second, third, fourth, fifth, at: next)
        next &+= Int(truncatingIfNeeded: sum &>> 8 & 0xFF)
        bit &+= Int(truncatingIfNeeded: sum & 0xFF)
        // An entry of 0 takes no bits, so all behind it are 0 too.
        if fifth == 0 { break }
      }
      // One symbol at a time: a long code, the block's end, or the last few of the output.
      guard bit <= input.count &<< 3, let (symbol, length) = code.decode(input.bits(from: bit))
      else {
        return nil
      }
      bit &+= length
      if symbol == CanonicalCode.endOfBlock { return bit <= input.count &<< 3 ? bit : nil }
      guard next < output.count else { return nil }
      output[next] = UInt8(truncatingIfNeeded: symbol)
      next &+= 1
    }
  }
}

/// A block's code of literals.
private struct CanonicalCode {
  static let endOfBlock = 256
  private static let longest = 15

  /// How many codes have each length.
  private var counts = [UInt32](repeating: 0, count: 16)
  /// The literals, and 256 for the block's end, that have a code: by length, then symbol.
  private var symbols = [UInt16](repeating: 0, count: 257)
  /// The same by symbol, each with its code's length in the low byte.
  private var lengths: [UInt32] = []

  /// Reads the code that a block begins with, at bit `start`.
  ///
  /// - Returns: the bit behind it; nil where it is incomplete, has codes for matches, or ends early.
  mutating func read(_ input: Span<UInt8>, at start: Int) -> Int? {
    let head = input.bits(from: start)
    let literals = Int(head & 31) + 257
    let distances = Int(head >> 5 & 31) + 1
    let lengthCodes = Int(head >> 10 & 15) + 4
    guard literals <= 286, distances <= 30 else { return nil }
    // 19 times 3 bits at most.
    var bit = start + 14
    var rest = input.bits(from: bit)
    var lengthLengths = InlineArray<19, UInt8>(repeating: 0)
    for place in 0..<lengthCodes {
      lengthLengths[HuffmanDeflater.lengthOrder[place]] = UInt8(rest & 7)
      rest >>= 3
    }
    bit += 3 * lengthCodes
    guard let tokens = LengthTable(lengthLengths) else { return nil }
    lengths.removeAll(keepingCapacity: true)
    let count = literals + distances
    var (place, last) = (0, 0)
    while place < count {
      let bits = input.bits(from: bit)
      let (token, length) = tokens.decode(bits)
      guard bit < input.count << 3 else { return nil }
      let rest = Int(truncatingIfNeeded: bits >> UInt64(length) & 127)
      bit += length
      var run = 1
      switch token {
      case ..<16: last = token
      case 16:
        guard place > 0 else { return nil }
        run = 3 + rest & 3
        bit += 2
      case 17:
        (last, run) = (0, 3 + rest & 7)
        bit += 3
      default:
        (last, run) = (0, 11 + rest)
        bit += 7
      }
      if last > 0 {
        // Behind the end of a block there are matches.
        guard place + run <= Self.endOfBlock + 1 else { return nil }
        for symbol in place..<place + run { lengths.append(UInt32(symbol << 8 | last)) }
      }
      place += run
    }
    guard place == count, let end = lengths.last, Int(end >> 8) == Self.endOfBlock else {
      return nil
    }
    return sort() ? bit : nil
  }

  /// Sorts the symbols.
  ///
  /// - Returns: whether the code is complete, as deflate wants it.
  private mutating func sort() -> Bool {
    for length in counts.indices { counts[length] = 0 }
    for entry in lengths { counts[Int(entry & 15)] += 1 }
    var offsets = InlineArray<16, Int>(repeating: 0)
    var space: UInt32 = 0
    for length in 1...Self.longest {
      offsets[length] = offsets[length - 1] + Int(counts[length - 1])
      space += counts[length] << UInt32(Self.longest - length)
    }
    guard space == 1 << UInt32(Self.longest) else { return false }
    for entry in lengths {
      let length = Int(entry & 15)
      symbols[offsets[length]] = UInt16(truncatingIfNeeded: entry >> 8)
      offsets[length] += 1
    }
    return true
  }

  /// Calls `body` with each symbol, its length and its code, the first bit lowest; codes ascend.
  @inline(__always)
  func forEach(_ body: (_ symbol: Int, _ length: Int, _ code: Int) -> Void) {
    var (code, place): (UInt16, Int) = (0, 0)
    for length in 1...Self.longest {
      for _ in 0..<counts[length] {
        body(Int(symbols[place]), length, Int(HuffmanCode.reversed(code, UInt8(length))))
        code += 1
        place += 1
      }
      code <<= 1
    }
  }

  /// The symbol that bits begin with and its length, bit by bit.
  func decode(_ bits: UInt64) -> (symbol: Int, length: Int)? {
    var (code, first, index, rest) = (0, 0, 0, bits)
    for length in 1...Self.longest {
      code |= Int(truncatingIfNeeded: rest & 1)
      rest >>= 1
      let count = Int(counts[length])
      if code - first < count { return (Int(symbols[index + code - first]), length) }
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    return nil
  }
}

/// The code of the lengths of a block's codes: of 7 bits at most, looked up at once.
private struct LengthTable {
  private var entries = InlineArray<128, UInt16>(repeating: 0)

  /// Nil where the code is not complete.
  init?(_ lengths: InlineArray<19, UInt8>) {
    // The first code of each length, and how much of all that can be coded is.
    var counts = InlineArray<9, UInt16>(repeating: 0)
    for symbol in lengths.indices where lengths[symbol] > 0 { counts[Int(lengths[symbol])] += 1 }
    var next = InlineArray<9, UInt16>(repeating: 0)
    for length in 1..<8 { next[length + 1] = (next[length] + counts[length]) << 1 }
    guard next[8] == 256 else { return nil }
    for symbol in lengths.indices where lengths[symbol] > 0 {
      let length = lengths[symbol]
      var index = Int(HuffmanCode.reversed(next[Int(length)], length))
      next[Int(length)] += 1
      while index < 128 {
        entries[index] = UInt16(symbol) << 8 | UInt16(length)
        index += 1 << Int(length)
      }
    }
  }

  func decode(_ bits: UInt64) -> (symbol: Int, length: Int) {
    let entry = entries[Int(bits & 127)]
    return (Int(entry >> 8), Int(entry & 255))
  }
}
