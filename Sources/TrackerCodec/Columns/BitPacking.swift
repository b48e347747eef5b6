import TrackerModel

/// Packs integers of varying width end to end, lowest bits first.
struct BitPacker {
  private(set) var words: [UInt64] = []
  private var pending: UInt64 = 0
  private var pendingBits = 0
  /// Bits appended so far.
  private(set) var bitCount = 0

  mutating func removeAll() {
    words.removeAll(keepingCapacity: true)
    pending = 0
    pendingBits = 0
    bitCount = 0
  }

  mutating func reserve(bits: Int) { words.reserveCapacity(bits / 64 + 2) }

  /// Appends the low `width` bits of `value`, whose other bits are zero; `width` is 0 to 64.
  @inline(__always)
  mutating func append(_ value: UInt64, width: Int) {
    // Shifts by 64 or more give 0 with Swift's smart shifts, which the edge cases rely on.
    pending |= value << UInt64(pendingBits)
    let filled = pendingBits + width
    bitCount += width
    if filled >= 64 {
      words.append(pending)
      pending = value >> UInt64(64 - pendingBits)
      pendingBits = filled - 64
    } else {
      pendingBits = filled
    }
  }

  /// Appends all bits to `output`, the last byte filled up with zeros.
  mutating func finish(into output: inout [UInt8]) {
    let start = output.count
    let byteCount = (bitCount + 7) / 8
    if pendingBits > 0 { words.append(pending) }
    output.reserveCapacity(start + words.count * 8)
    for word in words { output.appendFixed(word) }
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
