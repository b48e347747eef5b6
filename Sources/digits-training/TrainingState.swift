/// What makes two runs the same run: with equal settings, equal bits come out.
struct RunSettings: Equatable {
  var runID: String
  var seed: UInt64
  var rank: Int
  var worldSize: Int

  /// Whether a file with these settings, of any worker, belongs to the run.
  func isSameRun(as other: RunSettings) -> Bool {
    runID == other.runID && seed == other.seed && worldSize == other.worldSize
  }
}

/// Where a worker is and all that it needs to go on from there.
struct TrainingState: Equatable {
  var settings: RunSettings
  /// The epoch being trained, counted from 1.
  var epoch = 1
  /// How many of its batches are done.
  var batch = 0
  /// How many batches are done in all epochs.
  var step = 0
  var learner: Learner
  /// The epoch's training losses and right answers so far, for the progress line.
  var lossSum = 0.0
  var correctCount = 0

  /// The start of a run.
  init(_ settings: RunSettings) {
    self.settings = settings
    learner = Learner(seed: settings.seed)
  }
}
