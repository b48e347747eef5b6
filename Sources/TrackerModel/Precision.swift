/// A lossy precision: how many mantissa bits recorded values keep. Never in force unless asked for.
///
/// A value becomes the nearest one with at most so many significant bits below its leading one; of two
/// as near the one whose last kept bit is 0. Subnormals count from their own leading one, so the bound
/// holds for them, and a value rounds alike as float32 and widened to float64. NaNs, their payloads
/// included, infinities and zeros of either sign stay as they are, as does a finite value that would
/// become infinite. Rounding twice changes nothing more, and never changes the order of two values.
public struct Precision: Sendable, Hashable {
  /// The bits that can be kept; from 23 on float32 values stay as they are.
  public static let range = 1...52

  public let keepMantissaBits: Int

  /// - Throws: `invalidParameter` outside of 1 to 52.
  public init(keepMantissaBits: Int) throws(TrackerError) {
    guard Self.range.contains(keepMantissaBits) else {
      throw TrackerError(
        .invalidParameter, "precision",
        "keep_mantissa_bits must be \(Self.range.lowerBound) to \(Self.range.upperBound), but got"
          + " \(keepMantissaBits)")
    }
    self.keepMantissaBits = keepMantissaBits
  }

  /// The nearest value of this precision: bits in `type`, in and out.
  @inlinable
  public func rounded(_ bits: UInt64, _ type: ValueType) -> UInt64 {
    let (sign, infinity, mantissaBits): (UInt64, UInt64, Int) =
      type == .float32
      ? (0x8000_0000, 0x7F80_0000, 23) : (1 << 63, 0x7FF0_0000_0000_0000, 52)
    let magnitude = bits & (sign - 1)
    guard magnitude < infinity else { return bits }
    // Bits below the leading one: all mantissa bits, fewer in a subnormal.
    let width = 64 - magnitude.leadingZeroBitCount
    let dropped = (width > mantissaBits ? mantissaBits : width - 1) - keepMantissaBits
    guard dropped > 0 else { return bits }
    let unit: UInt64 = 1 << UInt64(dropped)
    // Half a unit, less one where the last kept bit is 0: ties go to even. A carry out of the mantissa
    // goes to the exponent, which is the right value.
    let raised = magnitude + (unit >> 1) - 1 + (magnitude >> UInt64(dropped) & 1)
    let nearest = raised & ~(unit - 1)
    return nearest < infinity ? bits & sign | nearest : bits
  }

  /// Rounds a column of bits in `type`. Complexity: O(values).
  public func round(_ values: inout [UInt64], _ type: ValueType) {
    for place in values.indices { values[place] = rounded(values[place], type) }
  }

  /// The one of which fewer bits are kept; nil, lossless, only where both are.
  public static func coarsest(_ left: Precision?, _ right: Precision?) -> Precision? {
    guard let left, let right else { return left ?? right }
    return left.keepMantissaBits <= right.keepMantissaBits ? left : right
  }
}

extension Precision: CustomStringConvertible {
  /// Such as "lossy: 10 mantissa bits kept, relative error at most 2^-11 = 4.9e-4".
  public var description: String {
    let bits = keepMantissaBits == 1 ? "1 mantissa bit" : "\(keepMantissaBits) mantissa bits"
    return "lossy: \(bits) kept, relative error at most 2^-\(keepMantissaBits + 1) = \(boundText)"
  }

  /// The bound in two decimal digits, rounded up.
  private var boundText: String {
    var (bound, exponent) = (1.0 / Double(1 << (keepMantissaBits + 1)), 0)
    while bound < 1 {
      bound *= 10
      exponent += 1
    }
    let tenths = Int((bound * 10).rounded(.up))
    return tenths < 100
      ? "\(tenths / 10).\(tenths % 10)e-\(exponent)" : "1.0e-\(exponent - 1)"
  }
}
