import TrackerModel

/// Conversions between the bytes of array elements and the columns of a history.
enum ArrayValues {
  /// A little-endian integer of 1 to 8 bytes.
  @inline(__always)
  static func load(_ bytes: Span<UInt8>, at start: Int, _ width: Int) -> UInt64 {
    var value: UInt64 = 0
    for offset in 0..<width { value |= UInt64(bytes[start + offset]) << UInt64(8 * offset) }
    return value
  }

  /// Appends a little-endian integer of 1 to 8 bytes.
  @inline(__always)
  static func store(_ value: UInt64, _ width: Int, to bytes: inout [UInt8]) {
    for offset in 0..<width {
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * offset)))
    }
  }

  /// The float32 that equals a float16, NaN payloads included.
  static func widenHalf(_ bits: UInt16) -> UInt32 {
    let sign = UInt32(bits & 0x8000) << 16
    let fraction = UInt32(bits & 0x03FF)
    switch bits & 0x7C00 {
    case 0x7C00: return sign | 0x7F80_0000 | fraction << 13
    case 0:
      // A multiple of 2⁻²⁴, of at most 10 bits: exact in float32.
      return sign | (Float(fraction) * 0x1p-24).bitPattern
    default: return sign | (UInt32(bits & 0x7FFF) + (112 << 10)) << 13
    }
  }

  /// Appends elements as float64 bits, widened.
  ///
  /// - Returns: the place of the first integer that no float64 equals, nil where there is none.
  static func appendValues(
    _ bytes: Span<UInt8>, _ element: NPYElement, to bits: inout [UInt64]
  ) -> Int? {
    let count = bytes.count / element.size
    bits.reserveCapacity(bits.count + count)
    switch element {
    case .float(4):
      for place in 0..<count {
        let loaded = load(bytes, at: place * 4, 4)
        bits.append(Widening.widen(UInt32(truncatingIfNeeded: loaded)))
      }
    case .float(8):
      for place in 0..<count { bits.append(load(bytes, at: place * 8, 8)) }
    case .float:
      for place in 0..<count {
        let half = UInt16(truncatingIfNeeded: load(bytes, at: place * 2, 2))
        bits.append(Widening.widen(widenHalf(half)))
      }
    case .unsigned(8):
      for place in 0..<count {
        guard let value = Double(exactly: load(bytes, at: place * 8, 8)) else { return place }
        bits.append(value.bitPattern)
      }
    default:
      for place in 0..<count {
        guard let integer = integer(bytes, place, element), let value = Double(exactly: integer)
        else { return place }
        bits.append(value.bitPattern)
      }
    }
    return nil
  }

  /// An element as an integer; nil where the type is none, or it exceeds Int64.
  @inline(__always)
  static func integer(_ bytes: Span<UInt8>, _ place: Int, _ element: NPYElement) -> Int64? {
    switch element {
    case .signed(let width):
      let unused = UInt64(64 - 8 * width)
      return Int64(bitPattern: load(bytes, at: place * width, width) << unused) >> Int64(unused)
    case .unsigned(let width): return Int64(exactly: load(bytes, at: place * width, width))
    case .bool: return Int64(bytes[place])
    case .float, .unicode, .bytes: return nil
    }
  }

  /// Appends a string element as UTF-8 without the zeros that fill it up; false where it is no text.
  static func appendString(
    _ bytes: Span<UInt8>, _ place: Int, _ element: NPYElement, to text: inout [UInt8]
  ) -> Bool {
    let size = element.size
    let own = bytes.extracting(place * size..<(place + 1) * size)
    var end = size
    if case .unicode = element {
      while end > 0, load(own, at: end - 4, 4) == 0 { end -= 4 }
      for start in stride(from: 0, to: end, by: 4) {
        guard let scalar = UnicodeScalar(UInt32(load(own, at: start, 4))) else { return false }
        for byte in UTF8.encode(scalar) ?? .init() { text.append(byte) }
      }
      return true
    }
    while end > 0, own[end - 1] == 0 { end -= 1 }
    guard UTF8Text.isValid(own.extracting(0..<end)) else { return false }
    for position in 0..<end { text.append(own[position]) }
    return true
  }
}
