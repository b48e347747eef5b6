import ArgumentParser
import TrackerFile
import TrackerInterchange
import TrackerMerge
import TrackerModel

/// `tracker diff`: do two trackers say the same?
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare the histories of two trackers.",
    discussion: """
      Compares points: channel, index, step, epoch and value, bit by bit. How files were written, by \
      whom and when does not count.

      EXAMPLES
        tracker diff undisturbed.tracker resumed.tracker

      Exit status: 0 the same, 1 different, 2 any error.
      """)

  @Argument(help: ArgumentHelp("The first tracker.", valueName: "a"))
  var first: String

  @Argument(help: ArgumentHelp("The second tracker.", valueName: "b"))
  var second: String

  @Option(help: ArgumentHelp("Show at most this many differences.", valueName: "n"))
  var limit = 10

  func run() throws {
    let console = Console.shared
    let (left, right) = (try TrackerReader(path: first), try TrackerReader(path: second))
    for reader in [left, right] {
      if let tail = reader.tail {
        throw TrackerError(
          .truncated, "diff", "\(tail.length) bytes follow the last commit", file: reader.name,
          offset: tail.offset, remedy: "'tracker recover' saves what can be read")
      }
    }
    let progress = Progress(console, "compared")
    var count = 0
    let same = try HistoryComparison.compare(
      left, right, progress: { progress.update($0, of: nil) }
    ) { (difference) throws(TrackerError) in
      count += 1
      // Before anything is printed: a reader that closes the pipe must not make it look equal.
      console.status = .failure
      if count <= limit { try show(difference, left, right) }
    }
    progress.finish()
    if count > limit {
      try console.print("… and \(Numbers.grouped(count - limit)) more")
    }
    if count == 0 {
      try console.print("identical: \(Numbers.count(same, "point"))")
    } else {
      try console.print(
        "different: \(Numbers.count(count, "difference")), \(Numbers.count(same, "point")) the same"
      )
    }
  }

  private func show(_ difference: HistoryDifference, _ left: TrackerReader, _ right: TrackerReader)
    throws(TrackerError)
  {
    func text(_ point: HistoryPoint?, _ reader: TrackerReader) -> String {
      guard let point else { return "none" }
      let type = reader.snapshot.valueType(of: difference.channel)
      return ValueText.text(point.valueBits, as: type)
        + (point.epoch.map { " (epoch \($0))" } ?? " (no epoch)")
    }
    try Console.shared.print(
      "\(difference.channel.printable), index \(difference.index.printable), step \(difference.step):"
        + " \(text(difference.left, left)) | \(text(difference.right, right))")
  }
}
