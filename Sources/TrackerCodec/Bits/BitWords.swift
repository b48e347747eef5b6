/// Work on bits in words, 64 at a time: bit `i` is bit `i mod 64` of word `i / 64`.
enum BitWords {
  /// Words of zeros for as many bits.
  static func zeros(_ bitCount: Int) -> [UInt64] {
    [UInt64](repeating: 0, count: (bitCount + 63) / 64)
  }

  /// The 64 bits from `bit` on; those behind the last word are 0.
  @inline(__always)
  static func word(_ words: Span<UInt64>, at bit: Int) -> UInt64 {
    let (place, shift) = (bit >> 6, UInt64(bit & 63))
    let low = words[place] &>> shift
    guard shift > 0, place + 1 < words.count else { return low }
    return low | words[place + 1] &<< (64 &- shift)
  }

  /// The lowest `count` bits, all where it is 64 or more.
  @inline(__always)
  static func mask(_ count: Int) -> UInt64 { count >= 64 ? .max : (1 &<< UInt64(count)) &- 1 }

  /// Puts `count` bits of `source` from `start` on into `target` from `place` on, where zeros stand.
  static func copy(
    _ source: Span<UInt64>, from start: Int, count: Int, into target: inout [UInt64],
    at place: Int
  ) {
    var done = 0
    while done < count {
      let bits = word(source, at: start + done) & mask(count - done)
      let (index, shift) = ((place + done) >> 6, UInt64((place + done) & 63))
      target[index] |= bits &<< shift
      // What is shifted out goes to the next word, which is there where such bits are.
      if shift > 0 {
        let rest = bits &>> (64 &- shift)
        if rest != 0 { target[index + 1] |= rest }
      }
      done += 64
    }
  }

  /// Replaces `target` by `count` bits of `source` from `start` on.
  static func extract(
    _ source: Span<UInt64>, from start: Int, count: Int, into target: inout [UInt64]
  ) {
    target.removeAll(keepingCapacity: true)
    target.reserveCapacity((count + 63) / 64)
    var done = 0
    while done < count {
      target.append(word(source, at: start + done) & mask(count - done))
      done += 64
    }
  }

  /// How many of the bits in a range are 1.
  static func ones(_ words: Span<UInt64>, in range: Range<Int>) -> Int {
    var (found, bit) = (0, range.lowerBound)
    while bit < range.upperBound {
      found += (word(words, at: bit) & mask(range.upperBound - bit)).nonzeroBitCount
      bit += 64
    }
    return found
  }

  /// The words as bytes, lowest first, as many as `bitCount` bits need.
  static func bytes(_ words: Span<UInt64>, bitCount: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(words.count * 8)
    for place in words.indices { bytes.appendFixed(words[place]) }
    bytes.removeLast(bytes.count - (bitCount + 7) / 8)
    return bytes
  }

  /// The counterpart of `bytes`.
  static func words(_ bytes: Span<UInt8>) -> [UInt64] {
    var words: [UInt64] = []
    words.reserveCapacity((bytes.count + 7) / 8)
    var offset = 0
    while offset < bytes.count {
      let part = bytes.extracting(offset..<min(bytes.count, offset + 8))
      var word: UInt64 = 0
      if part.count == 8 {
        for byte in 0..<8 { word |= UInt64(part[byte]) &<< UInt64(8 &* byte) }
      } else {
        for byte in part.indices { word |= UInt64(part[byte]) << UInt64(8 * byte) }
      }
      words.append(word)
      offset += 8
    }
    return words
  }
}
