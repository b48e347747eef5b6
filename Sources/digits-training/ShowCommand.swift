import ArgumentParser
import TrackerSystem

/// `digits-training show`: the digits that the network ended worst on, with their loss curves.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Draw the hardest eval digits with their loss curves.",
    discussion: """
      The digits with the highest last cross-entropy, the hardest first, as the run's final selection \
      has them. Colours are used in a terminal; set NO_COLOR to do without.
      """)

  @Option(help: "The digits that the run was trained on.")
  var data: String

  @Option(help: "The merged tracker of the run.")
  var tracker: String

  @Option(help: "How many digits to draw.")
  var count: Int = 6

  func validate() throws {
    guard count >= 1 else { throw ValidationError("--count must be at least 1") }
  }

  func run() throws {
    let digits = try DigitSet(csv: RunFiles.read(data), file: data)
    let hardest = try HardestDigits(tracker: tracker, count: count)
    let style = TextStyle.standardOutput
    let cards = hardest.entries.filter { $0.id < digits.count }.map { entry in
      DigitCard(
        entry, epochs: hardest.epochs, label: digits.labels[entry.id],
        pixels: digits.pixels(of: entry.id), style: style)
    }
    let title =
      "The hardest of \(digits.evalIDs.count) eval digits: loss by epoch; ✓ in how many it was right"
    let output = StandardOutput(.output)
    try output.write(style.bold(title) + "\n\n" + DigitCard.sheet(cards))
    try output.flush()
  }
}
