import TrackerModel

/// How a sequence of bits is stored. Raw values are the Spec's.
enum BitCoding: UInt8 {
  /// All bits, in a byte block.
  case bitmap = 0
  /// The places of the ones.
  case ones = 1
  /// The places of the zeros.
  case zeros = 2
}

/// Writes and reads sequences of bits whose number is known: bitmaps near the entropy of their
/// density, or the gaps between the ones or the zeros where these are few.
///
/// Layout: bit coding u8; bitmap: a byte block; else: a count varint and a symbol column of gaps.
struct BitSequenceCoder {
  /// One in so many: below it gaps come nearer to the entropy than the Huffman codes of a bitmap's
  /// bytes, which cannot go below a bit for eight.
  static let sparsity = 8

  private var symbolCoder = SymbolColumnCoder()
  private var blockCoder = ByteBlockCoder()

  /// Appends the sequence. Bits of `words` behind the last one are zero. Complexity: O(bits / 8).
  mutating func encode(_ words: Span<UInt64>, bitCount: Int, into output: inout [UInt8]) {
    let ones = BitWords.ones(words, in: 0..<bitCount)
    let coding: BitCoding =
      ones * Self.sparsity < bitCount
      ? .ones : (bitCount - ones) * Self.sparsity < bitCount ? .zeros : .bitmap
    output.append(coding.rawValue)
    guard coding != .bitmap else {
      let bytes = BitWords.bytes(words, bitCount: bitCount)
      blockCoder.encode(bytes.span, into: &output)
      return
    }
    let inversion: UInt64 = coding == .zeros ? .max : 0
    var gaps: [UInt64] = []
    gaps.reserveCapacity(coding == .ones ? ones : bitCount - ones)
    var next = 0
    for place in 0..<(bitCount + 63) / 64 {
      var rest = (words[place] ^ inversion) & BitWords.mask(bitCount - place * 64)
      while rest != 0 {
        let bit = place * 64 + rest.trailingZeroBitCount
        gaps.append(UInt64(bit - next))
        next = bit + 1
        rest &= rest &- 1
      }
    }
    output.appendVarint(gaps.count)
    _ = symbolCoder.encodeMagnitudes(gaps.span, into: &output)
  }

  /// The words of the `bitCount` bits that the reader stands before.
  @_lifetime(reader: copy reader)
  mutating func decode(_ reader: inout ByteReader, bitCount: Int, _ what: String)
    throws(TrackerError) -> [UInt64]
  {
    let byte = try reader.readUInt8("bit coding")
    guard let coding = BitCoding(rawValue: byte) else {
      throw TrackerError(
        .unsupportedEncoding, reader.subject, "unknown bit coding \(byte)",
        offset: UInt64(reader.position - 1), remedy: "a newer version may read it")
    }
    if coding == .bitmap {
      let bytes = try blockCoder.decode(&reader, count: (bitCount + 7) / 8, what)
      if bitCount & 7 != 0, bytes[bytes.count - 1] >> (bitCount & 7) != 0 {
        throw reader.malformed("\(what): bits beyond the last are set")
      }
      return BitWords.words(bytes.span)
    }
    // More would be smaller as a bitmap, and takes 64 times its memory here.
    let count = try reader.readCount("places of \(what)", limit: bitCount / Self.sparsity)
    var gaps: [UInt64] = []
    _ = try symbolCoder.decode(&reader, count: count, table: .magnitude, into: &gaps)
    var words = BitWords.zeros(bitCount)
    var next = 0
    for gap in gaps {
      guard gap < UInt64(bitCount - next) else {
        throw reader.malformed("\(what): a place beyond the last")
      }
      next += Int(gap)
      words[next >> 6] |= 1 &<< UInt64(next & 63)
      next += 1
    }
    if coding == .zeros {
      for place in words.indices {
        words[place] = ~words[place] & BitWords.mask(bitCount - place * 64)
      }
    }
    return words
  }
}
