import ArgumentParser
import TrackerSystem

/// `digits-training train`: one worker of a run, from its start or from where it was killed.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Be one worker of a run.",
    discussion: """
      Progress goes to standard error, a line an epoch and a line for each checkpoint within one.
      """)

  @Option(help: "The digits: 64 pixels and a label a line.")
  var data: String

  @Option(help: "The folder where the workers of the run meet; it must exist.")
  var directory: String

  @Option(help: "This worker, counted from 0.")
  var rank: Int

  @Option(help: "How many workers there are.")
  var worldSize: Int

  @Option(
    help: ArgumentHelp(
      """
      Go on with the run whose workers, of any number, met in this folder, from the last epoch that all \
      of them ended. They must have ended; their trackers are taken back to it.
      """))
  var continueFrom: String?

  @Option(help: "How many times every image is seen.")
  var epochs: Int = 30

  @Option(
    help: "The run's name, the same for all workers. (default: $TRACKER_RUN_ID)")
  var runID: String?

  @Option(help: "Starts the random numbers: the same seed gives the same run, bit for bit.")
  var seed: UInt64 = 1

  @Option(help: "After how many batches an epoch is interrupted for a checkpoint; 0 for never.")
  var checkpointEvery: Int = 5

  @Option(help: "Milliseconds to sleep after every batch, to make a short run last.")
  var pace: Double = 0

  @Option(help: "Seconds to wait for the other workers at the end of an epoch.")
  var peerTimeout: Double = 120

  func validate() throws {
    guard worldSize >= 1, 0..<worldSize ~= rank else {
      throw ValidationError("the rank must be 0 or more and below the world size")
    }
    guard continueFrom != directory else {
      throw ValidationError("--continue-from is the run's own directory: new workers need another")
    }
    guard epochs >= 1 else { throw ValidationError("--epochs must be at least 1") }
    guard checkpointEvery >= 0 else { throw ValidationError("--checkpoint-every is negative") }
    guard pace >= 0, pace <= 60_000 else { throw ValidationError("--pace must be 0 to 60000") }
    guard peerTimeout > 0 else { throw ValidationError("--peer-timeout must be positive") }
  }

  func run() throws {
    let digits = try DigitSet(csv: RunFiles.read(data), file: data)
    guard
      let runID = runID ?? Environment.value("TRACKER_RUN_ID") ?? (worldSize == 1 ? "digits" : nil)
    else {
      throw ValidationError("several workers need the same --run-id, or TRACKER_RUN_ID")
    }
    let settings = RunSettings(runID: runID, seed: seed, rank: rank, worldSize: worldSize)
    guard worldSize <= digits.evalIDs.count else {
      throw ValidationError("there are only \(digits.evalIDs.count) eval digits to share out")
    }
    let files = RunFiles(directory: directory, rank: rank)
    let pause = pace / 1000
    var worker = try Worker(
      digits: digits, settings: settings, files: files, checkpointEvery: checkpointEvery,
      continuing: continueFrom, peerTimeout: peerTimeout, log: { RunFiles.log($0) },
      afterBatch: { if pause > 0 { Clock.sleep(seconds: pause) } })
    try worker.train(through: epochs)
  }
}
