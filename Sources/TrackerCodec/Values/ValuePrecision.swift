import TrackerModel

/// The precision that a loss was computed in, which may be less than that of the type that holds it.
/// Raw values are the Spec's.
enum ValuePrecision: UInt8, CaseIterable {
  case float32 = 0
  case float16 = 1
  case bfloat16 = 2

  /// Mantissa bits under the leading one.
  var mantissaBits: Int {
    switch self {
    case .float32: 23
    case .float16: 10
    case .bfloat16: 7
    }
  }

  /// The highest bit pattern without the sign.
  var highestPositive: UInt32 { self == .float32 ? 0x7FFF_FFFF : 0x7FFF }

  /// The bits in this precision of a float32 that has exactly this value; nil where none does.
  @inline(__always)
  func narrow(_ bits: UInt32) -> UInt32? {
    switch self {
    case .float32: return bits
    case .bfloat16: return bits & 0xFFFF == 0 ? bits >> 16 : nil
    case .float16:
      let sign = bits >> 16 & 0x8000
      let magnitude = bits & 0x7FFF_FFFF
      let exponent = magnitude >> 23
      switch exponent {
      case 0: return magnitude == 0 ? sign : nil
      case 103..<113:
        // A subnormal: a multiple of 2⁻²⁴.
        let mantissa = magnitude & 0x7F_FFFF | 0x80_0000
        let drop = 126 - exponent
        return mantissa & (1 << drop &- 1) == 0 ? sign | mantissa >> drop : nil
      case 113..<143:
        return magnitude & 0x1FFF == 0 ? sign | (magnitude - 0x3800_0000) >> 13 : nil
      case 255:
        return magnitude & 0x1FFF == 0 ? sign | 0x7C00 | magnitude >> 13 & 0x3FF : nil
      default: return nil
      }
    }
  }

  /// The float32 bits of the same value; exact, NaN payloads included.
  @inline(__always)
  func widen(_ bits: UInt32) -> UInt32 {
    switch self {
    case .float32: return bits
    case .bfloat16: return bits << 16
    case .float16:
      let sign = (bits & 0x8000) << 16
      let magnitude = bits & 0x7FFF
      if magnitude >= 0x7C00 { return sign | 0x7F80_0000 | (magnitude & 0x3FF) << 13 }
      if magnitude >= 0x400 { return sign | (magnitude << 13 &+ 0x3800_0000) }
      if magnitude == 0 { return sign }
      let lead = UInt32(truncatingIfNeeded: 31 - magnitude.leadingZeroBitCount)
      return sign | (lead + 103) << 23 | (magnitude << (23 - lead) & 0x7F_FFFF)
    }
  }

  /// The bits in this precision nearest to a float32 from 0 to 1, ties to even.
  @inline(__always)
  func round(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    switch self {
    case .float32: return bits
    case .bfloat16: return (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16
    case .float16:
      guard bits < 0x3880_0000 else { return (bits &+ 0xFFF &+ (bits >> 13 & 1)) >> 13 &- 0x1C000 }
      // Below 2⁻¹⁴ halves are multiples of 2⁻²⁴. Adding 2⁵² leaves no bit behind the point.
      let scaled = Double(value) * 0x1p24 + 0x1p52
      return UInt32(truncatingIfNeeded: scaled.bitPattern & 0xFFFF)
    }
  }
}
