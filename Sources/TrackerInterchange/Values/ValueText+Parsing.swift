public import TrackerModel

extension ValueText {
  /// Why a text is no value of the type.
  public enum Failure: Error, Sendable, Hashable {
    case notANumber
    /// Finite, but beyond the largest value of the type.
    case outOfRange
    /// `nan(0x…)` with bits that are no NaN of the type.
    case notANaN
  }

  /// The bits, widened to float64, of the value of type `type` nearest to the text.
  ///
  /// Rounded once, in the type itself. Takes decimals with an optional sign, fraction and exponent,
  /// and in any case `inf`, `infinity`, `nan` with an optional sign, and `nan(0x…)`; nothing else: no
  /// spaces, no hexadecimal, no thousands.
  public static func parse(_ text: Span<UInt8>, as type: ValueType) throws(Failure) -> UInt64 {
    switch type {
    case .float32: Widening.widen(try parseFloat32(text))
    case .float64: try parseFloat64(text)
    }
  }

  /// The bits of the nearest float32.
  public static func parseFloat32(_ text: Span<UInt8>) throws(Failure) -> UInt32 {
    UInt32(truncatingIfNeeded: try parse(text, .float32))
  }

  /// The bits of the nearest float64.
  public static func parseFloat64(_ text: Span<UInt8>) throws(Failure) -> UInt64 {
    try parse(text, .float64)
  }

  private static func parse(_ text: Span<UInt8>, _ format: BinaryFormat) throws(Failure) -> UInt64 {
    guard text.count > 0 else { throw .notANumber }
    let negative = text[0] == UInt8(ascii: "-")
    let start = negative || text[0] == UInt8(ascii: "+") ? 1 : 0
    guard start < text.count else { throw .notANumber }
    let sign: UInt64 = negative ? format.signBit : 0
    // Letters begin no decimal; "." and digits do.
    if text[start] | 0x20 >= UInt8(ascii: "a") {
      return sign | (try parseSpecial(text, from: start, format))
    }
    guard let decimal = Decimal(text, from: start) else { throw .notANumber }
    if decimal.isExact {
      if decimal.significand == 0 { return sign }
      if let bits = format.nearest(decimal.significand, exponent10: decimal.exponent) {
        return sign | bits
      }
    }
    return sign | (try parseRare(text.extracting(start...), format))
  }

  /// Many digits, or far exponents: left to the standard library, which rounds every decimal right.
  private static func parseRare(_ text: Span<UInt8>, _ format: BinaryFormat) throws(Failure)
    -> UInt64
  {
    var copy: [UInt8] = []
    copy.reserveCapacity(text.count)
    for position in text.indices { copy.append(text[position]) }
    let string = String(decoding: copy, as: UTF8.self)
    let bits: UInt64? =
      format == .float32
      ? Float(string).map { UInt64($0.bitPattern) } : Double(string)?.bitPattern
    guard let bits else { throw .notANumber }
    guard bits != format.infinity else { throw .outOfRange }
    return bits
  }

  private static func parseSpecial(_ text: Span<UInt8>, from start: Int, _ format: BinaryFormat)
    throws(Failure) -> UInt64
  {
    let word = text.extracting(start...)
    if equals(word, "inf") || equals(word, "infinity") { return format.infinity }
    if equals(word, "nan") { return format.quietNaN }
    // nan(0x7fc00001): the bits of a float32 in 8 digits or a float64 in 16. Either may stand in a
    // text read as the other where widening keeps it exact. The sign is among the bits.
    guard start == 0, word.count > 7, equals(word.extracting(0..<6), "nan(0x"),
      word[word.count - 1] == UInt8(ascii: ")")
    else { throw .notANumber }
    let digits = word.extracting(6..<word.count - 1)
    guard digits.count == 8 || digits.count == 16 else { throw .notANumber }
    var bits: UInt64 = 0
    for position in digits.indices {
      guard let digit = hexDigit(digits[position]) else { throw .notANumber }
      bits = bits << 4 | UInt64(digit)
    }
    let own: BinaryFormat = digits.count == 8 ? .float32 : .float64
    guard bits & (own.signBit - 1) > own.infinity else { throw .notANaN }
    if own == format { return bits }
    if format == .float64 { return Widening.widen(UInt32(truncatingIfNeeded: bits)) }
    guard let narrow = Widening.narrow(bits) else { throw .notANaN }
    return UInt64(narrow)
  }

  private static func equals(_ text: Span<UInt8>, _ lowercase: String) -> Bool {
    guard text.count == lowercase.utf8.count else { return false }
    var position = 0
    for byte in lowercase.utf8 {
      let found = text[position]
      let isCapital = found >= UInt8(ascii: "A") && found <= UInt8(ascii: "Z")
      guard (isCapital ? found | 0x20 : found) == byte else { return false }
      position += 1
    }
    return true
  }
}

func hexDigit(_ byte: UInt8) -> UInt8? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
  case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
  case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
  default: nil
  }
}

/// A decimal text as significand × 10^exponent.
struct Decimal {
  var significand: UInt64 = 0
  var exponent = 0
  /// Whether the two say all: at most 19 digits, and an exponent of a size that can matter.
  var isExact = true

  /// Nil where the bytes from `start` on are no decimal: digits with at most one point among or
  /// beside them, and an exponent with digits where there is an `e`.
  init?(_ text: Span<UInt8>, from start: Int) {
    var position = start
    var digits = 0
    var significant = 0
    func digit(_ byte: UInt8) -> UInt64? {
      let value = byte &- UInt8(ascii: "0")
      return value <= 9 ? UInt64(value) : nil
    }
    while position < text.count, let value = digit(text[position]) {
      // 10^19 - 1 fits 64 bits: no digit overflows before the 20th.
      if significant < 19 {
        significand = significand &* 10 &+ value
        if significand > 0 { significant += 1 }
      } else {
        isExact = false
      }
      digits += 1
      position += 1
    }
    if position < text.count, text[position] == UInt8(ascii: ".") {
      position += 1
      let point = position
      while position < text.count, let value = digit(text[position]) {
        if significant < 19 {
          significand = significand &* 10 &+ value
          if significand > 0 { significant += 1 }
        } else {
          isExact = false
        }
        position += 1
      }
      digits += position - point
      exponent = point - position
    }
    guard digits > 0 else { return nil }
    guard position < text.count else { return }
    guard text[position] | 0x20 == UInt8(ascii: "e") else { return nil }
    position += 1
    guard position < text.count else { return nil }
    let negative = text[position] == UInt8(ascii: "-")
    if negative || text[position] == UInt8(ascii: "+") { position += 1 }
    guard position < text.count else { return nil }
    var written = 0
    while position < text.count {
      guard let value = digit(text[position]) else { return nil }
      if written < 100_000 { written = written * 10 + Int(value) } else { isExact = false }
      position += 1
    }
    exponent += negative ? -written : written
    // Zero is zero whatever its exponent; only the digits seen so far count.
    if significand == 0, significant == 0 { isExact = true }
  }
}
