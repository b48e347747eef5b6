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

// MARK: In place

extension IntegerText {
  /// Writes an integer in decimal; returns the place behind it.
  static func write(_ value: Int64, to text: inout MutableSpan<UInt8>, at start: Int) -> Int {
    var place = start
    if value < 0 {
      text[place] = UInt8(ascii: "-")
      place += 1
    }
    let count = digitCount(value.magnitude)
    writeDigits(value.magnitude, count: count, to: &text, at: place)
    return place + count
  }

  /// Writes the last so many digits of a number, zeros before it where it has fewer.
  @inline(__always)
  static func writeDigits(
    _ value: UInt64, count: Int, to text: inout MutableSpan<UInt8>, at start: Int
  ) {
    // Eight digits at a time: they are divided in half the time of longer numbers.
    var (rest, left) = (value, count)
    while left > 8 {
      let (quotient, part) = rest.quotientAndRemainder(dividingBy: 100_000_000)
      left -= 8
      writeShort(UInt32(truncatingIfNeeded: part), count: 8, to: &text, at: start + left)
      rest = quotient
    }
    writeShort(UInt32(truncatingIfNeeded: rest), count: left, to: &text, at: start)
  }

  @inline(__always)
  private static func writeShort(
    _ value: UInt32, count: Int, to text: inout MutableSpan<UInt8>, at start: Int
  ) {
    var room = text._mutatingExtracting(start..<start + count)
    var (rest, left) = (value, count)
    while left >= 2 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      let tens = (pair &* 103) &>> 10
      left -= 2
      room[left] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: tens)
      room[left + 1] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: pair &- 10 &* tens)
      rest = quotient
    }
    if left == 1 { room[0] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10) }
  }

  /// 1 for 0.
  @inline(__always)
  static func digitCount(_ value: UInt64) -> Int {
    // log10(2) of the bits, or one less.
    let guess = ((64 - (value | 1).leadingZeroBitCount) * 1233) >> 12
    return max(1, guess + (value >= powerOfTen(guess) ? 1 : 0))
  }

  /// - Parameter exponent: 0 to 19.
  @inline(__always)
  static func powerOfTen(_ exponent: Int) -> UInt64 { powers[exponent] }

  // Listed, so that it is there without being asked for whether it is made.
  private static let powers: InlineArray<20, UInt64> = [
    1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
    10_000_000_000, 100_000_000_000, 1_000_000_000_000, 10_000_000_000_000, 100_000_000_000_000,
    1_000_000_000_000_000, 10_000_000_000_000_000, 100_000_000_000_000_000,
    1_000_000_000_000_000_000, 10_000_000_000_000_000_000,
  ]
}
