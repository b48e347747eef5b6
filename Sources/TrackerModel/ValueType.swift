/// The precision in which a channel's values are stored. Raw values are the Spec's.
public enum ValueType: UInt8, Sendable, Hashable, CustomStringConvertible {
  case float32 = 0
  case float64 = 1

  public var description: String { self == .float32 ? "float32" : "float64" }

  /// The type that holds both exactly.
  public func joined(with other: ValueType) -> ValueType {
    self == .float64 || other == .float64 ? .float64 : .float32
  }
}

/// Exact conversions between the bit patterns of float32 and float64.
///
/// Done on bits because the hardware conversion quiets signalling NaNs, and a history must give
/// back every payload that it was given.
public enum Widening {
  /// The float64 bits of the same value, NaN payloads and their signalling bit included.
  @inlinable
  public static func widen(_ bits: UInt32) -> UInt64 {
    if bits & 0x7F80_0000 == 0x7F80_0000 {
      let sign = UInt64(bits >> 31) << 63
      return sign | 0x7FF0_0000_0000_0000 | UInt64(bits & 0x007F_FFFF) << 29
    }
    return Double(Float(bitPattern: bits)).bitPattern
  }

  /// The float32 bits of a value that was widened from them.
  ///
  /// - Precondition: it was; other bits give a value near theirs, or another NaN.
  @inlinable
  public static func narrowWidened(_ bits: UInt64) -> UInt32 {
    if bits & 0x7FF0_0000_0000_0000 == 0x7FF0_0000_0000_0000 {
      return UInt32(truncatingIfNeeded: bits >> 63) << 31 | 0x7F80_0000
        | UInt32(truncatingIfNeeded: (bits & 0x000F_FFFF_FFFF_FFFF) >> 29)
    }
    return Float(Double(bitPattern: bits)).bitPattern
  }

  /// The float32 bits that widen to exactly `bits`, or nil where there are none.
  @inlinable
  public static func narrow(_ bits: UInt64) -> UInt32? {
    let candidate = narrowWidened(bits)
    return widen(candidate) == bits ? candidate : nil
  }
}
