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
/// Within about 2⁻⁴⁵ of the true logarithm, relatively: the float32 nearest to it is the one nearest
/// to the true one but for about one k in 2²⁰.
struct GridLogarithm: Sendable {
  private let sign: Double
  /// 2²³ for the rising, −2²⁴ for the falling curve.
  private let factor: Double
  // Tables of 128 or 256, indexed by 7 or 8 bits, need no bounds checks.
  private var logarithms = InlineArray<128, Double>(repeating: 0)
  private var offsets = InlineArray<128, Double>(repeating: 0)
  private var scales = InlineArray<128, Double>(repeating: 0)
  /// 2^(±i / 128) for i up to 128.
  private var powers = InlineArray<256, Double>(repeating: 0)

  init(_ curve: LogarithmCurve) {
    let isRising = curve == .rising
    sign = isRising ? 1 : -1
    factor = isRising ? 0x1p23 : -0x1p24
    let table = isRising ? GridLogarithmTables.rising : GridLogarithmTables.falling
    for segment in 0..<128 {
      logarithms[segment] = Double(bitPattern: table[segment])
      // Segment j is centred on 2j + 1 times 2¹⁵, but the first on 0, where relative precision counts.
      let offset = segment == 0 ? 0 : Double((2 * segment + 1) << 15)
      offsets[segment] = offset
      scales[segment] =
        isRising ? 0x1p-23 / (1 + offset * 0x1p-23) : -0x1p-24 / (1 - offset * 0x1p-24)
    }
    for step in 0...128 {
      powers[step] = Double(
        bitPattern: GridLogarithmTables.powers[isRising ? 128 + step : 128 - step])
    }
  }

  /// Its tables as spans, for loops: each access of the tables themselves may copy them.
  var kernel: Kernel {
    @_lifetime(borrow self)
    @inline(__always)
    get {
      Kernel(
        sign: sign, factor: factor, logarithms: logarithms.span, offsets: offsets.span,
        scales: scales.span,
        powers: powers.span)
    }
  }

  struct Kernel: ~Escapable {
    private let sign: Double
    private let factor: Double
    private let logarithms: Span<Double>
    private let offsets: Span<Double>
    private let scales: Span<Double>
    private let powers: Span<Double>

    @_lifetime(copy logarithms, copy offsets, copy scales, copy powers)
    @inline(__always)
    fileprivate init(
      sign: Double, factor: Double, logarithms: Span<Double>, offsets: Span<Double>,
      scales: Span<Double>, powers: Span<Double>
    ) {
      self.sign = sign
      self.factor = factor
      self.logarithms = logarithms
      self.offsets = offsets
      self.scales = scales
      self.powers = powers
    }

    /// The logarithm at `k`, 0 to 2²³.
    @inline(__always)
    func value(at k: Int32) -> Float {
      let segment = Int(min(UInt32(bitPattern: k) &>> 16, 127))
      let t = (Double(k) - offsets[segment]) * scales[segment]
      // Pairs first: a shorter chain of operations than Horner's.
      let square = t * t
      let low = 1 - 0.5 * t
      let middle = 0x1.5555555555555p-2 - 0.25 * t  // 1/3
      let high = 0x1.999999999999ap-3 - 0x1.5555555555555p-3 * t  // 1/5, 1/6
      let p = ((high * square + middle) * square + low) * t
      // Times 1 or −1 is exact.
      return Float(logarithms[segment] + sign * p)
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
