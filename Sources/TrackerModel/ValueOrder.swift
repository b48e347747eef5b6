/// The total order in which values rank: -inf < … < -0.0 = 0.0 < … < +inf < NaN, all NaNs equal.
public enum ValueOrder {
  /// A key whose unsigned order is the rank order of the float64 with these bits.
  @inlinable
  public static func rank(_ bits: UInt64) -> UInt64 {
    let magnitude = bits & 0x7FFF_FFFF_FFFF_FFFF
    if magnitude > 0x7FF0_0000_0000_0000 { return .max }
    if magnitude == 0 { return 0x8000_0000_0000_0000 }
    return bits >> 63 == 1 ? ~bits : bits | 0x8000_0000_0000_0000
  }

  /// Whether the value with bits `left` ranks before the one with bits `right`; ties by bit pattern.
  @inlinable
  public static func precedes(_ left: UInt64, _ right: UInt64) -> Bool {
    let (leftRank, rightRank) = (rank(left), rank(right))
    return leftRank != rightRank ? leftRank < rightRank : left < right
  }
}
