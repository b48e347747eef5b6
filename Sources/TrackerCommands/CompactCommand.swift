import ArgumentParser
import TrackerFile
import TrackerMerge
import TrackerModel
import TrackerSystem

/// `tracker compact`: the same history in fewer bytes.
struct CompactCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compact",
    abstract: "Rewrite a tracker as one commit of larger tiles.",
    discussion: """
      Smaller, and faster to look instances up in. Parameters, kept sets and unsealed points stay; \
      earlier commits and times do not. The tracker can be resumed from the new file.

      EXAMPLES
        tracker compact run.tracker -o small.tracker
        tracker compact run.tracker -o smaller.tracker --precision 10

      \(ExitStatus.help)
      """)

  @Argument(help: ArgumentHelp("The tracker file.", valueName: "file"))
  var file: String

  @OptionGroup var target: OutputOptions
  @OptionGroup var lossy: PrecisionOptions
  @OptionGroup var encoding: LevelOptions
  @OptionGroup var limit: MergeMemoryOptions

  func run() throws {
    let console = Console.shared
    let reader = try TrackerReader.opening(file)
    let progress = Progress(console, "compacted")
    var report = MergeReport()
    try Compaction.write(
      reader, precision: lossy.precision, level: encoding.level,
      memory: limit.memory.bytes, to: target.output,
      overwriting: target.force,
      report: &report,
      progress: { progress.update($0, of: $1) })
    progress.finish()
    console.say(
      "\(target.output): \(Numbers.count(report.outputPoints, "point")), \(Numbers.bytes(reader.size))"
        + " became \(Numbers.bytes(report.outputBytes))"
        + (report.precision.map { "; \($0)" } ?? ""))
  }
}
