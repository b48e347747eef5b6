import TrackerModel
import TrackerSystem

/// How workers without any network between them average their weights: through files in the run's
/// directory.
///
/// At the end of epoch *e* a worker publishes its state in a file, waits for the files of all
/// others, and averages them in rank order. Any worker may be killed at any moment and started
/// again, while the others go on as far as they can. That is sound because of three rules:
///
/// 1. A file's content follows from the run's settings alone. A restarted worker that publishes
///    again replaces its file by the same bytes, at once, so it does not matter who has read it
///    before.
/// 2. A worker publishes epoch *e* only after its state at the end of epoch *e* − 1 is in its model
///    file. So a restarted worker that has published *e* begins after *e* − 1, and the first files
///    it asks for are those of *e*.
/// 3. A worker removes its file of epoch *e* − 1 or an older one only after it has seen everyone's
///    file of epoch *e*. By rule 2 all have then ended *e* − 1 for good, and no one asks for that
///    file again.
///
/// This program keeps one epoch more than rule 3 asks for. A worker removes before it saves its
/// model, so that one killed in between removes once more and leaves nothing behind.
struct WeightExchange {
  let files: RunFiles
  let settings: RunSettings
  /// Seconds after which a worker that waits for another gives up.
  let timeout: Double

  private static let pollInterval = 0.002

  /// The epoch whose files nobody needs any more once all have published `epoch`.
  static func obsoleteEpoch(onceAllPublished epoch: Int) -> Int { epoch - 2 }

  /// Publishes `state`, waits for the others, and returns the average of all.
  func average(_ state: TrainingState) throws -> Learner {
    try publish(state)
    var learners: [Learner] = []
    for rank in 0..<settings.worldSize {
      learners.append(try waitForState(of: rank, epoch: state.epoch).learner)
    }
    try RunFiles.remove(
      files.weights(
        rank: settings.rank, epoch: Self.obsoleteEpoch(onceAllPublished: state.epoch)))
    return Learner.average(learners)
  }

  func publish(_ state: TrainingState) throws {
    try RunFiles.write(
      state.encoded(), to: files.weights(rank: settings.rank, epoch: state.epoch))
  }

  private func waitForState(of rank: Int, epoch: Int) throws -> TrainingState {
    let path = files.weights(rank: rank, epoch: epoch)
    let deadline = Clock.monotonicSeconds() + timeout
    while true {
      if let bytes = try RunFiles.readIfPresent(path) {
        let state = try TrainingState(encoded: bytes, file: path)
        guard state.settings.isSameRun(as: settings), state.settings.rank == rank,
          state.epoch == epoch
        else {
          throw TrackerError(
            .mixedRuns, "weights",
            "they belong to run '\(state.settings.runID)' with another setting",
            file: path, remedy: "give every run a directory of its own")
        }
        return state
      }
      guard Clock.monotonicSeconds() < deadline else {
        throw TrackerError(
          .missingWorker, "weights",
          "worker \(rank) has not ended epoch \(epoch) within \(Int(timeout)) s", file: path,
          remedy: "start it again, then this one")
      }
      Clock.sleep(seconds: Self.pollInterval)
    }
  }
}
