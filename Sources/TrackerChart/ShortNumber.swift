/// A number in few characters, for labels: about three digits, at most nine characters.
///
/// It is rounded and not meant to be read back: `0.012`, `5.31`, `12.3`, `450`, `1.2e-7`,
/// `3.4e+12`.
public struct ShortNumber: Sendable, CustomStringConvertible {
  public let description: String

  public init(_ value: Double) {
    let size = value.magnitude
    let sign = value < 0 ? "-" : ""
    if value.isNaN {
      description = "NaN"
    } else if value.isInfinite {
      description = sign + "∞"
    } else if size == 0 {
      description = "0"
    } else if size < 0.001 || size >= 99_999.5 {
      description = sign + Self.scientific(size)
    } else if size.rounded() == size {
      description = sign + String(Int(size))
    } else {
      let decimals = size < 0.9995 ? 3 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0
      description = sign + Self.fixed(size, decimals: decimals)
    }
  }

  private static func fixed(_ size: Double, decimals: Int) -> String {
    let scale = [1, 10, 100, 1000][decimals]
    let units = Int((size * Double(scale)).rounded())
    guard decimals > 0 else { return String(units) }
    let fraction = String(units % scale)
    return "\(units / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }

  private static func scientific(_ size: Double) -> String {
    var exponent = 0
    var mantissa = size
    while mantissa >= 9.95 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 0.995 {
      mantissa *= 10
      exponent -= 1
    }
    let digits = fixed(mantissa, decimals: 1)
    let short = digits.hasSuffix(".0") ? String(digits.dropLast(2)) : digits
    return "\(short)e\(exponent < 0 ? "-" : "+")\(abs(exponent))"
  }
}
