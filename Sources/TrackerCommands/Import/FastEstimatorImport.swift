import TrackerFile
import TrackerInterchange
import TrackerMerge
import TrackerModel

/// Imports the InstanceTrackers of a checkpoint of FastEstimator.
///
/// The pickle's values are in memory, some 20 bytes a point; points are sorted a run at a time, as
/// those of texts are.
struct FastEstimatorImport {
  /// What the user and the files beside the pickle say.
  struct Settings {
    /// Of a tracker that names none.
    var metric: Name
    /// Of unsealed points, where nothing tells it.
    var mode: Mode
    var dsID: Name?
    /// Nil for the smaller type that holds all values exactly.
    var valueType: ValueType?
    /// Nil for integers where all indices are.
    var indexType: IndexType?
    /// The place of the only tracker to import; nil for all.
    var tracker: Int?
    var system: FastEstimatorSystem?

    init(metric: Name, mode: Mode, system: FastEstimatorSystem?) {
      self.metric = metric
      self.mode = mode
      self.system = system
    }
  }

  let indexType: IndexType
  /// The trackers' settings where they agree, and where the training stood.
  private(set) var commit = ImportedCommit()

  private let checkpoint: FastEstimatorCheckpoint
  private let settings: Settings
  private let trackers: [Int]
  private let runLimit: Int
  private var unsealed: [Unsealed] = []
  private var valueType = ValueType.float64
  /// What the user should know of the settings and of points that are left out.
  private var notes: [String] = []
  private let name: String

  /// The unsealed points of one channel.
  private struct Unsealed {
    var channel: Channel
    var epoch: Int64
    /// Widened to float64. Of an index that was recorded twice the later value counts, as when
    /// FastEstimator ends the epoch.
    var values: [InstanceIndex: UInt64] = [:]
  }

  /// Reads the pickle.
  ///
  /// - Parameter runLimit: points of a run.
  /// - Throws: `badInput` where it is none, or holds no InstanceTracker, or no such one.
  init(
    _ input: ImportInput, _ settings: Settings, runLimit: Int = PointRunBuilder.maxPoints,
    progress: (ImportProgress) -> Void = { _ in }
  ) throws(TrackerError) {
    checkpoint = try FastEstimatorCheckpoint(try input.bytes(), name: input.name) {
      progress(.read(bytes: $0))
    }
    name = input.name
    self.settings = settings
    self.runLimit = runLimit
    if let tracker = settings.tracker {
      guard tracker < checkpoint.trackers.count else {
        throw TrackerError(
          .invalidParameter, "--tracker",
          "there is no InstanceTracker \(tracker + 1), the checkpoint has"
            + " \(checkpoint.trackers.count)", file: input.name)
      }
      trackers = [tracker]
    } else {
      trackers = Array(checkpoint.trackers.indices)
    }
    if let indexType = settings.indexType {
      self.indexType = indexType
    } else {
      indexType = try checkpoint.indexType(of: trackers)
    }
    var smallest = try Self.smallestType(checkpoint, trackers, settings, indexType)
    try gatherUnsealed(&smallest)
    valueType = settings.valueType ?? smallest
    try gatherParameters()
    let system = settings.system ?? checkpoint.system
    (commit.step, commit.epoch) = (system?.step, system?.epoch)
  }

  // MARK: Writing

  /// Writes all points, without committing.
  ///
  /// - Parameters:
  ///   - precision: in which values are rounded; nil to keep them exactly.
  ///   - path: the output's; temporary files stand beside it.
  /// - Throws: `badInput` where two trackers contradict one another.
  func write(
    to writer: TrackerWriter, _ precision: Precision? = nil, besides path: String,
    report: inout ImportReport, progress: (ImportProgress) -> Void = { _ in }
  ) throws(TrackerError) {
    var runs = ImportRuns(besides: path, indexType: indexType, valueType: valueType)
    var reader = reader()
    let total: Int
    do throws(TrackerError) {
      total = try write(to: writer, precision, &runs, &reader, progress)
      try writer.finishTiles()
    } catch {
      guard error.code == .mergeConflict, let conflict = runs.conflict else { throw error }
      throw self.error(conflict.channel, conflict.index, conflict.step)
    }
    report.points = writer.tiles.pointCount
    report.repeated = total - report.points
    report.notes = notes
    if reader.replaced > 0 {
      report.notes.append(
        "\(Numbers.count(reader.replaced, "value")) stood before another of the same index and"
          + " step, which counts, as in FastEstimator")
    }
    if reader.withoutStep > 0 {
      report.notes.append(
        "\(Numbers.count(reader.withoutStep, "point")) had None as the step and were left out")
    }
    for part in unsealed {
      let indices = part.values.keys.sorted()
      var values = indices.compactMap { part.values[$0] }
      precision?.round(&values, valueType)
      try writer.appendUnsealed(
        channel: part.channel, epoch: part.epoch, valueType: valueType,
        indices: IndexColumn(indices, type: indexType), values: values)
      report.notes.append(
        "\(Numbers.count(values.count, "point")) of \(part.channel) in epoch \(part.epoch) stay"
          + " unsealed: the epoch was not over")
    }
  }

  private func reader() -> FastEstimatorPointReader {
    FastEstimatorPointReader(
      checkpoint, trackers: trackers,
      options: FastEstimatorPointReader.Options(
        valueType: valueType, indexType: indexType, defaultMetric: settings.metric,
        dsID: settings.dsID))
  }

  /// Returns the number of points in the histories.
  private func write(
    to writer: TrackerWriter, _ precision: Precision?, _ runs: inout ImportRuns,
    _ reader: inout FastEstimatorPointReader, _ progress: (ImportProgress) -> Void
  ) throws(TrackerError) -> Int {
    var builder = PointRunBuilder(indexType: indexType, limit: runLimit)
    var batch = PointBatch()
    var total = 0
    while try reader.next(into: &batch) {
      total += batch.count
      var position = try builder.append(batch, from: 0)
      while position < batch.count {
        try runs.add(scans(try finish(&builder, reader.channels)))
        position = try builder.append(batch, from: position)
      }
    }
    let last = scans(try finish(&builder, reader.channels))
    if runs.isEmpty {
      var done = 0
      for scan in last {
        done += try writer.writeCanonically(scan, valueType, precision) {
          progress(.written(points: done + $0, of: total))
        }
      }
    } else {
      try runs.add(last)
      try runs.unite(into: writer, precision) { progress(.written(points: $0, of: total)) }
    }
    return total
  }

  private func finish(_ builder: inout PointRunBuilder, _ channels: [Channel])
    throws(TrackerError) -> PointRun
  {
    try builder.finish(channels: channels) { error($0.channel, $0.index, $0.step) }
  }

  private func scans(_ run: PointRun) -> [PointRunScan] {
    PointRunScan.all(of: run, valueType: valueType)
  }

  private func error(_ channel: Channel, _ index: InstanceIndex, _ step: Int64) -> TrackerError {
    TrackerError(
      .badInput, "checkpoint",
      "two InstanceTrackers have different values of index \(index) in \(channel) at step \(step)",
      file: name, remedy: "import one at a time: add --tracker 1, 2, …")
  }

  // MARK: Types

  /// The smallest type that holds all values of the histories.
  private static func smallestType(
    _ checkpoint: FastEstimatorCheckpoint, _ trackers: [Int], _ settings: Settings,
    _ indexType: IndexType
  ) throws(TrackerError) -> ValueType {
    var reader = FastEstimatorPointReader(
      checkpoint, trackers: trackers,
      options: FastEstimatorPointReader.Options(indexType: indexType))
    var batch = PointBatch()
    while try reader.next(into: &batch) {}
    return reader.valueType
  }

  // MARK: Unsealed points

  private mutating func gatherUnsealed(_ smallest: inout ValueType) throws(TrackerError) {
    let system = settings.system ?? checkpoint.system
    for number in trackers {
      var batches = UnsealedBatches(checkpoint, tracker: number)
      let read = try batches.read()
      let count = read.reduce(0) { $0 + $1.indices.count }
      if count == 0 { continue }
      let tracker = checkpoint.trackers[number]
      guard let epoch = system?.epoch else {
        notes.append(
          "\(Numbers.count(count, "unsealed point")) of InstanceTracker \(number + 1) left out: no"
            + " system.json tells the epoch")
        continue
      }
      let channel = Channel(
        metric: tracker.metricKey ?? settings.metric, mode: system?.mode ?? settings.mode,
        dsID: settings.dsID)
      let listed = try Self.onlyListed(tracker, settings, indexType)
      var part = Unsealed(channel: channel, epoch: epoch)
      for batch in read { try append(batch, listed, to: &part, &smallest) }
      try add(part)
    }
  }

  /// Adds points to those of the same channel, if another tracker has some.
  private mutating func add(_ part: Unsealed) throws(TrackerError) {
    if part.values.isEmpty { return }
    guard let place = unsealed.firstIndex(where: { $0.channel == part.channel }) else {
      unsealed.append(part)
      return
    }
    for index in part.values.keys.sorted() {
      let bits = part.values[index]
      if let other = unsealed[place].values[index], other != bits {
        throw TrackerError(
          .badInput, "checkpoint",
          "two InstanceTrackers have different unsealed values of index \(index) in"
            + " \(part.channel)", file: name, remedy: "import one at a time: add --tracker 1, 2, …")
      }
      unsealed[place].values[index] = bits
    }
  }

  /// The only indices whose points can be used; nil where all can.
  private static func onlyListed(
    _ tracker: PickledTracker, _ settings: Settings, _ indexType: IndexType
  ) throws(TrackerError) -> Set<InstanceIndex>? {
    let parameters = try tracker.parameters(metric: settings.metric, indexType: indexType)
    return parameters.recordsOnlyListed ? Set(parameters.listToKeep ?? []) : nil
  }

  private func append(
    _ batch: UnsealedBatches.Batch, _ listed: Set<InstanceIndex>?, to part: inout Unsealed,
    _ smallest: inout ValueType
  ) throws(TrackerError) {
    if let type = batch.valueType { smallest = smallest.joined(with: type) }
    for (index, bits) in zip(batch.indices, batch.values) {
      guard let converted = index.converted(to: indexType) else {
        throw TrackerError(
          .wrongIndexType, "unsealed points", "the index '\(index)' is no integer", file: name,
          remedy: "add --index-type string")
      }
      if let listed, !listed.contains(converted) { continue }
      part.values[converted] =
        settings.valueType == .float32 ? try FastEstimatorPointReader.narrowed(bits) : bits
      if Widening.narrow(bits) == nil { smallest = .float64 }
    }
  }

  // MARK: Parameters

  private mutating func gatherParameters() throws(TrackerError) {
    var all: [Parameters] = []
    for number in trackers {
      do throws(TrackerError) {
        all.append(
          try checkpoint.trackers[number].parameters(
            metric: settings.metric, indexType: indexType))
      } catch {
        throw TrackerError(
          error.code, "InstanceTracker \(number + 1)", "\(error.subject): \(error.detail)",
          file: name, remedy: error.remedy)
      }
    }
    guard let first = all.first else { return }
    var metrics: [Name] = []
    for parameters in all {
      for metric in parameters.metricKeys where !metrics.contains(metric) { metrics.append(metric) }
    }
    // One name for the results of several metrics is one that all have.
    let outputName = first.customOutputName
    let sharesName = all.allSatisfy { $0.customOutputName == outputName }
    func common(_ parameters: Parameters) throws(TrackerError) -> Parameters {
      try Parameters(
        indexKey: parameters.indexKey, metricKeys: metrics, maxToKeep: parameters.maxToKeep,
        minToKeep: parameters.minToKeep, listToKeep: parameters.listToKeep,
        epochFrequency: parameters.epochFrequency, modes: parameters.modes,
        dsIDs: parameters.dsIDs, outputName: sharesName ? outputName : nil)
    }
    let wanted = try common(first)
    for (place, parameters) in all.enumerated().dropFirst() {
      let differences = wanted.differences(from: try common(parameters))
      if let difference = differences.first {
        notes.append(
          "the settings of InstanceTrackers \(trackers[0] + 1) and \(trackers[place] + 1) differ"
            + " (\(difference.setting)), so the tracker states none; --tracker imports one of them")
        return
      }
    }
    commit.parameters = wanted
  }
}
