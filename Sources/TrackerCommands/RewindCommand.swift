import ArgumentParser
import TrackerFile
import TrackerModel
import TrackerSystem

/// `tracker rewind`: back to an earlier step.
struct RewindCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rewind",
    abstract: "Go back to the checkpoint of an earlier step.",
    discussion: """
      Appends a commit that continues the one made at the step; what came after it stays in the file \
      (tracker-dump --at-commit shows it) but is no longer part of the history.

      EXAMPLES
        tracker rewind run.tracker --to-step 1000

      \(ExitStatus.help)
      """)

  @Argument(help: ArgumentHelp("The tracker file.", valueName: "file"))
  var file: String

  @Option(
    name: .customLong("to-step"), parsing: .unconditional,
    help: ArgumentHelp("The step of the checkpoint to go back to.", valueName: "step"))
  var toStep: Int64

  func run() throws {
    let console = Console.shared
    let writer = try TrackerWriter(
      opening: FileStorage(path: file, mode: .readWrite), at: .step(toStep)
    ) { (snapshot) throws(TrackerError) in snapshot.commit?.identity }
    if let tail = writer.removedTail {
      console.warn(
        "\(file): \(Numbers.grouped(tail.length)) bytes behind the last commit were cut off: a"
          + " checkpoint that never became whole")
      console.status = .dataLost
    }
    let target = writer.head
    let commit = try writer.commit(
      step: target?.step, epoch: target?.epoch,
      wallTime: UInt64(Swift.max(0, Clock.wallSeconds()) * 1e6))
    writer.close()
    console.say(
      "\(file): commit \(commit.sequence) goes on from commit \(target?.sequence ?? 0), step \(toStep)"
    )
  }
}
