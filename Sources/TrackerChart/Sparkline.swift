/// A series of values as one row of block characters, for a table's cell or a progress line.
///
/// The lowest value is `▁`, the highest `█`; a series of equal values is `▄`. NaN is a space;
/// infinite values are the lowest and highest blocks and do not stretch the scale.
public struct Sparkline: Sendable, CustomStringConvertible {
  public let description: String

  /// - Parameters:
  ///   - width: the number of characters; nil for one a value. Where values are more than
  ///     characters, a character stands for the mean of its share of them; where they are fewer,
  ///     there are as many characters as values.
  ///   - range: what the lowest and highest blocks stand for; nil for the range of the finite
  ///     values.
  public init(_ values: [Double], width: Int? = nil, range: ClosedRange<Double>? = nil) {
    precondition((width ?? 1) >= 1, "a sparkline has at least one character")
    let shown = Self.means(of: values, in: min(width ?? values.count, values.count))
    let finite = shown.filter(\.isFinite)
    let low = range?.lowerBound ?? finite.min() ?? 0
    let high = range?.upperBound ?? finite.max() ?? 0
    var text = ""
    for value in shown {
      text.append(value.isNaN ? " " : Self.block(value, low: low, high: high))
    }
    description = text
  }

  private static let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  private static func block(_ value: Double, low: Double, high: Double) -> Character {
    if value == low && value == high { return "▄" }
    if value <= low { return blocks[0] }
    if value >= high { return blocks[7] }
    // Halved before they are subtracted: the range may be wider than the largest number.
    return blocks[Int(((value / 2 - low / 2) / (high / 2 - low / 2) * 7).rounded())]
  }

  /// Splits the values into `count` runs of nearly equal length and averages each, gaps left out.
  private static func means(of values: [Double], in count: Int) -> [Double] {
    guard count < values.count else { return values }
    return (0..<count).map { i in
      let share = values[values.count * i / count..<values.count * (i + 1) / count]
      let present = share.filter { !$0.isNaN }
      return present.isEmpty ? .nan : present.reduce(0) { $0 + $1 / Double(present.count) }
    }
  }
}
