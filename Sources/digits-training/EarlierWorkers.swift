import TrackerModel
import TrackerState

/// The workers that a run had before, when it goes on with another number of them.
///
/// The run goes on from the last epoch that all of them ended: their weights of it are still there (see
/// `WeightExchange`), since no one removes those of epoch *e* before all have ended *e* + 1. What some
/// of them recorded after it is taken back, and recorded again by the new workers.
struct EarlierWorkers {
  let directory: String
  let worldSize: Int
  /// The last epoch that all ended.
  let epoch: Int
  /// Steps done until then.
  let step: Int
  /// What they had learnt, averaged.
  let learner: Learner

  var trackers: [String] {
    (0..<worldSize).map { RunFiles(directory: directory, rank: $0).tracker }
  }

  /// - Throws: `missingWorker` where a worker's model is missing, or no epoch was ended by all;
  ///   `mixedRuns` where they belong to another run than `settings`.
  init(in directory: String, of settings: RunSettings) throws {
    self.directory = directory
    let first = try Self.model(RunFiles(directory: directory, rank: 0), of: settings)
    worldSize = first.settings.worldSize
    var ended = first.epoch - 1
    for rank in 0..<worldSize {
      let state = try Self.model(RunFiles(directory: directory, rank: rank), of: settings)
      ended = min(ended, state.epoch - 1)
    }
    epoch = ended
    var states: [TrainingState] = []
    for rank in 0..<worldSize {
      let path = RunFiles(directory: directory, rank: rank).weights(rank: rank, epoch: ended)
      guard let bytes = try RunFiles.readIfPresent(path) else {
        throw TrackerError(
          .missingWorker, "weights", "no epoch was ended by all \(worldSize) workers", file: path,
          remedy: "go on from the workers before these, whose files are then not merged")
      }
      states.append(try TrainingState(encoded: bytes, file: path))
    }
    step = states[0].step
    learner = Learner.average(states.map(\.learner))
  }

  private static func model(_ files: RunFiles, of settings: RunSettings) throws -> TrainingState {
    guard let bytes = try RunFiles.readIfPresent(files.model) else {
      throw TrackerError(
        .missingWorker, "model", "worker \(files.rank) saved none", file: files.model)
    }
    let state = try TrainingState(encoded: bytes, file: files.model)
    guard state.settings.runID == settings.runID, state.settings.seed == settings.seed else {
      throw TrackerError(
        .mixedRuns, "model",
        "it belongs to run '\(state.settings.runID)', seed \(state.settings.seed)",
        file: files.model, remedy: "go on with the same run id and seed")
    }
    return state
  }

  /// Who a new worker is.
  func identity(of settings: RunSettings) throws -> RunIdentity {
    try RunIdentity.continuing(
      trackers, rank: UInt32(settings.rank), worldSize: UInt32(settings.worldSize))
  }

  /// Takes back what was recorded after the epoch. Does nothing more when done again.
  func rewindTrackers() throws {
    for path in trackers { try InstanceTracker.rewind(path: path, to: Int64(step)) }
  }
}
