import TrackerModel

/// Names as terminals may be shown them: control characters, which could move the cursor or break a
/// table, are written as \u{…}. Only for eyes: other formats give the name itself.
enum PrintableText {
  static func escape(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
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

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
      || (0x2028...0x202E).contains(scalar.value)
  }
}

extension InstanceIndex {
  var printable: String { PrintableText.escape(description) }
}

extension Channel {
  var printable: String { PrintableText.escape(description) }
}
