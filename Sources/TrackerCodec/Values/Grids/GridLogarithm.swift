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
/// Within 2⁻¹¹ of the last bit of a float32: but for 8 and 2 of the 2²³ + 1 results of the two curves, all of
/// which were compared, it is the float32 nearest to the true logarithm.
struct GridLogarithm: Sendable {
  private let sign: Double
  /// 2²³ for the rising, −2²⁴ for the falling curve.
  private let factor: Double
  /// Of t² and t³: nearly −½ and ⅓, or ½ and ⅓.
  private let square: Double
  private let cube: Double
  /// For each segment of 2¹³: its scale, and the logarithm where it begins. Behind those of 0 to 2²³ there
  /// are some for codes that are none; the very last is for code 0, which gives −0.0. In an array: loops
  /// would copy an inline one.
  private var segments = [SIMD2<Double>](repeating: SIMD2(0, 0), count: Self.segmentCount)
  /// 2^(±i / 128) for i up to 128, filled up to 256.
  private var powers = [Double](repeating: 0, count: 256)

  fileprivate static let segmentBits = 13
  /// So many that bits of a code can be taken as they are.
  fileprivate static let segmentCount = 2048

  init(_ curve: LogarithmCurve) {
    let isRising = curve == .rising
    sign = isRising ? 1 : -1
    factor = isRising ? 0x1p23 : -0x1p24
    square = isRising ? -0.5 : 0.5
    cube = isRising ? 0x1.5533p-2 : 0x1.5578p-2
    let table = isRising ? GridLogarithmTables.rising : GridLogarithmTables.falling
    for segment in 0...1024 {
      let offset = Double(segment << Self.segmentBits)
      let scale = isRising ? 0x1p-23 / (1 + offset * 0x1p-23) : 0x1p-24 / (1 - offset * 0x1p-24)
      segments[segment] = SIMD2(scale, Double(bitPattern: table[segment]))
    }
    // Where code 0 looks: whatever times −0.0 is −0.0, and so is the sum of two of these.
    segments[Self.segmentCount - 1] = SIMD2(-0.0, -0.0)
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
      // Of lengths that the compiler knows, so that masked places need no bounds checks.
      Kernel(
        self, segments: segments.span.extracting(0..<Self.segmentCount),
        powers: powers.span.extracting(0..<256))
    }
  }

  struct Kernel: ~Escapable {
    private let sign: Double
    private let factor: Double
    private let square: Double
    private let cube: Double
    private let segments: Span<SIMD2<Double>>
    private let powers: Span<Double>

    @_lifetime(copy segments, copy powers)
    @inline(__always)
    fileprivate init(
      _ logarithm: GridLogarithm, segments: Span<SIMD2<Double>>, powers: Span<Double>
    ) {
      sign = logarithm.sign
      factor = logarithm.factor
      square = logarithm.square
      cube = logarithm.cube
      self.segments = segments
      self.powers = powers
    }

    /// The place of the last segment, in bytes; all of its bits may be set.
    private static let lastSegment = UInt32(16 * (GridLogarithm.segmentCount - 1))
    private static let distances = UInt32(1 << GridLogarithm.segmentBits - 1)

    /// The scale of the segment of `k`, and the logarithm where it begins.
    @inline(__always)
    private static func segment(of k: UInt32, _ segments: Span<SIMD2<Double>>) -> SIMD2<Double> {
      let place = k &>> UInt32(GridLogarithm.segmentBits) & UInt32(GridLogarithm.segmentCount - 1)
      return segments[Int(truncatingIfNeeded: place)]
    }

    /// The logarithm at `k`, 0 to 2²³.
    @inline(__always)
    func value(at k: Int32) -> Float {
      let k = UInt32(bitPattern: k)
      let segment = Self.segment(of: k, segments)
      let t = Double(k & Self.distances) * segment.x
      return Float(segment.y + ((cube * t + square) * t + 1) * t)
    }

    /// Replaces the first of `values`, as many as can be taken by fours, by the bits of the logarithms at
    /// `steps`, each a k from 0 to 2²³: the operations of `value(at:)`, side by side. −1 gives −0.0; above
    /// 2²³, as signed integers, they give themselves less `offset`.
    ///
    /// - Returns: how many were replaced.
    @inline(__always)
    func fill<Word: ValueWord>(
      _ values: inout MutableSpan<Word>, from steps: Span<UInt32>, less offset: UInt32
    ) -> Int {
      // Of a length that the compiler knows, so that masked places need no bounds checks.
      let segments = segments.extracting(0..<GridLogarithm.segmentCount)
      let (square, cube) = (SIMD2(repeating: square), SIMD2(repeating: cube))
      let last = SIMD4<Int32>(repeating: 1 << 23)
      let offset = SIMD4(repeating: offset)
      let count = steps.count
      var place = 0
      while place &+ 4 <= count {
        let k = steps.four(at: place)
        // Where the segments stand, in bytes: found side by side, with no shift for each.
        let offsets = (k &>> UInt32(GridLogarithm.segmentBits - 4)) & Self.lastSegment
        let (first, second, third, fourth) = (
          segments.pair(atByte: offsets.x), segments.pair(atByte: offsets.y),
          segments.pair(atByte: offsets.z), segments.pair(atByte: offsets.w)
        )
        let d = SIMD4<Int32>(truncatingIfNeeded: k & Self.distances)
        let t = SIMD2(Double(d.x), Double(d.y)) * SIMD2(first.x, second.x)
        let u = SIMD2(Double(d.z), Double(d.w)) * SIMD2(third.x, fourth.x)
        let low = SIMD2<Float>(SIMD2(first.y, second.y) + ((cube * t + square) * t + 1) * t)
        let high = SIMD2<Float>(SIMD2(third.y, fourth.y) + ((cube * u + square) * u + 1) * u)
        let logarithms = SIMD4(
          low.x.bitPattern, low.y.bitPattern, high.x.bitPattern, high.y.bitPattern)
        // Chosen without a branch: which values are above the grid nobody can foresee.
        let isAbove = SIMD4<Int32>(truncatingIfNeeded: k) .> last
        values.store(logarithms.replacing(with: k &- offset, where: isAbove), at: place)
        place &+= 4
      }
      return place
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
      // Half a step of the floats, times the grid's density there: k's derivative. Below a power of two the
      // floats are twice as dense as above it. (Of 0 the step is huge, and its k is 0.)
      let step = Double(bitPattern: UInt64((value.bitPattern &- 1) >> 23 &+ 872) << 52)
      let distance = abs(real - (integer - 0x1.8p52))
      let isSure = distance < step * (0.99 * (abs(factor) + sign * real))
      return (Int32(truncatingIfNeeded: integer.bitPattern), isSure)
    }
  }
}
