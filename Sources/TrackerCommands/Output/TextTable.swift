/// Columns of text, aligned: numbers to the right, words to the left.
struct TextTable {
  enum Alignment {
    case left
    case right
  }

  private let alignments: [Alignment]
  private var rows: [[String]] = []

  init(_ header: [(title: String, alignment: Alignment)]) {
    alignments = header.map(\.alignment)
    rows.append(header.map(\.title))
  }

  mutating func append(_ row: [String]) { rows.append(row) }

  /// Lines without trailing spaces, each after `indent`.
  func lines(indent: String = "") -> [String] {
    var widths = [Int](repeating: 0, count: alignments.count)
    for row in rows {
      for (column, text) in row.enumerated() { widths[column] = max(widths[column], text.count) }
    }
    return rows.map { row in
      var line = indent
      for (column, text) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - text.count)
        if column > 0 { line += "  " }
        line += alignments[column] == .left ? text + padding : padding + text
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
