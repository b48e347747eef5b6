/// Exponential and logarithm in plain IEEE arithmetic, so that every machine gets the same bits;
/// the C library's differ from one to the next in the last place.
///
/// Both are right to 2 ulps of a Double, and so almost always correctly rounded once they are Floats.
enum ElementaryFunctions {
  /// ln 2 in two parts: products of the first with a small integer are exact.
  private static let ln2High = 0x1.62e42feep-1
  private static let ln2Low = 0x1.a39ef35793c76p-33

  static func exponential(_ x: Double) -> Double {
    guard !x.isNaN else { return x }
    // Beyond these the result is 0 or infinite in Double.
    guard x > -746 else { return 0 }
    guard x < 710 else { return .infinity }
    let k = (x / (ln2High + ln2Low)).rounded()
    let r = (x - k * ln2High) - k * ln2Low
    // |r| ≤ ln 2 / 2: the Taylor series' fourteenth term is below 2⁻⁵³.
    var sum = 1.0
    for n in stride(from: 14.0, to: 0, by: -1) { sum = 1 + r / n * sum }
    // In two factors: 2ᵏ itself leaves the exponent's range at both ends.
    let half = Int(k) / 2
    return sum * Double(sign: .plus, exponent: half, significand: 1)
      * Double(sign: .plus, exponent: Int(k) - half, significand: 1)
  }

  /// - Parameter x: a positive, finite, normal number.
  static func logarithm(_ x: Double) -> Double {
    precondition(x.isNormal && x > 0, "the logarithm is taken of a positive normal number")
    var m = x.significand
    var k = Double(x.exponent)
    if m > 1.4142135623730951 {
      m /= 2
      k += 1
    }
    // ln m = 2 artanh s, and |s| ≤ 0.172: the series' terms fall by a factor of 34 each.
    let s = (m - 1) / (m + 1)
    let square = s * s
    var sum = 0.0
    for n in stride(from: 25.0, to: 2, by: -2) { sum = (sum + 1 / n) * square }
    return k * ln2High + (2 * s + (2 * s * sum + k * ln2Low))
  }
}
