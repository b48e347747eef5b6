/// Integers as decimal text and back, without a `String` between.
public enum IntegerText {
  public static func append(_ value: Int64, to text: inout [UInt8]) {
    if value < 0 { text.append(UInt8(ascii: "-")) }
    append(value.magnitude, to: &text)
  }

  public static func append(_ value: UInt64, to text: inout [UInt8]) {
    if value < 10 {
      text.append(UInt8(ascii: "0") + UInt8(value))
      return
    }
    // 20 digits hold every UInt64.
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var rest = value
    var first = 20
    repeat {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      first -= 1
      digits[first] = UInt8(ascii: "0") + UInt8(digit)
      rest = quotient
    } while rest > 0
    for position in first..<20 { text.append(digits[position]) }
  }

  /// The integer whose one canonical text this is: no plus, no leading zeros, not "-0".
  ///
  /// Nil for any other text, so that text and integer stand for each other.
  public static func parseCanonical(_ text: Span<UInt8>) -> Int64? {
    guard text.count > 0, text.count <= 20 else { return nil }
    let first = text[0] == UInt8(ascii: "-") ? 1 : 0
    guard first < text.count else { return nil }
    if text[first] == UInt8(ascii: "0"), text.count > 1 { return nil }
    return parseDigits(text, from: first, negative: first == 1)
  }

  /// The integer in decimal digits with an optional sign.
  public static func parse(_ text: Span<UInt8>) -> Int64? {
    guard text.count > 0 else { return nil }
    let signed = text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+")
    return parseDigits(text, from: signed ? 1 : 0, negative: text[0] == UInt8(ascii: "-"))
  }

  private static func parseDigits(_ text: Span<UInt8>, from first: Int, negative: Bool) -> Int64? {
    guard first < text.count else { return nil }
    var value: Int64 = 0
    for position in first..<text.count {
      let digit = text[position] &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      // Kept negative, because Int64.min has no positive counterpart.
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
      let (next, carry) = shifted.subtractingReportingOverflow(Int64(digit))
      if overflow || carry { return nil }
      value = next
    }
    if negative { return value }
    let (positive, overflow) = Int64(0).subtractingReportingOverflow(value)
    return overflow ? nil : positive
  }
}
