/// A curve drawn with braille characters: rows of text, to be printed one under the other.
///
/// Points are joined by straight lines in the order given. A point whose `y` is NaN is a gap: the
/// line stops before it and starts anew after it; a point between two gaps is a dot. Infinite
/// values lie on the upper or lower border. A curve without a finite value is blank.
///
/// ```swift
/// let curve = TerminalCurve(zip(1..., losses).map { (Double($0), $1) })
/// for row in curve.framed(width: 40, height: 6) { print(row) }
/// ```
public struct TerminalCurve: Sendable {
  public typealias Point = (x: Double, y: Double)

  public let points: [Point]
  /// What the left and right borders stand for.
  public let xRange: ClosedRange<Double>
  /// What the lower and upper borders stand for.
  public let yRange: ClosedRange<Double>

  /// - Parameters:
  ///   - points: with finite `x`; others are left out.
  ///   - xRange: nil for that of the points, gaps included, so that missing ends show as such.
  ///   - yRange: nil for that of the finite values. Give one to draw several curves to one scale.
  public init(
    _ points: [Point], xRange: ClosedRange<Double>? = nil, yRange: ClosedRange<Double>? = nil
  ) {
    self.points = points.filter { $0.x.isFinite }
    self.xRange = xRange ?? Self.range(self.points.map(\.x))
    self.yRange = yRange ?? Self.range(self.points.map(\.y).filter(\.isFinite))
  }

  /// The curve alone: `height` rows of `width` characters, the highest values in the first.
  public func rows(width: Int, height: Int) -> [String] {
    var canvas = BrailleCanvas(columns: width, rows: height)
    var last: (x: Int, y: Int)?
    for point in points {
      guard !point.y.isNaN else {
        last = nil
        continue
      }
      let dot = (
        x: Self.place(point.x, in: xRange, dots: canvas.dotsAcross),
        y: canvas.dotsDown - 1 - Self.place(point.y, in: yRange, dots: canvas.dotsDown)
      )
      canvas.drawLine(from: last ?? dot, to: dot)
      last = dot
    }
    return canvas.text()
  }

  /// The curve with its axes: `height` rows of `width` characters, of which `labelWidth` + 1
  /// columns and one row are taken by the axes. The ends of both ranges are written beside them.
  ///
  /// Labels longer than their place are cut. At least two rows (one of curve) and one column of
  /// curve are needed.
  public func framed(width: Int, height: Int, labelWidth: Int = 5) -> [String] {
    precondition(
      labelWidth >= 0 && width >= labelWidth + 2 && height >= 2, "no room for a curve and its axes")
    let plot = rows(width: width - labelWidth - 1, height: height - 1)
    var framed = plot.enumerated().map { row, text in
      let label =
        row == 0
        ? Self.label(yRange.upperBound)
        : row == plot.count - 1 ? Self.label(yRange.lowerBound) : ""
      return Self.flushRight(label, labelWidth) + (label.isEmpty ? "│" : "┤") + text
    }
    let first = Self.label(xRange.lowerBound)
    let last = Self.label(xRange.upperBound)
    let room = width - labelWidth - 1
    framed.append(
      String(repeating: " ", count: labelWidth + 1)
        + (first.count + last.count < room
          ? first + Self.flushRight(last, room - first.count) : Self.flushRight(last, room)))
    return framed
  }

  private static func label(_ value: Double) -> String { ShortNumber(value).description }

  private static func flushRight(_ text: String, _ width: Int) -> String {
    let cut = text.prefix(width)
    return String(repeating: " ", count: width - cut.count) + cut
  }

  /// A range of one value is kept as it is: `place` puts that value in the middle.
  private static func range(_ values: [Double]) -> ClosedRange<Double> {
    guard let low = values.min(), let high = values.max() else { return 0...1 }
    return low...high
  }

  /// Which of `dots` dots a value falls on, counted from the lower border.
  private static func place(_ value: Double, in range: ClosedRange<Double>, dots: Int) -> Int {
    let (low, high) = (range.lowerBound, range.upperBound)
    guard low < high else { return value < low ? 0 : value > high ? dots - 1 : dots / 2 }
    // Halved before they are subtracted: the range itself may be wider than the largest number.
    let share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return Int((min(max(share, 0), 1) * Double(dots - 1)).rounded())
  }
}
