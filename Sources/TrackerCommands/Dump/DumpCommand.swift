public import ArgumentParser
import TrackerFile
import TrackerModel

/// `tracker-dump`, also `tracker dump`: what is in a file.
public struct DumpCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Show what is in a tracker file.",
    discussion: """
      Without further options, a summary from the file's directories: parameters, run, channels, \
      commits, unsealed points and damage. No values are read for it.

      EXAMPLES
        tracker-dump run.tracker                           the summary
        tracker-dump run.tracker --points --index 17       one instance's history
        tracker-dump run.tracker --points --mode eval --steps 100..200 --format csv
        tracker-dump run.tracker --tiles                   how values are stored and what they cost
        tracker-dump run.tracker --commits                 checkpoints, with their steps
        tracker-dump run.tracker --kept --format json      what the last selection kept

      \(ExitStatus.help)
      """)

  @Argument(help: ArgumentHelp("The tracker file.", valueName: "file"))
  var file: String

  @Flag(help: "List points.")
  var points = false

  @Flag(help: "List tiles: their place, coding and cost.")
  var tiles = false

  @Flag(help: "List commits.")
  var commits = false

  @Flag(help: "List the instances that the last selection kept.")
  var kept = false

  @OptionGroup var filter: FilterOptions
  @OptionGroup var commit: CommitOptions

  @Option(help: ArgumentHelp("text, json, ndjson or csv.", valueName: "format"))
  var format: OutputFormat = .text

  public init() {}

  public func validate() throws {
    guard [points, tiles, commits, kept].count(where: { $0 }) <= 1 else {
      throw ValidationError("choose one of --points, --tiles, --commits and --kept")
    }
  }

  public func run() throws {
    let reader = try TrackerReader.opening(file, at: commit.selector)
    let console = Console.shared
    if points {
      try PointListing(reader, filter, format).write(to: console)
    } else if tiles {
      try TileListing(reader, filter, format).write(to: console)
    } else if commits {
      try CommitListing(reader, format, limit: filter.limit).write(to: console)
    } else if kept {
      try KeptListing(reader, filter.channels, format).write(to: console)
    } else {
      try Summary(reader, filter.channels).write(to: console, format)
    }
  }
}
