import TrackerCodec
public import TrackerFile
public import TrackerModel
import TrackerSelection
import TrackerSystem

/// Records one value per instance and epoch, keeps them compressed in a file or in memory, and
/// selects the instances that matter: FastEstimator's `InstanceTracker` with a real file under it.
///
/// ```swift
/// let tracker = try InstanceTracker.create(
///   path: "run.tracker", parameters: Parameters(metricKeys: ["ce"], modes: .only([.train])))
/// try tracker.record(mode: .train, epoch: 1, indices: [7, 8], [0.25, 1.5])
/// try tracker.endEpoch(mode: .train, epoch: 1, step: 100)
/// try tracker.checkpoint()
/// ```
///
/// One owner: a tracker is not `Sendable`; record from one thread at a time. Sealed epochs are held
/// as compressed tiles, so memory does not grow with their number (but for directory entries); an
/// epoch being recorded takes 12 bytes a point of an int64 index and a float32 value.
public final class InstanceTracker {
  /// Rows of a tile of one epoch.
  static let rowsPerTile = 1 << 16

  public let parameters: Parameters
  public let indexType: IndexType
  /// Settings in which the parameters given to `resume` differ from those stored. The given ones are
  /// in force, and are stored by the next checkpoint.
  public let parameterDifferences: [ParameterDifference]
  /// A checkpoint that never became whole and was cut off when the file was opened.
  public var removedTail: Tail? { writer.removedTail }
  /// Who this worker is.
  public var run: RunIdentity? { writer.identity }
  /// The last commit.
  public var lastCommit: CommitSummary? { writer.head }

  private let writer: TrackerWriter
  private let path: String?
  private var strings = StringTable()
  private var openEpochs: [OpenEpoch.Key: OpenEpoch] = [:]
  private var valueTypes: [Channel: ValueType] = [:]
  private let listed: Set<InstanceIndex>?
  private var lastStep: Int64?
  private var lastEpoch: Int64?
  private var pendingKeptSets: [KeptSets]?
  private var parametersAreStored: Bool
  private var isClosed = false
  // The batch being recorded: keys, and where their values stand in it.
  private var keys: [Int64] = []
  private var places: [Int] = []

  // MARK: Creating and resuming

  /// Begins a new tracker.
  ///
  /// - Parameters:
  ///   - path: of the file; nil to keep the tracker in memory.
  ///   - run: who this worker is; nil for a single worker, which makes its own run id.
  /// - Throws: `alreadyExists` where the file exists; `system` where it cannot be written.
  public static func create(
    path: String? = nil, parameters: Parameters, indexType: IndexType = .int64,
    run: RunIdentity? = nil
  ) throws(TrackerError) -> InstanceTracker {
    try checkIndexType(of: parameters, indexType)
    var identity = run
    if identity == nil { identity = try .single() }
    let storage: any Storage
    if let path {
      do throws(TrackerError) {
        storage = try FileStorage(path: path, mode: .createNew)
      } catch {
        guard error.code == .alreadyExists else { throw error }
        throw TrackerError(
          .alreadyExists, "create", "the file exists", file: path,
          remedy: "resume it, or choose another name")
      }
    } else {
      storage = MemoryStorage()
    }
    let writer = try TrackerWriter(creating: storage, indexType: indexType, identity: identity)
    let tracker = InstanceTracker(
      writer, path: path, parameters: parameters, differences: [], parametersAreStored: false)
    // From the first moment on the file says what it is and can be resumed.
    try tracker.checkpoint()
    return tracker
  }

  /// Goes on with a tracker's file: after a crash, or from an earlier step.
  ///
  /// Points that were recorded but not sealed at that commit are there again.
  /// - Parameters:
  ///   - step: the step of the commit to go on from, for a model restored from there: the newest
  ///     ancestor of the last commit made at exactly this step. Nil for the last commit.
  ///   - parameters: settings of this run; nil for those stored. Where they differ the given ones
  ///     count, and `parameterDifferences` says so.
  ///   - run: who this worker is; nil for the file's own identity. The generation becomes one more
  ///     than the file's last.
  /// - Throws: `notFound`; `locked` after 10 s; `outOfRange`, naming the neighbouring steps, where no
  ///   commit was made at the step; `parametersDiffer` where the file records other things (index
  ///   type, index or metric keys), `mixedRuns` where it belongs to another run.
  public static func resume(
    path: String, at step: Int64? = nil, parameters: Parameters? = nil,
    indexType: IndexType? = nil, run: RunIdentity? = nil
  ) throws(TrackerError) -> InstanceTracker {
    let storage = try FileStorage(path: path, mode: .readWrite)
    return try resume(
      storage, path: path, at: step, parameters: parameters, indexType: indexType, run: run)
  }

  /// The same for any storage.
  public static func resume(
    _ storage: any Storage, path: String? = nil, at step: Int64? = nil,
    parameters: Parameters? = nil, indexType: IndexType? = nil, run: RunIdentity? = nil
  ) throws(TrackerError) -> InstanceTracker {
    var stored: Parameters?
    let writer = try TrackerWriter(opening: storage, at: step.map { .step($0) } ?? .last) {
      (snapshot) throws(TrackerError) in
      stored = snapshot.parameters
      return try Self.identity(resuming: snapshot, as: run, storage.name)
    }
    if let indexType, indexType != writer.indexType {
      throw TrackerError(
        .parametersDiffer, "resume", "the file's indices are \(writer.indexType), not \(indexType)",
        file: storage.name)
    }
    guard let parameters = parameters ?? stored else {
      throw TrackerError(
        .parametersDiffer, "resume", "the file holds no parameters", file: storage.name,
        remedy: "give them")
    }
    try checkIndexType(of: parameters, writer.indexType)
    let differences = stored?.differences(from: parameters) ?? []
    if let fixed = differences.first(where: { ["index", "metric"].contains($0.setting) }) {
      throw TrackerError(
        .parametersDiffer, "resume", "\(fixed)", file: storage.name,
        remedy: "record other metrics in a file of their own")
    }
    let tracker = InstanceTracker(
      writer, path: path, parameters: parameters, differences: differences,
      parametersAreStored: stored == parameters)
    try tracker.restore()
    return tracker
  }

  private static func checkIndexType(of parameters: Parameters, _ indexType: IndexType)
    throws(TrackerError)
  {
    if let first = parameters.listToKeep?.first, first.type != indexType {
      throw TrackerError(
        .wrongIndexType, "tracker parameters",
        "list_to_keep holds indices of type \(first.type), the tracker's are \(indexType)")
    }
  }

  private static func identity(resuming snapshot: Snapshot, as run: RunIdentity?, _ name: String)
    throws(TrackerError) -> RunIdentity?
  {
    guard let last = snapshot.commit?.identity else {
      if let run { return run }
      return try .single()
    }
    guard let run else { return last.nextGeneration }
    guard run.runID == last.runID else {
      throw TrackerError(
        .mixedRuns, "resume", "the file belongs to run \(last.runID), not \(run.runID)", file: name,
        remedy: "give each run files of its own")
    }
    var next = run
    next.generation = max(run.generation, last.generation &+ 1)
    return next
  }

  private init(
    _ writer: TrackerWriter, path: String?, parameters: Parameters,
    differences: [ParameterDifference], parametersAreStored: Bool
  ) {
    self.writer = writer
    self.path = path
    self.parameters = parameters
    self.parametersAreStored = parametersAreStored
    parameterDifferences = differences
    indexType = writer.indexType
    listed = parameters.recordsOnlyListed ? Set(parameters.listToKeep ?? []) : nil
    lastStep = writer.head?.step
    lastEpoch = writer.head?.epoch
  }

  /// Takes over what the commit knows of channels and unsealed points.
  private func restore() throws(TrackerError) {
    for tile in writer.tiles {
      valueTypes[tile.channel] = (valueTypes[tile.channel] ?? .float32).joined(with: tile.valueType)
    }
    let reader = try TrackerReader(viewing: writer)
    for group in writer.unsealed {
      valueTypes[group.channel] =
        (valueTypes[group.channel] ?? .float32).joined(with: group.valueType)
      let key = OpenEpoch.Key(channel: group.channel, epoch: group.epoch)
      var run = PointRun(indexType: indexType, valueType: group.valueType)
      for points in try reader.unsealedPoints(of: group) {
        var keys: [Int64] = []
        for row in 0..<points.indices.count { keys.append(try self.key(of: points.indices[row])) }
        run.append(keys) { points.values[$0] }
      }
      var open = OpenEpoch(key, indexType: indexType, valueType: group.valueType)
      open.restore(run)
      openEpochs[key] = open
    }
  }

  private func key(of index: InstanceIndex) throws(TrackerError) -> Int64 {
    switch index {
    case .integer(let value): value
    case .string(let name): Int64(try strings.number(of: name))
    }
  }

  // MARK: Recording

  /// Records a batch of one metric's values; the tracker must have one metric.
  ///
  /// See `record(mode:dsID:epoch:indices:values:)`.
  @discardableResult
  public func record(
    mode: Mode, dsID: Name? = nil, epoch: Int64, indices: [Int64], _ values: [Float]
  ) throws(TrackerError) -> Bool {
    try record(
      mode: mode, dsID: dsID, epoch: epoch, indices: indices,
      values: [onlyMetric(): .float(values)])
  }

  private func onlyMetric() throws(TrackerError) -> Name {
    guard parameters.metricKeys.count == 1 else {
      throw TrackerError(
        .unknownMetric, "record", "the tracker has \(parameters.metricKeys.count) metrics",
        remedy: "name the metric of the values")
    }
    return parameters.metricKeys[0]
  }

  /// Records a batch.
  ///
  /// An index recorded again in the same epoch keeps its last value. Modes and data sets that are not
  /// tracked, epochs that the frequency leaves out and, where only listed instances can be kept,
  /// others are not recorded. A thrown error has recorded nothing.
  /// - Parameters:
  ///   - indices: of the tracker's type.
  ///   - values: by metric, each with one value per index.
  /// - Returns: whether the batch is one that is recorded.
  /// - Throws: `lengthMismatch`, `unknownMetric`, `wrongIndexType`, `inexactValue`, `closed`.
  /// - Complexity: O(values), without allocation per value.
  @discardableResult
  public func record(
    mode: Mode, dsID: Name? = nil, epoch: Int64, indices: [Int64], values: [Name: MetricValues]
  ) throws(TrackerError) -> Bool {
    guard indexType == .int64 else { throw wrongIndexType(given: .int64) }
    guard try isRecorded(mode, dsID, epoch, count: indices.count, values) else { return false }
    try append(mode, dsID, epoch, values, count: indices.count) { (place) throws(TrackerError) in
      if let listed, !listed.contains(.integer(indices[place])) { return nil }
      return indices[place]
    }
    return true
  }

  /// Records a batch of instances that are keyed by strings.
  @discardableResult
  public func record(
    mode: Mode, dsID: Name? = nil, epoch: Int64, indices: [Name], values: [Name: MetricValues]
  ) throws(TrackerError) -> Bool {
    guard indexType == .string else { throw wrongIndexType(given: .string) }
    guard try isRecorded(mode, dsID, epoch, count: indices.count, values) else { return false }
    for index in indices where index.utf8.count > Limits.maxIndexBytes {
      throw TrackerError(
        .limitExceeded, "record",
        "an index of \(index.utf8.count) bytes, the limit is \(Limits.maxIndexBytes)")
    }
    try append(mode, dsID, epoch, values, count: indices.count) { (place) throws(TrackerError) in
      if let listed, !listed.contains(.string(indices[place])) { return nil }
      return Int64(try strings.number(of: indices[place]))
    }
    return true
  }

  private func wrongIndexType(given: IndexType) -> TrackerError {
    TrackerError(
      .wrongIndexType, "record", "indices of type \(given), the tracker's are \(indexType)")
  }

  /// Checks a batch whole before any of it is recorded.
  private func isRecorded(
    _ mode: Mode, _ dsID: Name?, _ epoch: Int64, count: Int, _ values: [Name: MetricValues]
  ) throws(TrackerError) -> Bool {
    try checkOpen()
    for (metric, column) in values.sorted(by: { $0.key < $1.key }) {
      guard parameters.metricKeys.contains(metric) else {
        throw TrackerError(
          .unknownMetric, "record", "metric '\(metric)' is not tracked",
          remedy: "tracked are \(parameters.metricKeys.map(\.string).joined(separator: ", "))")
      }
      guard column.count == count else {
        throw TrackerError(
          .lengthMismatch, "record",
          "\(count) indices, but \(column.count) values of metric '\(metric)'")
      }
      let channel = Channel(metric: metric, mode: mode, dsID: dsID)
      try column.check(in: recordingType(of: channel, epoch, column), metric: metric)
    }
    guard (dsID?.utf8.count ?? 0) <= Limits.maxNameBytes else {
      throw TrackerError(.limitExceeded, "record", "the data set id is too long")
    }
    return isTracked(mode, dsID, epoch)
  }

  private func isTracked(_ mode: Mode, _ dsID: Name?, _ epoch: Int64) -> Bool {
    parameters.modes.contains(mode) && parameters.dsIDs.contains(dsID)
      && epoch % Int64(parameters.epochFrequency) == 0
  }

  /// The type in which values are recorded: that of the epoch where it has points, else the
  /// channel's, else the values' own.
  private func recordingType(of channel: Channel, _ epoch: Int64, _ column: MetricValues)
    -> ValueType
  {
    openEpochs[OpenEpoch.Key(channel: channel, epoch: epoch)]?.valueType ?? valueTypes[channel]
      ?? column.naturalType
  }

  private func append(
    _ mode: Mode, _ dsID: Name?, _ epoch: Int64, _ values: [Name: MetricValues], count: Int,
    key: (Int) throws(TrackerError) -> Int64?
  ) throws(TrackerError) {
    guard count > 0 else { return }
    // All keys first: nothing is recorded where one cannot be had.
    keys.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    for place in 0..<count {
      guard let key = try key(place) else { continue }
      keys.append(key)
      places.append(place)
    }
    guard !keys.isEmpty else { return }
    for (metric, column) in values {
      let channel = Channel(metric: metric, mode: mode, dsID: dsID)
      let type = recordingType(of: channel, epoch, column)
      valueTypes[channel] = valueTypes[channel] ?? type
      let openKey = OpenEpoch.Key(channel: channel, epoch: epoch)
      // Taken out while it grows, so that its blocks are not copied.
      var open =
        openEpochs.removeValue(forKey: openKey)
        ?? OpenEpoch(openKey, indexType: indexType, valueType: type)
      // Checked before: every value is exact.
      if case .float(let values) = column, type == .float32 {
        open.append(keys) { UInt64(values[places[$0]].bitPattern) }
      } else {
        open.append(keys) { column.bits(at: places[$0], in: type) ?? 0 }
      }
      open.foldIfLarge()
      openEpochs[openKey] = open
    }
  }

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
    guard isTracked(mode, dsID, epoch) else { return }
    let keys = parameters.metricKeys.map {
      OpenEpoch.Key(channel: Channel(metric: $0, mode: mode, dsID: dsID), epoch: epoch)
    }
    let staged = writer.stagedTileCount
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
      writer.removeStagedTiles(keeping: staged)
      throw error
    }
    for key in keys where openEpochs.removeValue(forKey: key) != nil {
      writer.removeUnsealed(channel: key.channel, epoch: epoch)
      pendingKeptSets = nil
    }
    lastStep = step
    lastEpoch = epoch
  }

  // MARK: Checkpoints

  /// Makes everything recorded so far durable, points of unsealed epochs included.
  ///
  /// Writes only what is new. A model saved after this returns never outlives its tracker.
  /// - Parameters:
  ///   - step: the step to resume at; the last sealed one by default.
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
    let step = step ?? lastStep
    let epoch = epoch ?? lastEpoch
    try writer.commit(
      step: step, epoch: epoch, wallTime: UInt64(max(0, Clock.wallSeconds()) * 1e6))
    parametersAreStored = true
    pendingKeptSets = nil
    (lastStep, lastEpoch) = (step, epoch)
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

  private func checkOpen() throws(TrackerError) {
    guard !isClosed else {
      throw TrackerError(.closed, "tracker", "it was closed", file: path, remedy: "resume it")
    }
  }

  // MARK: Reading back

  /// Selects the instances to keep in every channel, by last sealed value; sorted by channel.
  ///
  /// The sets become the file's kept sets with the next checkpoint. Selecting again gives the same.
  /// - Complexity: O(n log k) for n instances, and reading all tiles.
  public func select() throws(TrackerError) -> [KeptSets] {
    try checkOpen()
    let reader = try TrackerReader(viewing: writer)
    var sets: [KeptSets] = []
    for channel in reader.snapshot.channels
    where parameters.modes.contains(channel.mode) && parameters.dsIDs.contains(channel.dsID) {
      sets.append(
        try FinalSelection.select(ChannelScan(reader, channel), SelectionCriteria(parameters)))
    }
    pendingKeptSets = sets
    return sets
  }

  /// Channels that have sealed points, sorted.
  public var channels: [Channel] { Set(writer.tiles.map(\.channel)).sorted() }

  /// The sealed histories of some instances: one array for each index, empty where it has none.
  public func history(of indices: [InstanceIndex], in channel: Channel) throws(TrackerError)
    -> [[HistoryPoint]]
  {
    try checkOpen()
    let reader = try TrackerReader(viewing: writer)
    let sorted = Parameters.sortedUnique(indices)
    let found = try ChannelScan(reader, channel, indices: sorted).histories(of: sorted)
    return indices.map { found[$0] ?? [] }
  }

  /// Everything sealed so far, for scans; valid until the tracker is used again.
  public func reader() throws(TrackerError) -> TrackerReader {
    try checkOpen()
    return try TrackerReader(viewing: writer)
  }
}
