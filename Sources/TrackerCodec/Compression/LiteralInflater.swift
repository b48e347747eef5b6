/// Decompresses deflate streams (RFC 1951) of literals only: what `HuffmanDeflater` writes.
///
/// Several times as fast as an inflater for all streams: without matches nothing depends on what was
/// written before, and one look into the table gives up to two symbols.
struct LiteralInflater {
  /// For the next bits, the symbols that they begin with: in bits 0 to 5 how many bits those take, in 6
  /// and 7 how many symbols they are, 1 or 2, then the symbols. 0 where that is not a matter of so few
  /// bits, or the block ends.
  private var table = [UInt32](repeating: 0, count: 1 << Self.tableBits)
  /// The same for one symbol, with `noSymbol` for 0.
  private var ones = [UInt32](repeating: 0, count: 1 << Self.tableBits)
  private var code = CanonicalCode()

  /// More bits than there are.
  private static let noSymbol: UInt32 = 63
  private static let tableBits = 10

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
    // Spans borrow the whole inflater, so the tables leave it while they are written.
    var (held, heldOnes) = (exchange(&table, with: []), exchange(&ones, with: []))
    defer { (table, ones) = (held, heldOnes) }
    var target = held.mutableSpan
    var single = heldOnes.mutableSpan
    let size = 1 << Self.tableBits
    for index in 0..<size { single[index] = Self.noSymbol }
    for index in 0..<size { target[index] = 0 }
    code.forEach { symbol, length, code in
      guard symbol != CanonicalCode.endOfBlock, length <= Self.tableBits else { return }
      let entry = UInt32(symbol) << 8 | 1 << 6 | UInt32(length)
      var index = code
      while index < size {
        single[index] = entry
        index &+= 1 &<< length
      }
    }
    code.forEach { symbol, length, code in
      guard symbol != CanonicalCode.endOfBlock, length <= Self.tableBits else { return }
      let entry = UInt32(symbol) << 8 | 1 << 6 | UInt32(length)
      // The bits behind the first symbol, of which no more than these are known.
      let rest = Self.tableBits &- length
      for bits in 0..<1 &<< rest {
        let next = single[bits]
        // Lengths and counts add up.
        let both = entry &+ (next & 0xFF) | (next & 0xFF00) &<< 8
        target[code &+ bits &<< length] = next & 63 <= UInt32(rest) ? both : entry
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
      // Four looks need 40 bits and give 8 symbols at most.
      while next &+ 8 <= output.count {
        var bits = input.bits(from: bit)
        let first = table[Int(truncatingIfNeeded: bits & mask)]
        bits &>>= UInt64(first)
        let second = table[Int(truncatingIfNeeded: bits & mask)]
        bits &>>= UInt64(second)
        let third = table[Int(truncatingIfNeeded: bits & mask)]
        bits &>>= UInt64(third)
        let fourth = table[Int(truncatingIfNeeded: bits & mask)]
        let (low, lowBits) = Self.join(first, second)
        let (high, highBits) = Self.join(third, fourth)
        output.store(low | high &<< lowBits, at: next)
        next &+= Int(truncatingIfNeeded: (lowBits &+ highBits) &>> 3)
        // Each takes 10 bits at most: no carry into the bits behind.
        bit &+= Int(
          truncatingIfNeeded: (first & 63) &+ (second & 63) &+ (third & 63) &+ (fourth & 63))
        // An entry of 0 takes no bits, so all behind it are 0 too.
        if fourth == 0 { break }
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

  /// The symbols of two entries, one after the other, and how many bits those fill.
  @inline(__always)
  private static func join(_ first: UInt32, _ second: UInt32) -> (symbols: UInt64, bits: UInt64) {
    let (firstBits, secondBits) = (UInt64(first &>> 3 & 24), UInt64(second &>> 3 & 24))
    return (
      UInt64(first &>> 8) | UInt64(second &>> 8) &<< firstBits, firstBits &+ secondBits
    )
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
  private var lengths: [UInt8] = []

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
    var lengthLengths = [UInt8](repeating: 0, count: 19)
    for place in 0..<lengthCodes {
      lengthLengths[HuffmanDeflater.lengthOrder[place]] = UInt8(rest & 7)
      rest >>= 3
    }
    bit += 3 * lengthCodes
    guard let tokens = LengthTable(lengthLengths) else { return nil }
    let count = literals + distances
    lengths.removeAll(keepingCapacity: true)
    while lengths.count < count {
      let bits = input.bits(from: bit)
      let (symbol, length) = tokens.decode(bits)
      guard bit < input.count << 3 else { return nil }
      let rest = bits >> UInt64(length)
      bit += length
      switch symbol {
      case ..<16: lengths.append(UInt8(symbol))
      case 16:
        guard let last = lengths.last else { return nil }
        lengths.append(contentsOf: repeatElement(last, count: 3 + Int(rest & 3)))
        bit += 2
      case 17:
        lengths.append(contentsOf: repeatElement(0, count: 3 + Int(rest & 7)))
        bit += 3
      default:
        lengths.append(contentsOf: repeatElement(0, count: 11 + Int(rest & 127)))
        bit += 7
      }
    }
    guard lengths.count == count, lengths[Self.endOfBlock] > 0 else { return nil }
    for symbol in 257..<count where lengths[symbol] > 0 { return nil }
    return sort() ? bit : nil
  }

  /// Sorts the symbols.
  ///
  /// - Returns: whether the code is complete, as deflate wants it.
  private mutating func sort() -> Bool {
    for length in counts.indices { counts[length] = 0 }
    for symbol in 0...Self.endOfBlock { counts[Int(lengths[symbol] & 15)] += 1 }
    counts[0] = 0
    var offsets = InlineArray<16, Int>(repeating: 0)
    var space: UInt32 = 0
    for length in 1...Self.longest {
      offsets[length] = offsets[length - 1] + Int(counts[length - 1])
      space += counts[length] << UInt32(Self.longest - length)
    }
    guard space == 1 << UInt32(Self.longest) else { return false }
    for symbol in 0...Self.endOfBlock {
      let length = Int(lengths[symbol] & 15)
      guard length > 0 else { continue }
      symbols[offsets[length]] = UInt16(symbol)
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
  init?(_ lengths: [UInt8]) {
    guard HuffmanCode.isComplete(lengths) else { return nil }
    let codes = HuffmanCode.codes(lengths)
    for (symbol, length) in lengths.enumerated() where length > 0 {
      for index in stride(from: Int(codes[symbol]), to: 128, by: 1 << Int(length)) {
        entries[index] = UInt16(symbol) << 8 | UInt16(length)
      }
    }
  }

  func decode(_ bits: UInt64) -> (symbol: Int, length: Int) {
    let entry = entries[Int(bits & 127)]
    return (Int(entry >> 8), Int(entry & 255))
  }
}
