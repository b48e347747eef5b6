import TrackerModel

/// Writes and reads streams of two symbols as bits: deflate cannot bring a symbol below a bit.
struct BinarySymbolCoder {
  private var bits = BitSequenceCoder()
  private var words: [UInt64] = []

  /// Appends symbols 0 and 1, grouped in buckets.
  ///
  /// Layout: coding u8, the more frequent symbol of each bucket as a bit, then a bit sequence: 1 where
  /// a symbol is the other one.
  /// - Parameter sizes: of the buckets; they add up to the symbols.
  mutating func encode(
    _ symbols: Span<UInt8>, buckets sizes: Span<UInt32>, into output: inout [UInt8]
  ) {
    output.append(SymbolCoding.bits.rawValue)
    var frequent = [UInt8](repeating: 0, count: (sizes.count + 7) / 8)
    words.removeAll(keepingCapacity: true)
    words.append(contentsOf: repeatElement(0, count: (symbols.count + 63) / 64))
    var place = 0
    for bucket in sizes.indices {
      let end = place + Int(sizes[bucket])
      var ones = 0
      for position in place..<end { ones += Int(symbols[position]) }
      let common: UInt8 = ones * 2 > end - place ? 1 : 0
      frequent[bucket >> 3] |= common << UInt8(bucket & 7)
      for position in place..<end {
        words[position >> 6] |= UInt64(symbols[position] ^ common) << UInt64(position & 63)
      }
      place = end
    }
    output.append(contentsOf: frequent)
    let held = exchange(&words, with: [])
    defer { words = held }
    bits.encode(held.span, bitCount: symbols.count, into: &output)
  }

  /// Replaces `symbols` by those that the reader stands before, behind their coding.
  ///
  /// - Parameter sizes: of the buckets; they add up to `count`.
  @_lifetime(reader: copy reader)
  mutating func decode(
    _ reader: inout ByteReader, count: Int, buckets sizes: Span<UInt32>,
    into symbols: inout [UInt8]
  ) throws(TrackerError) {
    guard count > 0 else { throw reader.malformed("no symbols as bits") }
    let frequent = try reader.readBytes((sizes.count + 7) / 8, "frequent symbols")
    let words = try bits.decode(&reader, bitCount: count, "symbols")
    symbols.removeAll(keepingCapacity: true)
    symbols.reserveCapacity(count)
    var place = 0
    for bucket in sizes.indices {
      let common = frequent[bucket >> 3] >> UInt8(bucket & 7) & 1
      for position in place..<place + Int(sizes[bucket]) {
        symbols.append(
          UInt8(truncatingIfNeeded: words[position >> 6] >> UInt64(position & 63) & 1) ^ common)
      }
      place += Int(sizes[bucket])
    }
  }
}
