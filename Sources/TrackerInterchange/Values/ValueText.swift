public import TrackerModel

/// Values as the shortest text that reads back exactly, and back to the same bits.
///
/// | value | text |
/// |---|---|
/// | finite | the shortest decimal in the channel's type: `0.1`, `1`, `-0`, `1e-07` |
/// | infinite | `inf`, `-inf` |
/// | the usual quiet NaN (0x7fc00000, 0x7ff8000000000000) | `nan` |
/// | any other NaN | its bits in the channel's type: `nan(0x7fc00001)` |
///
/// Bits are those of a float64 wherever a `ValueType` is passed beside them; float32 values are
/// widened (`Widening`), as in `HistoryPoint`.
public enum ValueText {
  /// Appends the text of a value of a channel of this type.
  ///
  /// A value that no float32 equals is written as a float64 whatever the type.
  public static func append(_ bits: UInt64, as type: ValueType, to text: inout [UInt8]) {
    if type == .float32, let narrow = Widening.narrow(bits) {
      append(float32: narrow, to: &text)
    } else {
      append(float64: bits, to: &text)
    }
  }

  public static func text(_ bits: UInt64, as type: ValueType) -> String {
    var text: [UInt8] = []
    append(bits, as: type, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the text of the float32 with these bits.
  public static func append(float32 bits: UInt32, to text: inout [UInt8]) {
    let value = Float(bitPattern: bits)
    if value.magnitude < 16_777_216, value == Float(Int32(value)) {
      appendInteger(Int64(value), negative: bits >> 31 == 1, to: &text)
    } else if value.isNaN {
      appendNaN(UInt64(bits), digits: 8, usual: bits == 0x7FC0_0000, to: &text)
    } else if value.magnitude < 16_777_216 {
      append(ShortestDecimal(float32: bits), negative: bits >> 31 == 1, to: &text)
    } else {
      text.append(contentsOf: value.description.utf8)
      dropPointZero(&text)
    }
  }

  /// Appends the text of the float64 with these bits.
  public static func append(float64 bits: UInt64, to text: inout [UInt8]) {
    let value = Double(bitPattern: bits)
    if value.magnitude < 9_007_199_254_740_992, value == Double(Int64(value)) {
      appendInteger(Int64(value), negative: bits >> 63 == 1, to: &text)
    } else if value.isNaN {
      appendNaN(bits, digits: 16, usual: bits == 0x7FF8_0000_0000_0000, to: &text)
    } else if value.magnitude < 9_007_199_254_740_992 {
      append(ShortestDecimal(float64: bits), negative: bits >> 63 == 1, to: &text)
    } else {
      text.append(contentsOf: value.description.utf8)
      dropPointZero(&text)
    }
  }

  private static func append(
    _ decimal: ShortestDecimal, negative: Bool, to text: inout [UInt8]
  ) {
    if negative { text.append(UInt8(ascii: "-")) }
    let start = text.count
    text.append(
      contentsOf: repeatElement(0, count: ShortestDecimal.maxLength + IntegerText.slack))
    var span = text.mutableSpan
    let end = decimal.write(to: &span, at: start)
    text.removeLast(text.count - end)
  }

  private static func appendInteger(_ value: Int64, negative: Bool, to text: inout [UInt8]) {
    if negative { text.append(UInt8(ascii: "-")) }
    IntegerText.append(value.magnitude, to: &text)
  }

  private static func dropPointZero(_ text: inout [UInt8]) {
    if text.count > 2, text[text.count - 1] == UInt8(ascii: "0"),
      text[text.count - 2] == UInt8(ascii: ".")
    {
      text.removeLast(2)
    }
  }

  private static func appendNaN(
    _ bits: UInt64, digits: Int, usual: Bool, to text: inout [UInt8]
  ) {
    text.append(contentsOf: "nan".utf8)
    if usual { return }
    text.append(contentsOf: "(0x".utf8)
    for digit in (0..<digits).reversed() {
      let nibble = UInt8(truncatingIfNeeded: bits >> (4 * digit)) & 15
      text.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
    }
    text.append(UInt8(ascii: ")"))
  }
}

// MARK: In place

extension ValueText {
  /// The longest text of a value: that of a number, or of a NaN's bits.
  static let maxLength = 24

  /// Writes the text of a value of a channel of this type; returns the place behind it.
  ///
  /// - Precondition: there is room for `maxLength` bytes, and `IntegerText.slack` more.
  static func write(
    _ bits: UInt64, as type: ValueType, to text: inout MutableSpan<UInt8>, at start: Int
  ) -> Int {
    let value = Double(bitPattern: bits)
    var place = start
    if value.magnitude < 16_777_216 {
      if bits >> 63 == 1 {
        text[place] = UInt8(ascii: "-")
        place += 1
      }
      let whole = Int64(value)
      if value == Double(whole) {
        return IntegerText.write(Int64(whole.magnitude), to: &text, at: place)
      }
      if type == .float32, let narrow = Widening.narrow(bits) {
        return ShortestDecimal(float32: narrow).write(to: &text, at: place)
      }
      return ShortestDecimal(float64: bits).write(to: &text, at: place)
    }
    // Rarely: large numbers, infinities and NaNs.
    var rare: [UInt8] = []
    append(bits, as: type, to: &rare)
    for byte in rare {
      text[place] = byte
      place += 1
    }
    return place
  }
}
