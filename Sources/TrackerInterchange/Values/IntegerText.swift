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
  /// Bytes behind a number that writing it may change: digits are stored eight at a time.
  static let slack = 8

  /// Writes an integer in decimal; returns the place behind it.
  ///
  /// - Precondition: there is room for `slack` bytes more.
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

  /// Writes a number's digits, of which there are so many.
  @inline(__always)
  static func writeDigits(
    _ value: UInt64, count: Int, to text: inout MutableSpan<UInt8>, at start: Int
  ) {
    guard count > 8 else { return store(value, last: count, to: &text, at: start) }
    let (rest, low) = value.quotientAndRemainder(dividingBy: 100_000_000)
    if count > 16 {
      let (high, middle) = rest.quotientAndRemainder(dividingBy: 100_000_000)
      store(high, last: count - 16, to: &text, at: start)
      store(eight(middle), to: &text, at: start + count - 16)
    } else {
      store(rest, last: count - 8, to: &text, at: start)
    }
    store(eight(low), to: &text, at: start + count - 8)
  }

  /// Writes the first digits of a number, at least so many; what follows them means nothing.
  ///
  /// - Parameter count: how many digits it has, 17 at most.
  @inline(__always)
  static func writeFirstDigits(
    _ value: UInt64, count: Int, to text: inout MutableSpan<UInt8>, at start: Int
  ) {
    // With zeros behind them there are as many of all numbers, and nothing depends on how many.
    if count > 9 {
      let (first, rest) = (value &* powerOfTen(17 - count))
        .quotientAndRemainder(dividingBy: 10_000_000_000_000_000)
      let (high, low) = rest.quotientAndRemainder(dividingBy: 100_000_000)
      text[start] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: first)
      store(eight(high), to: &text, at: start + 1)
      store(eight(low), to: &text, at: start + 9)
    } else {
      let (first, rest) = (value &* powerOfTen(9 - count))
        .quotientAndRemainder(dividingBy: 100_000_000)
      text[start] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: first)
      store(eight(rest), to: &text, at: start + 1)
    }
  }

  /// The last digits of a number below 100,000,000, and zeros before it where it has fewer.
  @inline(__always)
  private static func store(
    _ value: UInt64, last count: Int, to text: inout MutableSpan<UInt8>, at start: Int
  ) {
    store(eight(value) &>> UInt64(truncatingIfNeeded: 64 &- 8 &* count), to: &text, at: start)
  }

  /// Eight digits, the first in the lowest byte, of a number below 100,000,000.
  ///
  /// Halves, then pairs, then digits are divided side by side in one word, by multiplying: 10,486 / 2^20
  /// and 103 / 2^10 are close enough to 1 / 100 and 1 / 10 for numbers of four and two digits.
  @inline(__always)
  private static func eight(_ value: UInt64) -> UInt64 {
    let high = value / 10_000
    let halves = high | (value &- 10_000 &* high) &<< 32
    let hundreds = (halves &* 10_486) &>> 20 & 0x7F_0000_007F
    let pairs = hundreds | (halves &- 100 &* hundreds) &<< 16
    let tens = (pairs &* 103) &>> 10 & 0x000F_000F_000F_000F
    return (tens | (pairs &- 10 &* tens) &<< 8) | 0x3030_3030_3030_3030
  }

  @inline(__always)
  static func store(_ word: UInt64, to text: inout MutableSpan<UInt8>, at place: Int) {
    // SAFETY: the store checks its bounds, and eight bytes of any value are bytes.
    var bytes = unsafe text.mutableBytes
    bytes.storeBytes(of: word.littleEndian, toByteOffset: place, as: UInt64.self)
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
