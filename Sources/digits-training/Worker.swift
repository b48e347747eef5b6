import TrackerChart
import TrackerModel
import TrackerState

/// One worker: trains on its shard, records what it sees, and can be killed at any moment.
///
/// At a checkpoint the tracker goes first and the model second. A worker killed between the two
/// finds a tracker that is ahead of its model, and rewinds it to the model's step: nothing is
/// recorded twice, nothing is lost, and all that follows is the same as if nothing had happened.
struct Worker {
  private let digits: DigitSet
  private let trainIDs: [Int]
  private let evalShard: [Int]
  private let files: RunFiles
  private let exchange: WeightExchange
  private let checkpointEvery: Int
  private let log: (String) -> Void
  private let afterBatch: () throws -> Void
  private let tracker: InstanceTracker
  private(set) var state: TrainingState

  /// Begins a run, or goes on with the one found in the run's directory.
  ///
  /// - Parameters:
  ///   - continuing: where the workers met that the run had before; nil for its first ones.
  ///   - afterBatch: called after each batch and, where one is due, its checkpoint.
  init(
    digits: DigitSet, settings: RunSettings, files: RunFiles, checkpointEvery: Int,
    continuing earlierDirectory: String? = nil, peerTimeout: Double = 120,
    log: @escaping (String) -> Void = { _ in },
    afterBatch: @escaping () throws -> Void = {}
  ) throws {
    self.digits = digits
    trainIDs = digits.trainIDs
    evalShard = DigitSet.shard(
      of: digits.evalIDs, rank: settings.rank, worldSize: settings.worldSize)
    self.files = files
    exchange = WeightExchange(files: files, settings: settings, timeout: peerTimeout)
    self.checkpointEvery = checkpointEvery
    self.log = log
    self.afterBatch = afterBatch
    if let bytes = try RunFiles.readIfPresent(files.model) {
      state = try TrainingState(encoded: bytes, file: files.model)
      guard state.settings == settings else {
        throw TrackerError(
          .mixedRuns, "model",
          "it belongs to another run, '\(state.settings.runID)', seed \(state.settings.seed)",
          file: files.model, remedy: "give every run a directory of its own")
      }
      tracker = try InstanceTracker.resume(path: files.tracker, at: Int64(state.step))
      log("resumed at epoch \(state.epoch) step \(state.step)")
    } else {
      // Killed before its first checkpoint was whole: what the tracker may hold has no model to go
      // with it.
      try RunFiles.remove(files.tracker)
      state = TrainingState(settings)
      var run = try RunIdentity(
        runID: Name(settings.runID), rank: UInt32(settings.rank),
        worldSize: UInt32(settings.worldSize))
      if let earlierDirectory {
        let earlier = try EarlierWorkers(in: earlierDirectory, of: settings)
        run = try earlier.identity(of: settings)
        if settings.rank == 0 { try earlier.rewindTrackers() }
        (state.epoch, state.step, state.learner) = (
          earlier.epoch + 1, earlier.step, earlier.learner
        )
        log("continues after epoch \(earlier.epoch) of \(earlier.worldSize) workers")
      }
      tracker = try InstanceTracker.create(
        path: files.tracker,
        parameters: Parameters(
          metricKeys: ["ce", "correct"], maxToKeep: 6, minToKeep: 6,
          modes: .only([.train, .eval])),
        run: run)
      log("started run \(settings.runID), worker \(settings.rank) of \(settings.worldSize)")
    }
  }

  /// Trains to the end of epoch `lastEpoch`; does nothing where that was reached before.
  mutating func train(through lastEpoch: Int) throws {
    while state.epoch <= lastEpoch {
      try trainEpoch()
      let trainLine = progress("train", state.lossSum, state.correctCount, of: trainCount)
      try tracker.endEpoch(mode: .train, epoch: Int64(state.epoch), step: Int64(state.step))
      state.learner = try exchange.average(state)
      let evalLine = try evaluate()
      let ended = state.epoch
      state.epoch += 1
      state.batch = 0
      state.lossSum = 0
      state.correctCount = 0
      try checkpoint(epoch: ended)
      log("epoch \(ended) step \(state.step): \(trainLine); \(evalLine)")
    }
    try tracker.close()
  }

  /// The rest of the epoch's batches.
  private mutating func trainEpoch() throws {
    let plan = EpochPlan(trainIDs: trainIDs, settings: state.settings, epoch: state.epoch)
    while state.batch < plan.batchCount {
      let ids = plan.batch(state.batch)
      let judgements = state.learner.step(on: ids, of: digits)
      try record(judgements, of: ids, in: .train)
      state.lossSum += judgements.reduce(0) { $0 + Double($1.loss) }
      state.correctCount += judgements.count { $0.isCorrect }
      state.batch += 1
      state.step += 1
      // The last batch's checkpoint is the epoch's own: a step then names one state, not two.
      if checkpointEvery > 0, state.batch % checkpointEvery == 0, state.batch < plan.batchCount {
        try checkpoint(epoch: state.epoch)
        log("checkpoint in epoch \(state.epoch) after batch \(state.batch) of \(plan.batchCount)")
      }
      try afterBatch()
    }
  }

  /// Judges the worker's share of the eval set with the averaged weights; returns the progress
  /// line's part.
  private func evaluate() throws -> String {
    let judgements = evalShard.map {
      state.learner.network.judge(digits.pixels(of: $0), label: digits.labels[$0])
    }
    try record(judgements, of: evalShard[...], in: .eval)
    try tracker.endEpoch(mode: .eval, epoch: Int64(state.epoch), step: Int64(state.step))
    return progress(
      "eval", judgements.reduce(0) { $0 + Double($1.loss) }, judgements.count { $0.isCorrect },
      of: judgements.count)
  }

  private func record(
    _ judgements: [Network.Judgement], of ids: ArraySlice<Int>, in mode: Mode
  ) throws {
    try tracker.record(
      mode: mode, epoch: Int64(state.epoch), indices: ids.map { Int64($0) },
      values: ["ce": .float(judgements.map(\.loss)), "correct": .bool(judgements.map(\.isCorrect))])
  }

  private func checkpoint(epoch: Int) throws {
    try tracker.checkpoint(step: Int64(state.step), epoch: Int64(epoch))
    try RunFiles.write(state.encoded(), to: files.model)
  }

  private var trainCount: Int {
    DigitSet.shard(of: trainIDs, rank: state.settings.rank, worldSize: state.settings.worldSize)
      .count
  }

  private func progress(_ mode: String, _ lossSum: Double, _ correct: Int, of count: Int) -> String
  {
    let loss = ShortNumber(lossSum / Double(max(count, 1)))
    let share = ShortNumber(100 * Double(correct) / Double(max(count, 1)))
    return "\(mode) loss \(loss), \(share) % right"
  }
}
