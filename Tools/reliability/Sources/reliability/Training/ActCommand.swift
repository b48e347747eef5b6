import ArgumentParser
import Glibc
import TrackerFile
import TrackerModel
import TrackerState

/// `reliability act`: the process that meets faults or is killed. It says what it does on standard output:
/// `begin` before a checkpoint, `done` after it, `error` with what went wrong.
struct ActCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "act", abstract: "Train and record, for the other commands.", shouldDisplay: false)

  enum Action: String, ExpressibleByArgument { case create, append, rewind }

  @Argument var action: Action
  @Argument var path: String
  @Option var seed: UInt64 = 1
  @Option(help: "How many checkpoints; 0 for no end.") var checkpoints = 2
  @Option(help: "How many processes the run has had.") var rank: UInt32 = 0
  @Flag(help: "Checkpoints are made in the background.") var background = false

  func run() throws {
    var course = Course(seed: seed)
    switch action {
    case .create:
      guard let tracker = attempt({ try create() }) else { throw ExitCode.failure }
      say("done 0")
      guard attempt({ try tracker.close() }) != nil else { throw ExitCode.failure }
    case .append:
      guard let tracker = attempt({ try open() }) else { throw ExitCode.failure }
      try append(tracker, &course)
    case .rewind:
      guard attempt({ try InstanceTracker.rewind(path: path, to: 10) }) != nil else {
        throw ExitCode.failure
      }
    }
  }

  private func create() throws -> InstanceTracker {
    try InstanceTracker.create(
      path: path, parameters: Course.parameters(),
      run: RunIdentity(runID: "course", rank: rank, worldSize: 2), cores: background ? 2 : 1)
  }

  private func open() throws -> InstanceTracker {
    guard access(path, F_OK) == 0 else { return try create() }
    return try InstanceTracker.resume(path: path, cores: background ? 2 : 1)
  }

  private func append(_ tracker: InstanceTracker, _ course: inout Course) throws {
    // What was not sealed is there again, so the file itself says where the run is.
    guard
      var place = attempt({
        Course.Place(
          epochs: Int(
            (try TrackerReader(path: path).snapshot.ancestry.compactMap(\.step).max() ?? 0) / 10),
          isWithin: tracker.unsealedPointCount > 0)
      })
    else { throw ExitCode.failure }
    var made = 0
    while checkpoints == 0 || made < checkpoints {
      made += 1
      var copy = course
      var isRecorded = false
      let next = place.next
      let isDone = attempt {
        if !isRecorded { try copy.record(tracker, at: place) }
        isRecorded = true
        if place.isWithin {
          try tracker.endEpoch(
            mode: .train, epoch: Int64(place.epochs + 1), step: Course.step(place.epochs + 1))
        }
        say("begin \(next.number)")
        if background {
          try tracker.checkpointInBackground()
          try tracker.flush()
        } else {
          try tracker.checkpoint()
        }
        say("done \(next.number)")
        return true
      }
      course = copy
      guard isDone != nil else {
        try? tracker.close()
        throw ExitCode.failure
      }
      place = next
    }
    guard attempt({ try tracker.close() }) != nil else { throw ExitCode.failure }
  }

  /// Tries up to three times; a poisoned tracker and one that cannot be opened only once more.
  private func attempt<Result>(_ body: () throws -> Result) -> Result? {
    for _ in 0..<3 {
      do {
        return try body()
      } catch let error as TrackerError {
        say(
          [
            "error", error.code.rawValue, error.subject, error.file ?? "",
            error.offset.map(String.init) ?? "", error.remedy ?? "", error.detail,
          ].joined(separator: "\t"))
        if error.code != .system { return nil }
      } catch {
        say("error\tunknown\t\(error)")
        return nil
      }
    }
    return nil
  }

  private func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(1, bytes, bytes.count)
  }
}
