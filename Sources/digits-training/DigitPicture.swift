/// A digit as 8 rows of 16 characters, which in a terminal look about square.
///
/// The 8 × 8 pixels are enlarged to 16 × 16 by linear interpolation, and each character shows two
/// of these, one above the other: an upper half block whose two halves have a grey each, or without
/// colours one of five shades.
struct DigitPicture {
  static let width = 16
  static let height = 8

  /// Ink from 0 to 1, 16 × 16, row by row.
  private let ink: [Float]

  init(_ pixels: ArraySlice<Float>) {
    let pixels = Array(pixels)
    let side = DigitSet.side
    ink = (0..<Self.width * Self.width).map { place in
      func neighbours(_ position: Int) -> (Int, Int, Float) {
        // The centre of pixel p lies at 2p + ½ on the finer grid.
        let exact = min(max((Float(position) - 0.5) / 2, 0), Float(side - 1))
        let first = Int(exact)
        return (first, min(first + 1, side - 1), exact - Float(first))
      }
      let (top, bottom, down) = neighbours(place / Self.width)
      let (left, right, across) = neighbours(place % Self.width)
      func row(_ y: Int) -> Float {
        pixels[y * side + left] * (1 - across) + pixels[y * side + right] * across
      }
      return row(top) * (1 - down) + row(bottom) * down
    }
  }

  func rows(style: TextStyle) -> [String] {
    (0..<Self.height).map { y in
      var text = ""
      for x in 0..<Self.width {
        let upper = ink[2 * y * Self.width + x]
        let lower = ink[(2 * y + 1) * Self.width + x]
        text += style.isColored ? Self.grey(upper, lower) : Self.shade((upper + lower) / 2)
      }
      return style.isColored ? text + TextStyle.reset : text
    }
  }

  private static func shade(_ ink: Float) -> String {
    [" ", "░", "▒", "▓", "█"][Int((ink * 4).rounded())]
  }

  /// Colours 232 to 255 of a terminal are greys from nearly black to nearly white.
  private static func grey(_ upper: Float, _ lower: Float) -> String {
    func color(_ ink: Float) -> Int { 232 + Int((ink * 23).rounded()) }
    return "\u{1B}[38;5;\(color(upper));48;5;\(color(lower))m▀"
  }
}
