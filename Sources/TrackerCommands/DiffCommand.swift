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
      whom and when does not count. Either side may be a folder or a quoted pattern: its files are \
      compared as if they were merged. Where the digests of the content (tracker-dump --digest) are \
      equal nothing more is compared.

      EXAMPLES
        tracker diff undisturbed.tracker resumed.tracker
        tracker diff workers/ merged.tracker

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
    let (left, right) = (try union(first), try union(second))
    guard left.indexType == right.indexType else {
      throw TrackerError(
        .wrongIndexType, "diff",
        "its indices are \(right.indexType), those of \(left.name) are \(left.indexType)",
        file: right.name)
    }
    let digest = try digest(left)
    if try digest == self.digest(right) {
      try console.print("identical: \(Numbers.count(digest.pointCount, "point"))")
      return
    }
    let progress = Progress(console, "compared")
    var count = 0
    var same = 0
    for channel in Set(left.channels + right.channels).sorted() {
      let before = same
      same += try HistoryComparison.compare(
        left.scan(channel), right.scan(channel),
        progress: { progress.update(before + $0, of: nil) }
      ) { (difference) throws(TrackerError) in
        count += 1
        // Before anything is printed: a reader that closes the pipe must not make it look equal.
        console.status = .failure
        if count <= limit { try show(difference, left, right) }
      }
    }
    progress.finish()
    precondition(count > 0, "digests differ where points do")
    if count > limit {
      try console.print("… and \(Numbers.grouped(count - limit)) more")
    }
    try console.print(
      "different: \(Numbers.count(count, "difference")), \(Numbers.count(same, "point")) the same")
  }

  /// What an argument means: a file, or the union of several.
  private func union(_ argument: String) throws(TrackerError) -> TrackerUnion {
    var readers: [TrackerReader] = []
    for path in try TrackerInputs.paths(of: argument) {
      readers.append(try TrackerReader(path: path))
    }
    for reader in readers {
      if let tail = reader.tail {
        throw TrackerError(
          .truncated, "diff", "\(tail.length) bytes follow the last commit", file: reader.name,
          offset: tail.offset, remedy: "'tracker recover' saves what can be read")
      }
    }
    return try TrackerUnion(readers)
  }

  private func digest(_ union: TrackerUnion) throws(TrackerError) -> ContentDigest {
    let progress = Progress(.shared, "read")
    defer { progress.finish() }
    var digest = ContentDigest(indexType: union.indexType)
    for channel in union.channels {
      try digest.add(union.scan(channel)) { progress.update($0, of: nil) }
    }
    return digest
  }

  private func show(_ difference: HistoryDifference, _ left: TrackerUnion, _ right: TrackerUnion)
    throws(TrackerError)
  {
    func text(_ point: HistoryPoint?, _ union: TrackerUnion) -> String {
      guard let point else { return "none" }
      let type = union.valueType(of: difference.channel)
      return ValueText.text(point.valueBits, as: type)
        + (point.epoch.map { " (epoch \($0))" } ?? " (no epoch)")
    }
    try Console.shared.print(
      "\(difference.channel.printable), index \(difference.index.printable), step \(difference.step):"
        + " \(text(difference.left, left)) | \(text(difference.right, right))")
  }
}
