import TrackerModel

/// The ordered IEEE integer: float bits as unsigned integers whose order is the floats' order.
///
/// A bijection on all bit patterns, so NaN payloads, signed zeros and infinities survive.
enum OrderedInteger {
  @inline(__always)
  static func map(_ bits: UInt64, _ type: ValueType) -> UInt64 {
    switch type {
    case .float32: bits & 0x8000_0000 != 0 ? ~bits & 0xFFFF_FFFF : bits | 0x8000_0000
    case .float64: bits >> 63 == 1 ? ~bits : bits | 0x8000_0000_0000_0000
    }
  }

  @inline(__always)
  static func unmap(_ value: UInt64, _ type: ValueType) -> UInt64 {
    switch type {
    case .float32: value & 0x8000_0000 != 0 ? value & 0x7FFF_FFFF : ~value & 0xFFFF_FFFF
    case .float64: value >> 63 == 1 ? value & 0x7FFF_FFFF_FFFF_FFFF : ~value
    }
  }
}
