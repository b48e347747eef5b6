import TrackerModel

/// Packs integers of varying width end to end, lowest bits first.
struct BitPacker {
  /// Words that are full, and room.
  private var words: [UInt64] = []
  private var fullWords = 0
  private var pending: UInt64 = 0
  private var pendingBits = 0

  /// Bits appended so far.
  var bitCount: Int { fullWords << 6 + pendingBits }

  mutating func removeAll() {
    fullWords = 0
    pending = 0
    pendingBits = 0
  }

  /// Appends the low `width` bits of `value`, whose other bits are zero; `width` is 0 to 64.
  mutating func append(_ value: UInt64, width: Int) {
    if words.count < fullWords + 2 { words.resize(to: 2 * fullWords + 16) }
    // Shifts by 64 or more give 0 with Swift's smart shifts, which the edge cases rely on.
    words[fullWords] = pending | value << UInt64(pendingBits)
    let filled = pendingBits + width
    pending = filled < 64 ? words[fullWords] : value >> UInt64(64 - pendingBits)
    fullWords += filled >> 6
    pendingBits = filled & 63
  }

  /// Appends the extra bits of a column: each value less its symbol's base, in its symbol's width.
  mutating func append(
    _ values: Span<UInt64>, symbols: Span<UInt8>, bases: Span<UInt64>, widths: Span<UInt8>
  ) {
    // Room for the widest: 64 bits each.
    if words.count < fullWords + values.count + 2 { words.resize(to: fullWords + values.count + 2) }
    var place = fullWords
    var (pending, used) = (pending, UInt64(pendingBits))
    var target = words.mutableSpan
    for position in values.indices {
      let symbol = Int(symbols[position])
      let value = values[position] &- bases[symbol]
      // Without a branch: a word that is not full yet is written again.
      let word = pending | value &<< used
      target[place] = word
      let filled = used &+ UInt64(widths[symbol])
      // 64 − used, less 1, and once more by 1: used may be 0.
      pending = filled < 64 ? word : (value &>> (63 &- used)) &>> 1
      place &+= Int(truncatingIfNeeded: filled &>> 6)
      used = filled & 63
    }
    fullWords = place
    self.pending = pending
    pendingBits = Int(used)
  }

  private static func store(_ words: Span<UInt64>, into output: inout [UInt8], at start: Int) {
    var target = output.mutableSpan
    for place in words.indices { store(words[place], &target, at: start &+ 8 &* place) }
  }

  @inline(__always)
  private static func store(_ word: UInt64, _ bytes: inout MutableSpan<UInt8>, at place: Int) {
    // The last byte first: one bounds check serves all.
    bytes[place &+ 7] = UInt8(truncatingIfNeeded: word >> 56)
    bytes[place] = UInt8(truncatingIfNeeded: word)
    bytes[place &+ 1] = UInt8(truncatingIfNeeded: word >> 8)
    bytes[place &+ 2] = UInt8(truncatingIfNeeded: word >> 16)
    bytes[place &+ 3] = UInt8(truncatingIfNeeded: word >> 24)
    bytes[place &+ 4] = UInt8(truncatingIfNeeded: word >> 32)
    bytes[place &+ 5] = UInt8(truncatingIfNeeded: word >> 40)
    bytes[place &+ 6] = UInt8(truncatingIfNeeded: word >> 48)
  }

  /// Appends all bits to `output`, the last byte filled up with zeros, and begins anew.
  mutating func finish(into output: inout [UInt8]) {
    let start = output.count
    let byteCount = (bitCount + 7) / 8
    output.append(contentsOf: repeatElement(0, count: (fullWords + 1) * 8))
    if words.count <= fullWords { words.resize(to: fullWords + 1) }
    words[fullWords] = pending
    Self.store(words.span.extracting(0...fullWords), into: &output, at: start)
    output.removeLast(output.count - start - byteCount)
    removeAll()
  }
}

/// Reads what `BitPacker` wrote.
struct BitUnpacker {
  private var words: [UInt64]
  private var position = 0
  private let bitCount: Int

  /// Copies `bytes` into whole words, so that reading needs no byte-wise assembly.
  init(_ bytes: Span<UInt8>, reusing buffer: consuming [UInt64] = []) {
    words = buffer
    words.removeAll(keepingCapacity: true)
    words.reserveCapacity(bytes.count / 8 + 2)
    bitCount = bytes.count * 8
    var offset = 0
    while offset + 8 <= bytes.count {
      let part = bytes.extracting(offset..<offset + 8)
      var word: UInt64 = 0
      for byte in 0..<8 { word |= UInt64(part[byte]) << UInt64(8 * byte) }
      words.append(word)
      offset += 8
    }
    var word: UInt64 = 0
    for byte in offset..<bytes.count { word |= UInt64(bytes[byte]) << UInt64(8 * (byte - offset)) }
    words.append(word)
    words.append(0)
  }

  /// Whether the bits not read, less than a byte, are all zero: the one canonical filling.
  var restIsZero: Bool {
    let rest = bitCount - position
    guard rest > 0 else { return true }
    let (word, shift) = (position >> 6, UInt64(position & 63))
    return words[word] >> shift == 0
  }

  /// The next `width` bits, 0 to 64. The caller has checked that they are there.
  @inline(__always)
  mutating func read(_ width: Int) -> UInt64 {
    let word = position >> 6
    let shift = UInt64(position & 63)
    let bits = words[word] &>> shift | words[word + 1] << (64 - shift)
    position += width
    return width == 64 ? bits : bits & (1 &<< UInt64(width) &- 1)
  }

  /// Gives the buffer back; nothing may be read after.
  mutating func takeBuffer() -> [UInt64] { exchange(&words, with: []) }
}
