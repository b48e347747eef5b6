/// An IEEE binary format, and the rounding of decimals into it.
struct BinaryFormat: Equatable {
  /// Stored bits of the significand, without the leading one.
  let fractionBits: Int
  /// The largest exponent, which is also the bias.
  let maxExponent: Int

  static let float32 = BinaryFormat(fractionBits: 23, maxExponent: 127)
  static let float64 = BinaryFormat(fractionBits: 52, maxExponent: 1023)

  var infinity: UInt64 { UInt64(2 * maxExponent + 1) << UInt64(fractionBits) }
  var quietNaN: UInt64 { infinity | 1 << UInt64(fractionBits - 1) }
  var signBit: UInt64 { infinity &+ (1 << UInt64(fractionBits)) }

  /// The powers of five below 2⁶³.
  private static let powersOfFive: [UInt64] = {
    var powers: [UInt64] = [1]
    for _ in 1...27 { powers.append(powers[powers.count - 1] * 5) }
    return powers
  }()

  /// The bits of the value nearest to significand × 10^exponent10, ties to even, or nil where that
  /// takes more than two words of integer arithmetic.
  ///
  /// Exact: a product or quotient of 64-bit integers is formed whole (the quotient with a note of
  /// whether anything remains) and rounded once to the format's width. So a float32 is never
  /// rounded by way of a float64.
  func nearest(_ significand: UInt64, exponent10: Int) -> UInt64? {
    guard significand != 0, exponent10.magnitude < UInt(Self.powersOfFive.count) else { return nil }
    let power = Self.powersOfFive[Int(exponent10.magnitude)]
    if exponent10 >= 0 {
      let (high, low) = significand.multipliedFullWidth(by: power)
      if high == 0 { return round(low, remains: false, exponent: exponent10) }
      let shift = UInt64(high.leadingZeroBitCount)
      // << by 64 gives 0, as wanted where the shift is 0.
      return round(
        high << shift | low >> (64 - shift), remains: low << shift != 0,
        exponent: exponent10 + 64 - Int(shift))
    }
    let lower = significand.leadingZeroBitCount
    let upper = power.leadingZeroBitCount
    let numerator = significand << UInt64(lower)
    let divisor = power << UInt64(upper)
    // The divisor's top bit is set and the numerator's high word is below 2⁶³, so the quotient fits
    // 64 bits; it has at least 63, more than any format's significand and its rounding bit.
    let (quotient, remainder) = divisor.dividingFullWidth((numerator >> 1, numerator << 63))
    return round(
      quotient, remains: remainder != 0, exponent: exponent10 + upper - lower - 63)
  }

  /// `bits` × 2^exponent, and a bit more where something `remains`, in this format; nil where it is
  /// beyond the normal values.
  private func round(_ bits: UInt64, remains: Bool, exponent: Int) -> UInt64? {
    let shift = bits.leadingZeroBitCount
    let normal = bits << UInt64(shift)
    let dropped = UInt64(63 - fractionBits)
    var kept = normal >> dropped
    let rest = normal & (1 << dropped - 1)
    let half: UInt64 = 1 << (dropped - 1)
    if rest > half || rest == half && (remains || kept & 1 == 1) { kept += 1 }
    var power = exponent - shift + 63
    if kept >> UInt64(fractionBits + 1) != 0 {
      kept >>= 1
      power += 1
    }
    guard power <= maxExponent, power > -maxExponent else { return nil }
    let fraction = kept & (1 << UInt64(fractionBits) - 1)
    return UInt64(power + maxExponent) << UInt64(fractionBits) | fraction
  }
}
