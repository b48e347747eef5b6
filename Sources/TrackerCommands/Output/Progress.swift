import TrackerSystem

/// A line on the terminal that says how far a command is, its rate and the time left.
///
/// Silent where standard error is no terminal.
final class Progress {
  private let console: Console
  private let verb: String
  private let unit: String
  private let isShown: Bool
  private let start = Clock.monotonicSeconds()
  private var shownAt: Double
  private var width = 0

  init(_ console: Console, _ verb: String, unit: String = "points") {
    self.console = console
    self.verb = verb
    self.unit = unit
    isShown = Terminal.isTerminal(.error)
    shownAt = start
  }

  /// - Parameter total: nil where it is not known.
  func update(_ done: Int, of total: Int?) {
    guard isShown else { return }
    let now = Clock.monotonicSeconds()
    guard now - shownAt >= 0.1 else { return }
    shownAt = now
    let rate = Double(done) / max(now - start, 1e-9)
    var text = "\(verb) \(Numbers.grouped(done)) \(unit), \(Numbers.grouped(Int(rate))) a second"
    if let total, total > 0, rate > 0 {
      let share = min(1, Double(done) / Double(total))
      let left = max(0, Double(total - done)) / rate
      let filled = Int(share * 20)
      text =
        "[\(String(repeating: "#", count: filled))\(String(repeating: "-", count: 20 - filled))]"
        + " \(Int(share * 100)) %  \(text), \(Numbers.fixed(left, 0)) s left"
    }
    let padding = String(repeating: " ", count: max(0, width - text.count))
    width = text.count
    console.sayRaw("\r\(text)\(padding)")
  }

  /// Clears the line.
  func finish() {
    guard isShown, width > 0 else { return }
    console.sayRaw("\r\(String(repeating: " ", count: width))\r")
    width = 0
  }
}
