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
  let curve: LogarithmCurve
  private let logarithms: [Double]
  private let offsets: [Double]
  private let scales: [Double]
  private let powers: [Double]

  init(_ curve: LogarithmCurve) {
    self.curve = curve
    let table =
      curve == .rising ? GridLogarithmTables.rising : GridLogarithmTables.falling
    logarithms = table.map { Double(bitPattern: $0) }
    // Segment j is centred on 2j + 1 times 2¹⁵, but the first on 0, where relative precision counts.
    offsets = (0..<128).map { $0 == 0 ? 0 : Double((2 * $0 + 1) << 15) }
    scales = offsets.map {
      curve == .rising ? 0x1p-23 / (1 + $0 * 0x1p-23) : -0x1p-24 / (1 - $0 * 0x1p-24)
    }
    powers = GridLogarithmTables.powers.map { Double(bitPattern: $0) }
  }

  /// Tables as spans, for loops.
  struct Kernel: ~Escapable {
    fileprivate let logarithms: Span<Double>
    fileprivate let offsets: Span<Double>
    fileprivate let scales: Span<Double>
    fileprivate let powers: Span<Double>
    fileprivate let isRising: Bool

    @_lifetime(borrow grid)
    fileprivate init(_ grid: borrowing GridLogarithm) {
      logarithms = grid.logarithms.span
      offsets = grid.offsets.span
      scales = grid.scales.span
      powers = grid.powers.span
      isRising = grid.curve == .rising
    }

    /// The logarithm at `k`, 0 to 2²³.
    @inline(__always)
    func value(at k: Int32) -> Float {
      let segment = min(Int(k) &>> 16, 127)
      let t = (Double(k) - offsets[segment]) * scales[segment]
      var p = -0x1.5555555555555p-3 * t  // 1/6
      p = (0x1.999999999999ap-3 + p) * t  // 1/5
      p = (-0.25 + p) * t
      p = (0x1.5555555555555p-2 + p) * t  // 1/3
      p = (-0.5 + p) * t
      p = (1 + p) * t
      return Float(isRising ? logarithms[segment] + p : logarithms[segment] - p)
    }

    /// The k whose logarithm is near `value`, from 0 to a little over log 2: the inverse to within
    /// 0.01, so that with the rounding it is at most one off. Only writers need it, and they check.
    @inline(__always)
    func guess(_ value: Float) -> Int32 {
      let x = isRising ? Double(value) : -Double(value)
      let scaled = x * 0x1.71547652b82fep+7  // 128 / log 2
      let step = Int(scaled + (isRising ? 0.5 : -0.5))
      let r = x - Double(step) * 0x1.62e42fefa39efp-8  // log 2 / 128
      let power = powers[step &+ 128] * (1 + r * (1 + r * (0.5 + r * 0x1.5555555555555p-3)))
      let k = isRising ? (power - 1) * 0x1p23 : (1 - power) * 0x1p24
      return Int32(k + 0.5)
    }
  }

  var kernel: Kernel {
    @_lifetime(borrow self)
    get { Kernel(self) }
  }
}
