import ArgumentParser
import TrackerFile
import TrackerModel
import TrackerSystem

/// How results are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case text
  case json
  case ndjson
  case csv
}

struct CommitOptions: ParsableArguments {
  @Option(
    name: .customLong("at-commit"),
    help: ArgumentHelp(
      "Look at the file as of this commit (its sequence, see --commits).", valueName: "n"))
  var atCommit: UInt64?

  var selector: CommitSelector { atCommit.map { .sequence($0) } ?? .last }
}

extension TrackerReader {
  /// Opens an input and reports what is wrong with its end.
  static func opening(_ path: String, at selector: CommitSelector = .last) throws(TrackerError)
    -> TrackerReader
  {
    if Paths.exists(path), try Paths.kind(of: path) == .folder {
      throw TrackerError(
        .invalidParameter, "open", "it is a folder, where one file is meant", file: path,
        remedy: "'tracker merge' makes one file of the trackers in it")
    }
    let reader = try TrackerReader(path: path, at: selector)
    Console.shared.reportTail(of: reader)
    if reader.snapshot.commit == nil {
      Console.shared.warn("\(path): holds no complete commit, so no points")
    }
    return reader
  }
}
