import TrackerModel

@testable import TrackerCodec

/// Codes of the logarithm grids and of float16, as Spec/FORMAT.md counts them.
///
/// The grid logarithm is the library's: its every bit is checked by checksums in the Spec.
struct LogarithmCodes {
  let isRising: Bool
  let precision: ValuePrecision
  private let logarithm: GridLogarithm

  init(isRising: Bool, precision: UInt8) {
    self.isRising = isRising
    guard let known = ValuePrecision(rawValue: precision) else {
      preconditionFailure("there are three precisions")
    }
    self.precision = known
    logarithm = GridLogarithm(isRising ? .rising : .falling)
  }

  var m: Int { precision.mantissaBits }
  private var highest: UInt64 { UInt64(precision.highestPositive) }
  private var bitsOf256: UInt64 {
    switch precision {
    case .float32: 0x4380_0000
    case .float16: 0x5C00
    case .bfloat16: 0x4380
    }
  }
  private var unit: UInt64 { 1 << UInt64(m - 3) }
  private var first: UInt64 { gridBits(1 << m) / unit }
  private var offset: UInt64 { (1 << UInt64(m)) + 2 &- first * unit }

  /// The bits, in the precision, of the grid's value at k.
  func gridBits(_ k: Int) -> UInt64 {
    UInt64(precision.round(logarithm.kernel.value(at: Int32(k << (23 - m)))))
  }

  func widen(_ bits: UInt64) -> UInt64 { UInt64(precision.widen(UInt32(bits))) }

  /// The float32 at k.
  func value(_ k: Int) -> UInt64 { widen(gridBits(k)) }

  /// 0 exact, 1 one step up, 2 one step down; nil where no code comes near.
  func code(_ float32: UInt64) -> (code: UInt64, correction: UInt8)? {
    guard let narrow = precision.narrow(UInt32(float32)).map({ UInt64($0) }) else { return nil }
    if float32 == 0x8000_0000 { return (0, 0) }
    guard narrow <= highest else { return nil }
    // The first k whose value is not below.
    var (low, high) = (0, 1 << m)
    while low < high {
      let middle = (low + high) / 2
      if gridBits(middle) < narrow { low = middle + 1 } else { high = middle }
    }
    if gridBits(low) == narrow { return (UInt64(low) + 1, 0) }
    if gridBits(low) == narrow + 1 { return (UInt64(low) + 1, 2) }
    if low > 0, gridBits(low - 1) + 1 == narrow { return (UInt64(low), 1) }
    return narrow >= first * unit ? (narrow &+ offset, 0) : nil
  }

  var table: SymbolTableText {
    let magnitude = SymbolTableText.magnitude
    var (bases, widths): ([UInt64], [Int]) = ([0], [0])
    let last = Int(magnitude.split(1 << UInt64(m)).symbol)
    for symbol in 0...last {
      bases.append(magnitude.bases[symbol] + 1)
      widths.append(symbol == last ? 0 : magnitude.widths[symbol])
    }
    for t in first..<bitsOf256 / unit {
      bases.append(t * unit &+ offset)
      widths.append(m - 3)
    }
    bases.append(bitsOf256 &+ offset)
    widths.append(64 - (highest - bitsOf256).leadingZeroBitCount)
    return SymbolTableText(bases: bases, widths: widths)
  }

  // MARK: Narrow floats

  static func float16(_ bits: UInt64) -> UInt64? {
    ValuePrecision.float16.narrow(UInt32(bits)).map { UInt64($0) }
  }
  static func widenFloat16(_ bits: UInt64) -> UInt64 {
    UInt64(ValuePrecision.float16.widen(UInt32(bits)))
  }
}
