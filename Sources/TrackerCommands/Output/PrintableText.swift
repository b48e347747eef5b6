import TrackerModel

/// Names as terminals may be shown them: control characters, which could move the cursor or break a
/// table, are written as \u{…}. Only for eyes: other formats give the name itself.
enum PrintableText {
  static func escape(_ text: String) -> String {
    guard mayHoldControls(text) else { return text }
    var escaped = ""
    for scalar in text.unicodeScalars {
      if isControl(scalar) {
        escaped += "\\u{\(String(scalar.value, radix: 16))}"
      } else {
        escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// Looks at bytes only, which is fast: most texts are ASCII without controls.
  private static func mayHoldControls(_ text: String) -> Bool {
    text.utf8.contains { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 || $0 == 0xD8 || $0 == 0xE2 }
  }

  /// Besides what moves cursors, what turns the direction of writing: it makes a text look like another.
  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x61C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}

extension InstanceIndex {
  var printable: String { PrintableText.escape(description) }
}

extension Channel {
  var printable: String { PrintableText.escape(description) }
}
