public import TrackerModel
import TrackerFile
import TrackerSystem

/// Ending epochs, and making what was recorded durable.
extension InstanceTracker {
  /// Seals what was recorded in an epoch: the values stand at `step` from now on.
  ///
  /// Returns once the values are taken over, without copying them: they are sorted, encoded and written
  /// in the background. Only where another epoch waits already, it waits for room. Sealing the same
  /// step again replaces the values of the indices it holds. Without recorded points nothing happens.
  /// The values are durable after the next checkpoint.
  /// - Throws: what failed in the background before: this epoch stays open then and can be ended again.
  ///   On one core also `system` where this epoch cannot be written: it has ended then, and the next
  ///   call that writes tries again.
  /// - Parameter provisional: another number under which values of this epoch were recorded, because
  ///   its own was not known yet. They are sealed, too, behind those recorded under the epoch's own; or
  ///   dropped, where the epoch is one that is not recorded.
  /// - Complexity: O(metrics); O(points) in the background.
  public func endEpoch(
    mode: Mode, dsID: Name? = nil, epoch: Int64, recordedAs provisional: Int64? = nil, step: Int64
  ) throws(TrackerError) {
    try checkOpen()
    let isKept = isTracked(mode, dsID, epoch)
    // Also where nothing is recorded: a checkpoint now is one of this step.
    guard isKept || provisional != nil else {
      (lastStep, lastEpoch) = (step, epoch)
      return
    }
    var numbers = [epoch]
    if let provisional, provisional != epoch { numbers.append(provisional) }
    let keys = numbers.flatMap { number in
      parameters.metricKeys.map {
        OpenEpoch.Key(channel: Channel(metric: $0, mode: mode, dsID: dsID), epoch: number)
      }
    }
    let ended = keys.compactMap { openEpochs[$0] }
    if !ended.isEmpty {
      let before = queue.addedCount
      // Whether or not it throws: a job that was added is kept until it is done.
      defer {
        if queue.addedCount > before {
          for key in keys { openEpochs.remove(key) }
          (lastStep, lastEpoch) = (step, epoch)
        }
      }
      try queue.add(
        .seal(
          WriteJob.Seal(
            epochs: ended, epoch: isKept ? epoch : nil, strings: strings.strings, step: step)))
    }
    (lastStep, lastEpoch) = (step, epoch)
  }

  /// Makes everything recorded so far durable, points of unsealed epochs included.
  ///
  /// Writes only what is new, and returns when it is durable: a model saved after this never outlives
  /// its tracker.
  /// - Parameters:
  ///   - step: the step to resume at. By default the last sealed one, and none within an epoch.
  /// - Throws: `system`, and what failed in the background before; what was committed before is
  ///   untouched, and the next call that writes makes this commit too. After a failed sync the tracker
  ///   refuses further checkpoints: resume it.
  public func checkpoint(step: Int64? = nil, epoch: Int64? = nil) throws(TrackerError) {
    try commit(step, epoch) { (job) throws(TrackerError) in try queue.perform(job) }
  }

  /// Queues a checkpoint of everything recorded so far, behind the epochs that were ended.
  ///
  /// Returns before it is durable: save no model that must not outlive it. Where a checkpoint waits
  /// already, it waits for room. On one core it is `checkpoint`.
  /// - Throws: what failed in the background before: no checkpoint was queued then.
  public func checkpointInBackground(step: Int64? = nil, epoch: Int64? = nil) throws(TrackerError) {
    try commit(step, epoch) { (job) throws(TrackerError) in try queue.add(job) }
  }

  private func commit(
    _ step: Int64?, _ epoch: Int64?, _ hand: (WriteJob) throws(TrackerError) -> Void
  ) throws(TrackerError) {
    try checkOpen()
    let open = openEpochs.list.sorted {
      ($0.key.channel, $0.key.epoch) < ($1.key.channel, $1.key.epoch)
    }
    // A commit within an epoch is none of the last sealed step: who resumes there wants that one.
    let isWithinEpoch = !openEpochs.isEmpty
    let step = step ?? (isWithinEpoch ? nil : lastStep)
    let epoch = epoch ?? (isWithinEpoch ? nil : lastEpoch)
    let request = WriteJob.CommitRequest(
      parameters: parametersAreStored ? nil : parameters, keptSets: pendingKeptSets,
      unsealed: open.map(\.withoutCommitted), strings: strings.strings,
      step: step, epoch: epoch, wallTime: UInt64(max(0, Clock.wallSeconds()) * 1e6))
    let before = queue.addedCount
    // Whether or not it throws: a job that was added is kept until it is done.
    defer {
      if queue.addedCount > before {
        parametersAreStored = true
        pendingKeptSets = nil
        if let step { lastStep = step }
        if let epoch { lastEpoch = epoch }
        openEpochs.markCommitted()
      }
    }
    try hand(.commit(request))
  }

  /// Waits until everything queued is done: epochs that were ended are written, and checkpoints durable.
  ///
  /// - Throws: what failed. Called again, it tries again.
  public func flush() throws(TrackerError) {
    try checkOpen()
    try queue.flush()
  }

  /// An epoch that was not ended, of one channel, and its points, repeats included.
  public struct UnendedEpoch: Sendable, Hashable {
    public var channel: Channel
    public var epoch: Int64
    public var pointCount: Int
  }

  /// Epochs that were recorded and not ended, sorted by channel, then number.
  public var unendedEpochs: [UnendedEpoch] {
    openEpochs.list.map {
      UnendedEpoch(
        channel: $0.key.channel, epoch: $0.key.epoch,
        pointCount: $0.committed.count + $0.fresh.count)
    }.sorted { ($0.channel, $0.epoch) < ($1.channel, $1.epoch) }
  }

  /// Points recorded in epochs that were not ended, repeats included.
  public var unsealedPointCount: Int {
    openEpochs.list.reduce(0) { $0 + $1.committed.count + $1.fresh.count }
  }

  /// Finishes what is queued, writes a last checkpoint if anything is new, and gives the file back.
  /// Closing twice is harmless.
  ///
  /// - Throws: where that fails; the tracker is open then, and closing it again tries again, unless a
  ///   sync failed, after which nothing can be saved. What failed in the background before and was not
  ///   told yet is thrown even where a second try saved everything: the tracker is closed then.
  public func close() throws(TrackerError) {
    guard !isClosed else { return }
    guard queue.isHere else {
      isClosed = true
      return
    }
    let earlier = queue.takeFailure()
    do throws(TrackerError) {
      try queue.flush()
      let hasFresh = openEpochs.list.contains { $0.fresh.count > 0 }
      let hasUncommitted = try queue.withWriter { $0.hasUncommitted }
      if hasUncommitted || hasFresh || pendingKeptSets != nil || !parametersAreStored {
        try checkpoint()
      }
    } catch {
      if (try? queue.withWriter({ $0.isPoisoned })) == true { end() }
      throw earlier ?? error
    }
    end()
    if let earlier { throw earlier }
  }

  private func end() {
    isClosed = true
    queue.end()
    try? queue.withWriter { $0.close() }
  }
}
