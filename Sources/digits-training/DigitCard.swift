import TrackerChart

/// One digit as it is shown: its picture, and beside it its label, id, last loss, in how many
/// epochs the network was right about it, and the loss curve.
///
/// A card has 8 rows of 39 columns, so that two fit side by side in 80.
struct DigitCard {
  static let width = 39
  private static let textWidth = width - DigitPicture.width - 2
  private static let labelWidth = 5

  let rows: [String]

  init(
    _ entry: HardestDigits.Entry, epochs: ClosedRange<Double>, label: Int,
    pixels: ArraySlice<Float>, style: TextStyle
  ) {
    let name = "#\(entry.id)"
    let loss = "loss \(ShortNumber(entry.lastLoss))"
    let right = "✓ \(entry.correct.count)/\(entry.correct.of)"
    let curve = TerminalCurve(entry.losses.map { (x: $0.epoch, y: $0.loss) }, xRange: epochs)
      .framed(width: Self.textWidth, height: DigitPicture.height - 2, labelWidth: Self.labelWidth)
    let text =
      [
        style.bold("labelled \(label)")
          + style.faint(Self.flushRight(name, after: "labelled \(label)")),
        style.orange(loss) + style.faint(Self.flushRight(right, after: loss)),
      ]
      + curve.enumerated().map { row, text in
        guard row < curve.count - 1 else { return style.faint(text) }
        return style.faint(String(text.prefix(Self.labelWidth + 1)))
          + style.orange(String(text.dropFirst(Self.labelWidth + 1)))
      }
    rows = zip(DigitPicture(pixels).rows(style: style), text).map { $0 + "  " + $1 }
  }

  private static func flushRight(_ text: String, after left: String) -> String {
    String(repeating: " ", count: max(1, textWidth - left.count - text.count)) + text
  }

  /// Two cards a line, a blank line between the lines; no line ends in spaces.
  static func sheet(_ cards: [DigitCard]) -> String {
    stride(from: 0, to: cards.count, by: 2).map { first in
      let second = first + 1 < cards.count ? cards[first + 1].rows : []
      return cards[first].rows.enumerated().map { row, text in
        let line = second.isEmpty ? text : text + "  " + second[row]
        return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
      }.joined()
    }.joined(separator: "\n")
  }
}
