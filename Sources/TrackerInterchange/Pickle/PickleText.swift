/// The texts of pickles whose bytes are not the text itself.
enum PickleText {
  /// Decodes Python's raw-unicode-escape to UTF-8: bytes are Latin-1, and `\u` and `\U` have four and
  /// eight hexadecimal digits. Surrogates become three bytes each, as in Python's other protocols.
  ///
  /// Nil where an escape has too few digits or names no scalar.
  static func decodeRawUnicode(_ line: Span<UInt8>) -> [UInt8]? {
    var text: [UInt8] = []
    text.reserveCapacity(line.count)
    var position = 0
    while position < line.count {
      let byte = line[position]
      position += 1
      if byte == UInt8(ascii: "\\"), position < line.count,
        line[position] == UInt8(ascii: "u") || line[position] == UInt8(ascii: "U")
      {
        let digits = line[position] == UInt8(ascii: "u") ? 4 : 8
        position += 1
        guard position + digits <= line.count,
          let scalar = hexadecimal(line.extracting(position..<position + digits)),
          scalar <= 0x10FFFF
        else { return nil }
        position += digits
        append(scalar, to: &text)
      } else {
        append(UInt32(byte), to: &text)
      }
    }
    return text
  }

  private static func hexadecimal(_ digits: Span<UInt8>) -> UInt32? {
    var value: UInt32 = 0
    for position in digits.indices {
      guard let digit = hexDigit(digits[position]) else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }

  private static func append(_ scalar: UInt32, to text: inout [UInt8]) {
    switch scalar {
    case 0..<0x80: text.append(UInt8(scalar))
    case 0x80..<0x800:
      text.append(0xC0 | UInt8(scalar >> 6))
      text.append(0x80 | UInt8(scalar & 0x3F))
    case 0x800..<0x10000:
      text.append(0xE0 | UInt8(scalar >> 12))
      text.append(0x80 | UInt8(scalar >> 6 & 0x3F))
      text.append(0x80 | UInt8(scalar & 0x3F))
    default:
      text.append(0xF0 | UInt8(scalar >> 18))
      text.append(0x80 | UInt8(scalar >> 12 & 0x3F))
      text.append(0x80 | UInt8(scalar >> 6 & 0x3F))
      text.append(0x80 | UInt8(scalar & 0x3F))
    }
  }

  /// The bytes that a text of scalars below 256 encodes to in Latin-1; nil where one is above.
  static func encodeLatin1(_ text: Span<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var position = 0
    while position < text.count {
      let byte = text[position]
      if byte < 0x80 {
        bytes.append(byte)
        position += 1
      } else {
        guard byte == 0xC2 || byte == 0xC3, position + 1 < text.count,
          text[position + 1] & 0xC0 == 0x80
        else { return nil }
        bytes.append(byte << 6 | text[position + 1] & 0x3F)
        position += 2
      }
    }
    return bytes
  }

  /// Decodes the quoted text of `STRING`, as Python 2 wrote it; nil where it is none.
  static func decodeQuoted(_ line: Span<UInt8>) -> [UInt8]? {
    guard line.count >= 2, case let quote = line[0],
      quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""), line[line.count - 1] == quote
    else { return nil }
    let end = line.count - 1
    var text: [UInt8] = []
    var position = 1
    while position < end {
      let byte = line[position]
      position += 1
      guard byte == UInt8(ascii: "\\") else {
        text.append(byte)
        continue
      }
      guard position < end else { return nil }
      let escape = line[position]
      position += 1
      switch escape {
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "x"):
        guard position + 2 <= end,
          let value = hexadecimal(line.extracting(position..<position + 2))
        else { return nil }
        text.append(UInt8(truncatingIfNeeded: value))
        position += 2
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): text.append(escape)
      default: return nil
      }
    }
    return text
  }
}
