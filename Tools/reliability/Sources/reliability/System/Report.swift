import Glibc

/// What the commands print: one line of figures on standard output, findings on standard error.
enum Report {
  static func line(_ name: String, _ seed: UInt64, _ figures: [(String, Int)], _ seconds: Double) {
    let text = figures.map { "\(grouped($0.1)) \($0.0)" }.joined(separator: ", ")
    print("\(name), seed \(seed): \(text); \(Int(seconds.rounded())) s")
    fflush(nil)
  }

  static func note(_ text: String) {
    let line = Array((text + "\n").utf8)
    _ = write(2, line, line.count)
  }

  static func grouped(_ number: Int) -> String {
    var text = ""
    for (place, digit) in String(number).reversed().enumerated() {
      if place > 0, place % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }
}
