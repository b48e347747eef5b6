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

/// The mapping to ordered integers without the low bits that no value of the column has: 16 fewer for
/// bfloat16, as many as lossy precision leaves out.
struct OrderedMapping {
  var type: ValueType
  /// Low bits left out; values that have any of them are exceptions.
  var shift: Int

  var bits: Int { (type == .float32 ? 32 : 64) - shift }
  var highestCode: UInt64 { .max >> UInt64(64 - bits) }

  func encode<Word: ValueWord>(
    _ values: Span<Word>, firstCell: Int, into codes: inout MutableSpan<UInt64>,
    _ misfits: inout Misfits
  ) {
    let mask = 1 << UInt64(shift) &- 1 as UInt64
    for cell in values.indices {
      let bits = UInt64(truncatingIfNeeded: values[cell])
      codes[firstCell &+ cell] = OrderedInteger.map(bits, type) &>> UInt64(shift)
      if bits & mask != 0 { misfits.appendException(bits, at: firstCell + cell) }
    }
  }

  func decode<Word: ValueWord>(
    _ codes: Span<UInt64>, into values: inout MutableSpan<Word>, from first: Int
  ) {
    let mask = 1 << UInt64(shift) &- 1 as UInt64
    for place in codes.indices {
      let bits = OrderedInteger.unmap(codes[place] &<< UInt64(shift), type) & ~mask
      values[first &+ place] = Word(truncatingIfNeeded: bits)
    }
  }
}

/// The mapping of values that are float16 to the ordered integers of that type.
struct HalfMapping {
  static let bits = 16

  func encode<Word: ValueWord>(
    _ values: Span<Word>, firstCell: Int, into codes: inout MutableSpan<UInt64>,
    _ misfits: inout Misfits
  ) {
    for cell in values.indices {
      let bits = UInt32(truncatingIfNeeded: values[cell])
      if let half = ValuePrecision.float16.narrow(bits) {
        codes[firstCell &+ cell] = UInt64(half & 0x8000 != 0 ? ~half & 0xFFFF : half | 0x8000)
      } else {
        codes[firstCell &+ cell] = 0x8000
        misfits.appendException(UInt64(bits), at: firstCell + cell)
      }
    }
  }

  func decode<Word: ValueWord>(
    _ codes: Span<UInt64>, into values: inout MutableSpan<Word>, from first: Int
  ) {
    for place in codes.indices {
      let code = UInt32(truncatingIfNeeded: codes[place])
      let half = code & 0x8000 != 0 ? code & 0x7FFF : ~code & 0xFFFF
      values[first &+ place] = Word(truncatingIfNeeded: ValuePrecision.float16.widen(half))
    }
  }
}
