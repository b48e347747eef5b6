/// The two-character escapes of JSON strings, and the decoding of all escapes in place.
enum JSONEscape {
  /// What a backslash followed by `byte` means.
  static func decoded(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    default: nil
    }
  }

  /// The letter after the backslash that stands for `byte`.
  static func encoded(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
    case 0x08: UInt8(ascii: "b")
    case 0x0C: UInt8(ascii: "f")
    case 0x0A: UInt8(ascii: "n")
    case 0x0D: UInt8(ascii: "r")
    case 0x09: UInt8(ascii: "t")
    default: nil
    }
  }

  /// Replaces the escapes in `range`, which a `JSONScanner` has checked, and returns what is left
  /// of the range: no escape is shorter than the UTF-8 that it stands for.
  static func decode(_ bytes: inout [UInt8], _ range: Range<Int>) -> Range<Int> {
    var target = range.lowerBound
    var position = range.lowerBound
    func unit(at first: Int) -> UInt32 {
      var unit: UInt32 = 0
      for offset in 0..<4 { unit = unit << 4 | UInt32(hexDigit(bytes[first + offset]) ?? 0) }
      return unit
    }
    while position < range.upperBound {
      let byte = bytes[position]
      guard byte == UInt8(ascii: "\\") else {
        bytes[target] = byte
        target += 1
        position += 1
        continue
      }
      let letter = bytes[position + 1]
      guard letter == UInt8(ascii: "u") else {
        bytes[target] = decoded(letter) ?? letter
        target += 1
        position += 2
        continue
      }
      var scalar = unit(at: position + 2)
      position += 6
      if scalar & 0xFC00 == 0xD800 {
        scalar = 0x10000 + (scalar & 0x3FF) << 10 + unit(at: position + 2) & 0x3FF
        position += 6
      }
      for byte in UTF8.encode(UnicodeScalar(scalar) ?? "\u{FFFD}") ?? .init() {
        bytes[target] = byte
        target += 1
      }
    }
    return range.lowerBound..<target
  }
}
