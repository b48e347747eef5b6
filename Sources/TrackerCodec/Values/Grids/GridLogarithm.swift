/// Which logarithm a grid follows.
enum LogarithmCurve: Sendable {
  /// log(1 + k·2⁻²³): a cross-entropy from logits, where the softmax's sum is a float32 in [1, 2].
  case rising
  /// −log(1 − k·2⁻²⁴): a cross-entropy from a probability that is a float32 in [½, 1].
  case falling
}

/// The logarithm of the grids, in plain IEEE double operations in a fixed order, so that every platform
/// computes the same bits (Spec, "Grid logarithm"). k is 0 to 2²³.
///
/// Within about 2⁻⁴⁵ of the true logarithm, relatively; as a float32 it is the nearest to the true one for
/// every k, as all 2²³ + 1 of both curves were compared.
struct GridLogarithm: Sendable {
  private let sign: Double
  /// 2²³ for the rising, −2²⁴ for the falling curve.
  private let factor: Double
  /// For each segment of 2¹⁶: what it is centred on, that plus 2⁵² + 1, its scale and its logarithm.
  /// Behind the 128 segments the last is repeated, for k = 2²³ and for codes that
  /// are none; the very last is for code 0, which gives −0.0. In an array: loops would copy an inline one.
  private var segments: [SIMD4<Double>] = []
  /// 2^(±i / 128) for i up to 128, filled up to 256.
  private var powers = [Double](repeating: 0, count: 256)

  init(_ curve: LogarithmCurve) {
    let isRising = curve == .rising
    sign = isRising ? 1 : -1
    factor = isRising ? 0x1p23 : -0x1p24
    let table = isRising ? GridLogarithmTables.rising : GridLogarithmTables.falling
    for segment in 0..<128 {
      // Segment j is centred on 2j + 1 times 2¹⁵, but the first on 0, where relative precision counts.
      let offset = segment == 0 ? 0 : Double((2 * segment + 1) << 15)
      let scale = isRising ? 0x1p-23 / (1 + offset * 0x1p-23) : -0x1p-24 / (1 - offset * 0x1p-24)
      segments.append(
        SIMD4(offset, 0x1p52 + 1 + offset, scale, Double(bitPattern: table[segment])))
    }
    segments.append(contentsOf: repeatElement(segments[127], count: 127))
    // Where code 0 looks: its distance from 2⁵² is 0, times −1 or 1 and that times the sign −0.0.
    segments.append(SIMD4(0, 0x1p52, -sign, -0.0))
    for step in 0...128 {
      powers[step] = Double(
        bitPattern: GridLogarithmTables.powers[isRising ? 128 + step : 128 - step])
    }
  }

  /// Its tables as spans, for loops.
  var kernel: Kernel {
    @_lifetime(borrow self)
    @inline(__always)
    get {
      // Of a length that the compiler knows, so that bytes as places need no bounds checks.
      Kernel(
        sign: sign, factor: factor, segments: segments.span.extracting(0..<256),
        powers: powers.span.extracting(0..<256))
    }
  }

  struct Kernel: ~Escapable {
    private let sign: Double
    private let factor: Double
    private let segments: Span<SIMD4<Double>>
    private let powers: Span<Double>

    @_lifetime(copy segments, copy powers)
    @inline(__always)
    fileprivate init(
      sign: Double, factor: Double, segments: Span<SIMD4<Double>>, powers: Span<Double>
    ) {
      self.sign = sign
      self.factor = factor
      self.segments = segments
      self.powers = powers
    }

    /// The logarithm at `k`, 0 to 2²³.
    @inline(__always)
    func value(at k: Int32) -> Float {
      let segment = segments[Int(truncatingIfNeeded: k &>> 16)]
      let t = (Double(k) - segment.x) * segment.z
      // Pairs first: a shorter chain of operations than Horner's.
      let square = t * t
      let low = 1 - 0.5 * t
      let middle = 0x1.5555555555555p-2 - 0.25 * t  // 1/3
      let high = 0x1.999999999999ap-3 - 0x1.5555555555555p-3 * t  // 1/5, 1/6
      let p = ((high * square + middle) * square + low) * t
      // Times 1 or −1 is exact.
      return Float(segment.w + sign * p)
    }

    /// The bits of the logarithms at two codes less 1, each 0 to 2²³: the operations of `value(at:)`, side by side. Code 0
    /// gives −0.0, others below 2³² any numbers.
    @inline(__always)
    func values(atCodes first: UInt64, _ second: UInt64) -> SIMD2<UInt32> {
      let low = segments[Int(UInt8(truncatingIfNeeded: (first &- 1) &>> 16))]
      let high = segments[Int(UInt8(truncatingIfNeeded: (second &- 1) &>> 16))]
      // An integer in the low bits of 2⁵² is added to it.
      let codes = SIMD2(
        Double(bitPattern: first | 0x4330_0000_0000_0000),
        Double(bitPattern: second | 0x4330_0000_0000_0000))
      let t = (codes - SIMD2(low.y, high.y)) * SIMD2(low.z, high.z)
      let square = t * t
      let p =
        (((0x1.999999999999ap-3 - 0x1.5555555555555p-3 * t) * square
          + (0x1.5555555555555p-2 - 0.25 * t)) * square + (1 - 0.5 * t)) * t
      let values = SIMD2<Float>(SIMD2(low.w, high.w) + sign * p)
      return SIMD2(values.x.bitPattern, values.y.bitPattern)
    }

    /// The k whose logarithm is nearest to `value`, from 0 to a little over log 2, and whether that
    /// logarithm is surely the value itself.
    ///
    /// The inverse is accurate to 2⁻³² of a step of the floats, so only where it falls close to the
    /// middle between two of them is `value(at:)` needed to tell. Only writers need it.
    @inline(__always)
    func guess(_ value: Float) -> (k: Int32, isSure: Bool) {
      let x = Double(value)
      // Adding 1.5 · 2⁵² rounds to an integer and leaves it in the low bits, without a conversion that
      // must check its range. 128 / log 2, and its inverse.
      let rounded = x * 0x1.71547652b82fep+7 + 0x1.8p52
      let r = sign * (x - (rounded - 0x1.8p52) * 0x1.62e42fefa39efp-8)
      let power = powers[Int(UInt8(truncatingIfNeeded: rounded.bitPattern))]
      // e^r − 1, so that small values lose nothing to the 1.
      let square = r * r
      let less = (r + 0.5 * square) + square * r * (0x1.5555555555555p-3 + r * 0x1.5555555555555p-5)
      // 2²³ · (e^x − 1), or 2²⁴ · (1 − e^−x).
      let real = ((power - 1) + power * less) * factor
      let integer = real + 0x1.8p52
      // Half a step of the floats, times the grid's density there: k's derivative.
      let step = Double(bitPattern: UInt64(value.bitPattern >> 23 &+ 872) << 52)
      let distance = abs(real - (integer - 0x1.8p52))
      let isSure = distance < step * (0.99 * (abs(factor) + sign * real))
      return (Int32(truncatingIfNeeded: integer.bitPattern), isSure)
    }
  }
}
