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

  /// The same, but nil where fewer than eight bytes are left: loops then need no call.
  @inline(__always)
  func wholeBits(from bit: Int) -> UInt64? {
    let offset = UInt(bitPattern: bit) &>> 3
    guard Int(bitPattern: offset) <= count &- 8 else { return nil }
    // SAFETY: that eight bytes are there was checked just now, as no count is below 0 and `offset`, shifted,
    // has no sign; else as above.
    let word = unsafe UInt64(
      littleEndian: bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: Int(bitPattern: offset), as: UInt64.self))
    return word &>> UInt64(truncatingIfNeeded: bit & 7)
  }

  /// The eight bytes from byte `offset` on, as `word(at:)`, but nil where fewer are left.
  @inline(__always)
  func wholeWord(at offset: Int) -> UInt64? {
    guard offset >= 0, offset <= count &- 8 else { return nil }
    // SAFETY: that eight bytes are there was checked just now; else as above.
    return unsafe UInt64(
      littleEndian: bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: offset, as: UInt64.self))
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

extension Span<UInt32> {
  /// The four integers from `place` on.
  ///
  /// - Precondition: they are there, which is checked.
  @inline(__always)
  func four(at place: Int) -> SIMD4<UInt32> {
    precondition(place >= 0 && place <= count &- 4, "four integers within the span")
    // SAFETY: that they are there was checked just now, and any bytes are integers.
    return unsafe bytes.unsafeLoadUnaligned(
      fromUncheckedByteOffset: 4 &* place, as: SIMD4<UInt32>.self)
  }
}

extension MutableSpan where Element: ValueWord {
  /// Replaces the four values from `place` on.
  ///
  /// - Precondition: they are there, which is checked.
  @_lifetime(self: copy self)
  @inline(__always)
  mutating func store(_ values: SIMD4<UInt32>, at place: Int) {
    if Element.self == UInt32.self {
      precondition(place >= 0 && place <= count &- 4, "four values within the span")
      // SAFETY: that they are there was checked just now, and any bytes are integers.
      var bytes = unsafe mutableBytes
      unsafe bytes.storeBytes(
        of: values, toUncheckedByteOffset: 4 &* place, as: SIMD4<UInt32>.self)
    } else {
      for lane in 0..<4 { self[place &+ lane] = Element(truncatingIfNeeded: values[lane]) }
    }
  }
}

extension Span<SIMD2<Double>> {
  /// The pair that begins `offset` bytes behind the first.
  ///
  /// - Precondition: it is there, which is checked.
  @inline(__always)
  func pair(atByte offset: UInt32) -> SIMD2<Double> {
    let offset = Int(truncatingIfNeeded: offset)
    precondition(offset & 15 == 0 && offset &+ 16 <= 16 &* count, "a pair within the span")
    // SAFETY: that it is there was checked just now, and any bytes are numbers.
    return unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: SIMD2<Double>.self)
  }
}

extension Span<UInt8> {
  /// The eight bytes from `place` on.
  ///
  /// - Precondition: they are there, which is checked.
  @inline(__always)
  func eight(at place: Int) -> SIMD8<UInt8> {
    precondition(place >= 0 && place <= count &- 8, "eight bytes within the span")
    // SAFETY: that they are there was checked just now, and any bytes are integers.
    return unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: place, as: SIMD8<UInt8>.self)
  }
}

extension MutableSpan<UInt8> {
  /// Replaces the eight bytes from `place` on.
  ///
  /// - Precondition: they are there, which is checked.
  @_lifetime(self: copy self)
  @inline(__always)
  mutating func store(_ values: SIMD8<UInt8>, at place: Int) {
    precondition(place >= 0 && place <= count &- 8, "eight bytes within the span")
    // SAFETY: that they are there was checked just now, and any bytes are integers.
    var bytes = unsafe mutableBytes
    unsafe bytes.storeBytes(of: values, toUncheckedByteOffset: place, as: SIMD8<UInt8>.self)
  }
}

extension MutableSpan<UInt16> {
  /// The eight integers from `place` on.
  ///
  /// - Precondition: they are there, which is checked.
  @inline(__always)
  func eight(at place: Int) -> SIMD8<UInt16> {
    precondition(place >= 0 && place <= count &- 8, "eight integers within the span")
    // SAFETY: that they are there was checked just now, and any bytes are integers.
    return unsafe bytes.unsafeLoadUnaligned(
      fromUncheckedByteOffset: 2 &* place, as: SIMD8<UInt16>.self)
  }

  /// Replaces the eight integers from `place` on.
  ///
  /// - Precondition: they are there, which is checked.
  @_lifetime(self: copy self)
  @inline(__always)
  mutating func store(_ values: SIMD8<UInt16>, at place: Int) {
    precondition(place >= 0 && place <= count &- 8, "eight integers within the span")
    // SAFETY: that they are there was checked just now, and any bytes are integers.
    var bytes = unsafe mutableBytes
    unsafe bytes.storeBytes(of: values, toUncheckedByteOffset: 2 &* place, as: SIMD8<UInt16>.self)
  }
}
