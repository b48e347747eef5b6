public import ArgumentParser

/// `tracker`: all tools under one name.
public struct TrackerCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "tracker",
    abstract: "Per-instance training histories: look inside, merge, select, convert, repair.",
    discussion: """
      EXAMPLES
        tracker dump run.tracker
        tracker merge worker-*.tracker -o merged.tracker --expect-workers 3
        tracker select merged.tracker --max 10 --mode eval
        tracker export merged.tracker --format csv -o history.csv
        tracker verify run.tracker

      \(ExitStatus.help)
      """,
    version: "1.0.0",
    subcommands: [
      DumpCommand.self, MergeCommand.self, SelectCommand.self,
      StatsCommand.self,
      ImportCommand.self, ExportCommand.self,
      VerifyCommand.self, RecoverCommand.self, RewindCommand.self,
      CompactCommand.self, DiffCommand.self,
    ])

  public init() {}
}
