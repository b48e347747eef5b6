import ArgumentParser
import TrackerFile
import TrackerMerge
import TrackerModel
import TrackerSystem

/// `tracker recover`: everything that can still be read.
struct RecoverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract: "Write all that can still be read of a damaged file into a new one.",
    discussion: """
      Damaged tiles are skipped; reading goes on behind them. The new file is verified before it gets \
      its name.

      EXAMPLES
        tracker recover broken.tracker -o saved.tracker

      Exit status: 0 nothing was lost, 3 some data was lost, 1 nothing could be read.
      """)

  @Argument(help: ArgumentHelp("The damaged file.", valueName: "file"))
  var file: String

  @OptionGroup var target: OutputOptions

  func run() throws {
    let console = Console.shared
    if let identity = FileHandle.identity(ofPath: target.output),
      identity == FileHandle.identity(ofPath: file)
    {
      throw TrackerError(
        .invalidParameter, "recover", "it is the damaged file and the output", file: file,
        remedy: "write another file: what cannot be read now may be read by other means later")
    }
    let storage = try FileStorage(path: file, mode: .read)
    let (reader, salvage) = try TrackerReader.salvaging(storage)
    let progress = Progress(console, "recovered")
    var report = MergeReport()
    let output = try OutputFile(path: target.output, overwriting: target.force)
    let written = FileStorage(handle: output.handle, name: target.output)
    try Compaction.write(
      reader, to: written, report: &report, progress: { progress.update($0, of: $1) })
    progress.finish()
    // Before it gets its name: what does not verify replaces nothing.
    let verification = try Verification.verify(written)
    guard verification.isSound, verification.pointCount == report.outputPoints else {
      throw TrackerError(
        .malformed, "recover", "the output does not verify", file: target.output,
        remedy: "run again; if it stays so, report this, with the damaged file")
    }
    try output.commit()
    // Before anything is printed: a reader that closes the pipe must not make it look complete.
    if !salvage.isComplete { console.status = .dataLost }
    let channels = Set(salvage.recoveredPoints.keys).union(salvage.lostPoints.keys).sorted()
    for channel in channels {
      try console.print(
        "\(channel): \(Numbers.count(salvage.recoveredPoints[channel] ?? 0, "point")) recovered, "
          + "\(Numbers.grouped(salvage.lostPoints[channel] ?? 0)) lost")
    }
    if salvage.damagedCommits > 0 {
      try console.print("\(Numbers.count(salvage.damagedCommits, "commit")) damaged")
    }
    if salvage.damagedBytes > 0 {
      try console.print(
        "\(Numbers.grouped(salvage.damagedBytes)) bytes hold nothing that can be read")
    }
    if salvage.uncommittedPoints > 0 {
      try console.print(
        "\(Numbers.count(salvage.uncommittedPoints, "point")) taken from tiles that no readable"
          + " commit lists")
    }
    console.say(
      "\(target.output): \(Numbers.count(report.outputPoints, "point")), verified")
  }
}
