public import ArgumentParser
import TrackerModel
import TrackerSystem

/// How the executables start and end.
public enum Tool {
  /// Parses the arguments, runs the command, and ends the process with its status.
  public static func run<Root: ParsableCommand>(_ root: Root.Type) -> Never {
    let console = Console.shared
    TemporaryFiles.removeOnInterruption()
    do {
      var command = try root.parseAsRoot()
      try command.run()
      try console.output.flush()
      CurrentProcess.exit(console.status.rawValue)
    } catch let error as TrackerError {
      CurrentProcess.exit(end(error, console, isDiff: isDiff).rawValue)
    } catch let status as ExitStatus {
      try? console.output.flush()
      CurrentProcess.exit(status.rawValue)
    } catch {
      // The argument parser's: help that was asked for, or arguments that are none.
      let text = root.fullMessage(for: error)
      if root.exitCode(for: error) == .success {
        try? console.output.write(text + "\n")
        try? console.output.flush()
        CurrentProcess.exit(ExitStatus.done.rawValue)
      }
      console.say(text)
      CurrentProcess.exit(ExitStatus.usage.rawValue)
    }
  }

  /// `diff` has statuses of its own: 1 means different there, so all failures are 2.
  private static var isDiff: Bool { CommandLine.arguments.dropFirst().first == "diff" }

  private static func end(_ error: TrackerError, _ console: Console, isDiff: Bool) -> ExitStatus {
    // A reader that has seen enough, such as `head`, is no failure.
    if error.code == .closedPipe { return console.status }
    try? console.output.flush()
    console.say("error: \(error)")
    return isDiff ? .usage : ExitStatus(error)
  }
}

/// What the executables' exit codes mean.
public enum ExitStatus: Int32, Error, Sendable {
  case done = 0
  case failure = 1
  case usage = 2
  /// Done, but some data was lost or left out because of damage.
  case dataLost = 3
  case damageFound = 4
  case mergeConflict = 5
  case missingWorker = 6

  init(_ error: TrackerError) {
    self =
      switch error.code {
      case .mergeConflict, .unknownProvenance: .mergeConflict
      case .missingWorker: .missingWorker
      case .invalidParameter: .usage
      default: .failure
      }
  }

  static let help = """
    Exit status: 0 done, 1 failure, 2 usage, 3 done but data was lost, 4 verify found damage, \
    5 merge conflict, 6 missing worker or part.
    """
}
