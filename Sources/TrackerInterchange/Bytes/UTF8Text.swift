/// Checks of text that comes from outside.
enum UTF8Text {
  /// Whether the bytes are well-formed UTF-8: no overlong forms, surrogates or scalars past 10FFFF.
  static func isValid(_ bytes: Span<UInt8>) -> Bool {
    var position = 0
    while position < bytes.count {
      let lead = bytes[position]
      position += 1
      if lead < 0x80 { continue }
      // The second byte's range depends on the lead (Unicode's table 3-7); others are 80...BF.
      let following: Int
      var (low, high): (UInt8, UInt8) = (0x80, 0xBF)
      switch lead {
      case 0xC2...0xDF: following = 1
      case 0xE0: (following, low) = (2, 0xA0)
      case 0xED: (following, high) = (2, 0x9F)
      case 0xE1...0xEF: following = 2
      case 0xF0: (following, low) = (3, 0x90)
      case 0xF1...0xF3: following = 3
      case 0xF4: (following, high) = (3, 0x8F)
      default: return false
      }
      guard position + following <= bytes.count else { return false }
      for offset in 0..<following {
        let byte = bytes[position + offset]
        guard byte >= low, byte <= high else { return false }
        (low, high) = (0x80, 0xBF)
      }
      position += following
    }
    return true
  }

  /// The bytes as a text for error lines: at most 40 of them, damage repaired.
  static func shown(_ bytes: Span<UInt8>) -> String {
    var copy: [UInt8] = []
    for position in 0..<min(bytes.count, 40) {
      // Control characters would break the one line that an error has.
      copy.append(bytes[position] < 0x20 ? UInt8(ascii: "?") : bytes[position])
    }
    return "'\(String(decoding: copy, as: UTF8.self))\(bytes.count > 40 ? "…" : "")'"
  }

  /// The bytes as a string, or nil where they are not UTF-8.
  static func string(_ bytes: Span<UInt8>) -> String? {
    guard isValid(bytes) else { return nil }
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count)
    for position in bytes.indices { copy.append(bytes[position]) }
    return String(decoding: copy, as: UTF8.self)
  }
}
