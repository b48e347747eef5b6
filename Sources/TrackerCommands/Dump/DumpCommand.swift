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

      Several files, or a folder of them: the summary of each and of their union; --points and \
      --digest of the union, which ends with status 5 where points contradict each other; --tiles, \
      --commits and --kept of each file after its name, as text.

      EXAMPLES
        tracker-dump run.tracker                           the summary
        tracker-dump run.tracker --points --index 17       one instance's history
        tracker-dump run.tracker --points --mode eval --steps 100..200 --format csv
        tracker-dump run.tracker --tiles                   how values are stored and what they cost
        tracker-dump run.tracker --digest                  a hash of the content
        tracker-dump workers/                              every *.tracker in a folder
        tracker-dump run.tracker --commits                 checkpoints, with their steps
        tracker-dump run.tracker --kept --format json      what the last selection kept

      \(ExitStatus.help)
      """)

  @OptionGroup var input: TrackerInputs

  @Flag(help: "List points.")
  var points = false

  @Flag(help: "With --points: who recorded each.")
  var sources = false

  @Flag(help: "List tiles: their place, coding and cost.")
  var tiles = false

  @Flag(help: "List commits.")
  var commits = false

  @Flag(help: "List the instances that the last selection kept.")
  var kept = false

  @Flag(help: "Print the digest of the content: equal where the points are, however written.")
  var digest = false

  @OptionGroup var filter: FilterOptions
  @OptionGroup var commit: CommitOptions

  @Option(help: ArgumentHelp("text, json, ndjson or csv.", valueName: "format"))
  var format: OutputFormat = .text

  public init() {}

  public func validate() throws {
    guard [points, tiles, commits, kept, digest].count(where: { $0 }) <= 1 else {
      throw ValidationError("choose one of --points, --tiles, --commits, --kept and --digest")
    }
    guard points || !sources else { throw ValidationError("--sources goes with --points") }
  }

  public func run() throws {
    let readers = try TrackerInputs.open(input.paths(), at: commit)
    let console = Console.shared
    if points {
      try PointListing(TrackerUnion(readers), filter, format, showsSources: sources)
        .write(to: console)
    } else if digest {
      try DigestListing(TrackerUnion(readers), filter, format).write(to: console)
    } else if tiles || commits || kept {
      try list(readers, console)
    } else if readers.count == 1 {
      try Summary(readers[0], filter.channels).write(to: console, format)
    } else {
      try UnionSummary(TrackerUnion(readers), filter.channels).write(to: console, format)
    }
  }

  /// What belongs to one file: of several, each after its name.
  private func list(_ readers: [TrackerReader], _ console: Console) throws(TrackerError) {
    guard readers.count == 1 || format == .text else {
      throw TrackerError(
        .invalidParameter, "--format",
        "tiles, commits and kept sets of \(readers.count) files are listed as text only",
        remedy: "list one file at a time")
    }
    for (place, reader) in readers.enumerated() {
      if readers.count > 1 {
        if place > 0 { try console.print("") }
        try console.print("\(reader.name):")
      }
      try list(reader, console)
    }
  }

  private func list(_ reader: TrackerReader, _ console: Console) throws(TrackerError) {
    if tiles {
      try TileListing(reader, filter, format).write(to: console)
    } else if commits {
      try CommitListing(reader, format, limit: filter.limit).write(to: console)
    } else {
      try KeptListing(reader, filter.channels, format).write(to: console)
    }
  }
}
