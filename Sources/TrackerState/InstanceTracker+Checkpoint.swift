import TrackerCodec
import TrackerFile
public import TrackerModel
import TrackerSystem

/// Ending epochs, and making what was recorded durable.
extension InstanceTracker {
  /// Seals what was recorded in an epoch: the values stand at `step` from now on.
  ///
  /// Sealing the same step again replaces the values of the indices it holds. Without recorded points
  /// nothing happens. The values are durable after the next checkpoint.
  /// - Throws: `system` where the file cannot be written; the epoch stays open then.
  /// - Complexity: O(points).
  public func endEpoch(mode: Mode, dsID: Name? = nil, epoch: Int64, step: Int64)
    throws(TrackerError)
  {
    try checkOpen()
    // Also where nothing is recorded: a checkpoint now is one of this step.
    guard isTracked(mode, dsID, epoch) else {
      (lastStep, lastEpoch) = (step, epoch)
      return
    }
    let keys = parameters.metricKeys.map {
      OpenEpoch.Key(channel: Channel(metric: $0, mode: mode, dsID: dsID), epoch: epoch)
    }
    let mark = writer.mark
    do throws(TrackerError) {
      for key in keys {
        guard let open = openEpochs[key] else { continue }
        try open.forEachPart(of: Self.rowsPerTile, &strings) { (rows, bits) throws(TrackerError) in
          try writer.appendTile(
            channel: key.channel, valueType: open.valueType, rows: rows,
            columns: [TileColumn(step: step, epoch: epoch)], presence: .all(rows.count),
            values: bits.span)
        }
      }
    } catch {
      // All metrics or none: the epoch can be ended again, at whatever step.
      writer.rollBack(to: mark)
      throw error
    }
    for key in keys where openEpochs.removeValue(forKey: key) != nil {
      writer.removeUnsealed(channel: key.channel, epoch: epoch)
    }
    lastStep = step
    lastEpoch = epoch
  }

  /// Makes everything recorded so far durable, points of unsealed epochs included.
  ///
  /// Writes only what is new. A model saved after this returns never outlives its tracker.
  /// - Parameters:
  ///   - step: the step to resume at. By default the last sealed one, and none within an epoch.
  /// - Throws: `system`; what was committed before is untouched. After a failed sync the tracker
  ///   refuses further checkpoints: resume it.
  public func checkpoint(step: Int64? = nil, epoch: Int64? = nil) throws(TrackerError) {
    try checkOpen()
    if !parametersAreStored { try writer.setParameters(parameters) }
    if let pendingKeptSets { try writer.setKeptSets(pendingKeptSets) }
    let keys = openEpochs.keys.sorted { ($0.channel, $0.epoch) < ($1.channel, $1.epoch) }
    for key in keys {
      guard let open = openEpochs[key] else { continue }
      try open.forEachPart(of: Limits.maxTileRows, freshOnly: true, &strings) {
        (rows, bits) throws(TrackerError) in
        try writer.appendUnsealed(
          channel: key.channel, epoch: key.epoch, valueType: open.valueType, indices: rows,
          values: bits)
      }
    }
    // A commit within an epoch is none of the last sealed step: who resumes there wants that one.
    let isWithinEpoch = !openEpochs.isEmpty
    let step = step ?? (isWithinEpoch ? nil : lastStep)
    let epoch = epoch ?? (isWithinEpoch ? nil : lastEpoch)
    try writer.commit(
      step: step, epoch: epoch, wallTime: UInt64(max(0, Clock.wallSeconds()) * 1e6))
    parametersAreStored = true
    pendingKeptSets = nil
    if let step { lastStep = step }
    if let epoch { lastEpoch = epoch }
    for key in keys { openEpochs[key]?.markCommitted() }
  }

  /// Points recorded but not sealed, by channel and epoch, repeats included.
  public var unsealedPointCount: Int {
    openEpochs.values.reduce(0) { $0 + $1.committed.count + $1.fresh.count }
  }

  /// Writes a last checkpoint if anything is new, and gives the file back. Closing twice is harmless.
  public func close() throws(TrackerError) {
    guard !isClosed else { return }
    let hasFresh = openEpochs.values.contains { $0.fresh.count > 0 }
    if writer.hasUncommitted || hasFresh || pendingKeptSets != nil || !parametersAreStored {
      try checkpoint()
    }
    isClosed = true
    writer.close()
  }
}
