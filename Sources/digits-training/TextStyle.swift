import TrackerSystem

/// Whether text is coloured, and the few colours in use.
///
/// Only a terminal is written to in colours, and only where `NO_COLOR` is not set (no-color.org).
struct TextStyle {
  let isColored: Bool

  static let reset = "\u{1B}[0m"

  static var standardOutput: TextStyle { TextStyle(isColored: Terminal.wantsColor(.output)) }

  func bold(_ text: String) -> String { wrap(text, "1") }
  func faint(_ text: String) -> String { wrap(text, "2") }
  func orange(_ text: String) -> String { wrap(text, "38;5;208") }

  private func wrap(_ text: String, _ code: String) -> String {
    isColored ? "\u{1B}[\(code)m\(text)\(Self.reset)" : text
  }
}
