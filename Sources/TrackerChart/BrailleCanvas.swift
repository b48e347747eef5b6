/// A grid of dots printed as braille characters: two dots across and four down in each.
///
/// Dots are counted from the left and from the top. Dots outside the grid are left out silently, so
/// that a line may run off the canvas.
struct BrailleCanvas {
  let columns: Int
  let rows: Int
  private var cells: [UInt8]

  init(columns: Int, rows: Int) {
    precondition(columns >= 1 && rows >= 1, "a canvas has at least one column and one row")
    self.columns = columns
    self.rows = rows
    cells = Array(repeating: 0, count: columns * rows)
  }

  var dotsAcross: Int { columns * 2 }
  var dotsDown: Int { rows * 4 }

  mutating func setDot(x: Int, y: Int) {
    guard 0..<dotsAcross ~= x, 0..<dotsDown ~= y else { return }
    cells[(y / 4) * columns + x / 2] |= Self.bit(x: x % 2, y: y % 4)
  }

  /// Sets the dots nearest to the straight line, both ends included.
  ///
  /// - Complexity: O(*d*) in the longer side of the line; both ends should be near the canvas.
  mutating func drawLine(from start: (x: Int, y: Int), to end: (x: Int, y: Int)) {
    let across = end.x - start.x
    let down = end.y - start.y
    let count = max(abs(across), abs(down))
    guard count > 0 else { return setDot(x: start.x, y: start.y) }
    for i in 0...count {
      setDot(
        x: start.x + Self.roundedQuotient(across * i, count),
        y: start.y + Self.roundedQuotient(down * i, count))
    }
  }

  /// The canvas from top to bottom, `columns` characters a row; a cell without dots is a space.
  func text() -> [String] {
    (0..<rows).map { row in
      var text = ""
      for cell in cells[row * columns..<(row + 1) * columns] {
        text.unicodeScalars.append(cell == 0 ? " " : Self.scalar(cell))
      }
      return text
    }
  }

  /// Braille numbers its dots down the left column, then down the right; the fourth row, a later
  /// addition, has the two highest bits.
  private static func bit(x: Int, y: Int) -> UInt8 {
    switch (x, y) {
    case (_, 3): 0x40 << UInt8(x)
    default: 1 << UInt8(x * 3 + y)
    }
  }

  private static func scalar(_ cell: UInt8) -> Unicode.Scalar {
    // U+2800 to U+28FF are all assigned: none of them is a surrogate.
    Unicode.Scalar(0x2800 + UInt32(cell)) ?? " "
  }

  private static func roundedQuotient(_ a: Int, _ b: Int) -> Int {
    a >= 0 ? (2 * a + b) / (2 * b) : -((-2 * a + b) / (2 * b))
  }
}
