/// What columns would cost, for choosing between codings. Plain double operations only, so that every
/// platform chooses alike.
enum Entropy {
  /// The binary logarithm of a positive number, to about 10⁻⁵.
  @inline(__always)
  static func log2(_ value: Double) -> Double {
    let bits = value.bitPattern
    let exponent = Double(Int(truncatingIfNeeded: bits >> 52) - 1023)
    let mantissa = Double(bitPattern: bits & 0x000F_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000)
    let t = (mantissa - 1) / (mantissa + 1)
    let s = t * t
    let series = 1 + s * (0x1.5555555555555p-2 + s * (0.2 + s * (1.0 / 7 + s * (1.0 / 9))))
    return exponent + 2.8853900817779268 * t * series
  }

  /// n · log2 n; 0 for 0.
  @inline(__always)
  static func weighted(_ count: Int) -> Double {
    count < 2 ? 0 : Double(count) * log2(Double(count))
  }

  /// The bits of a stream with these symbol counts at order 0.
  static func bits(_ counts: Span<UInt32>) -> Double {
    var total = 0
    var sum = 0.0
    for symbol in counts.indices {
      total += Int(counts[symbol])
      sum += weighted(Int(counts[symbol]))
    }
    return weighted(total) - sum
  }
}
