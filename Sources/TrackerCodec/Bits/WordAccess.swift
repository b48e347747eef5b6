/// Eight bytes at once, in little-endian order, at any place.
extension Span<UInt8> {
  /// The 64 bits from byte `offset` on, its lowest first.
  ///
  /// - Precondition: eight bytes are there, which is checked.
  @inline(__always)
  func word(at offset: Int) -> UInt64 {
    // SAFETY: the load checks its bounds, and any eight bytes are a UInt64; it is called unsafe because
    // that does not hold for every type.
    unsafe UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// The bits from bit `bit` on, at least 57 of them; zeros behind the last byte.
  @inline(__always)
  func bits(from bit: Int) -> UInt64 {
    let offset = UInt(bitPattern: bit) &>> 3
    guard offset &+ 8 <= UInt(bitPattern: count) else { return lastBits(from: bit) }
    // SAFETY: that eight bytes are there was checked just now; else as above.
    let word = unsafe UInt64(
      littleEndian: bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: Int(bitPattern: offset), as: UInt64.self))
    return word &>> UInt64(truncatingIfNeeded: bit & 7)
  }

  @inline(never)
  private func lastBits(from bit: Int) -> UInt64 {
    var word: UInt64 = 0
    var place = bit >> 3
    var shift: UInt64 = 0
    while place < count, shift < 64 {
      word |= UInt64(self[place]) << shift
      place += 1
      shift += 8
    }
    return word >> UInt64(bit & 7)
  }
}

extension MutableSpan<UInt8> {
  /// Replaces the eight bytes from `offset` on.
  ///
  /// - Precondition: they are there, which is checked.
  @_lifetime(self: copy self)
  @inline(__always)
  mutating func store(_ word: UInt64, at offset: Int) {
    // SAFETY: the store checks its bounds, and eight bytes of any value are bytes.
    var bytes = unsafe mutableBytes
    bytes.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt64.self)
  }
}
