import TrackerInterchange
import TrackerModel

/// Numbers as people read them.
enum Numbers {
  /// 1234567 as 1,234,567.
  static func grouped(_ number: some BinaryInteger) -> String {
    let digits = String(number.magnitude)
    var text = ""
    for (position, digit) in digits.enumerated() {
      if position > 0, (digits.utf8.count - position) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return number < 0 ? "-" + text : text
  }

  /// With a fixed number of decimals, rounded half away from zero.
  static func fixed(_ number: Double, _ decimals: Int) -> String {
    guard number.isFinite, abs(number) < 1e15 else { return "\(number)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = UInt64((abs(number) * scale).rounded())
    let (whole, part) = scaled.quotientAndRemainder(dividingBy: UInt64(scale))
    let fraction = String(part)
    let zeros = String(repeating: "0", count: max(0, decimals - fraction.utf8.count))
    let sign = number < 0 && scaled > 0 ? "-" : ""
    return sign + grouped(whole) + (decimals == 0 ? "" : "." + zeros + fraction)
  }

  /// 1234567 bytes as 1.23 MB.
  static func bytes(_ count: UInt64) -> String {
    if count < 1000 { return "\(count) bytes" }
    var value = Double(count)
    for unit in ["kB", "MB", "GB", "TB"] {
      value /= 1000
      if value < 999.5 || unit == "TB" {
        return fixed(value, value < 10 ? 2 : value < 100 ? 1 : 0) + " " + unit
      }
    }
    return "\(count) bytes"
  }

  /// Five significant digits: for eyes, not for reading back.
  static func short(_ value: Double) -> String {
    if !value.isFinite { return ValueText.text(value.bitPattern, as: .float64) }
    if value == 0 { return "0" }
    let magnitude = abs(value)
    if magnitude >= 1e-4, magnitude < 1e6 {
      return fixed(value, magnitude >= 1000 ? 1 : magnitude >= 10 ? 3 : magnitude >= 1 ? 4 : 6)
    }
    var exponent = 0
    var mantissa = magnitude
    while mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 1 {
      mantissa *= 10
      exponent -= 1
    }
    return (value < 0 ? "-" : "") + fixed(mantissa, 3) + "e\(exponent)"
  }

  /// Microseconds since 1970 as a date and time in UTC.
  static func time(_ microseconds: UInt64) -> String {
    let seconds = microseconds / 1_000_000
    let (days, second) = seconds.quotientAndRemainder(dividingBy: 86400)
    guard days < 4_000_000 else { return "\(seconds) s" }
    // Days to year, month and day: eras of 400 years that begin in March.
    let shifted = Int(days) + 719_468
    let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func two(_ number: some BinaryInteger) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(year)-\(two(month))-\(two(day))"
      + " \(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60)) UTC"
  }

  static func count(_ number: Int, _ noun: String) -> String {
    "\(grouped(number)) \(noun)\(number == 1 ? "" : "s")"
  }
}
