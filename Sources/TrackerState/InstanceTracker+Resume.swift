public import TrackerFile
public import TrackerModel
import TrackerCodec
import TrackerSystem

/// Beginning a tracker, and going on with one.
extension InstanceTracker {
  /// Begins a new tracker.
  ///
  /// - Parameters:
  ///   - path: of the file; nil to keep the tracker in memory.
  ///   - run: who this worker is; nil for what the environment says: see `RunIdentity.fromEnvironment`.
  ///   - cores: how many to use, the caller's included: 1 writes everything in the caller's thread,
  ///     before calls return. Nil for all that the process may use.
  ///   - level: how much time encoding may take.
  /// - Throws: `alreadyExists` where the file exists; `system` where it cannot be written.
  public static func create(
    path: String? = nil, parameters: Parameters, indexType: IndexType = .int64,
    run: RunIdentity? = nil, cores: Int? = nil, level: EncodingLevel = .default
  ) throws(TrackerError) -> InstanceTracker {
    guard let path else {
      return try create(
        MemoryStorage(), parameters: parameters, indexType: indexType, run: run, cores: cores,
        level: level)
    }
    do throws(TrackerError) {
      // It gets its name when it can be resumed: nothing stands there half-made, whatever ends this.
      let output = try OutputFile(path: path, overwriting: false)
      let tracker = try create(
        FileStorage(handle: output.handle, name: path), path: path, parameters: parameters,
        indexType: indexType, run: run, cores: cores, level: level)
      try output.commit(keepingOpen: true)
      return tracker
    } catch {
      guard error.code == .alreadyExists else { throw error }
      throw TrackerError(
        .alreadyExists, "create", "the file exists", file: path,
        remedy: "resume it, or choose another name")
    }
  }

  /// The same in any storage, which must be empty.
  public static func create(
    _ storage: any Storage, path: String? = nil, parameters: Parameters,
    indexType: IndexType = .int64, run: RunIdentity? = nil, cores: Int? = nil,
    level: EncodingLevel = .default
  ) throws(TrackerError) -> InstanceTracker {
    try checkIndexType(of: parameters, indexType)
    var identity = run
    if identity == nil { identity = try .fromEnvironment() }
    let writer = try TrackerWriter(creating: storage, indexType: indexType, identity: identity)
    writer.level = level
    let tracker = InstanceTracker(
      writer, path: path, parameters: parameters, differences: [], parametersAreStored: false,
      cores: cores)
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
  ///   - cores, level: as for `create`.
  /// - Throws: `notFound`; `locked` after 10 s; `outOfRange`, naming the neighbouring steps, where no
  ///   commit was made at the step; `parametersDiffer` where the file records other things (index
  ///   type, index or metric keys) or holds values rounded more coarsely than the parameters say,
  ///   `mixedRuns` where it belongs to another run.
  public static func resume(
    path: String, at step: Int64? = nil, parameters: Parameters? = nil,
    indexType: IndexType? = nil, run: RunIdentity? = nil, cores: Int? = nil,
    level: EncodingLevel = .default
  ) throws(TrackerError) -> InstanceTracker {
    let storage = try FileStorage(path: path, mode: .readWrite)
    return try resume(
      storage, path: path, at: step, parameters: parameters, indexType: indexType, run: run,
      cores: cores, level: level)
  }

  /// The same for any storage.
  public static func resume(
    _ storage: any Storage, path: String? = nil, at step: Int64? = nil,
    parameters: Parameters? = nil, indexType: IndexType? = nil, run: RunIdentity? = nil,
    cores: Int? = nil, level: EncodingLevel = .default
  ) throws(TrackerError) -> InstanceTracker {
    try resume(
      storage, path: path, from: step.map { .step($0) } ?? .last, parameters: parameters,
      indexType: indexType, run: run, cores: cores, level: level)
  }

  /// The same from any commit of a storage: one made within an epoch has no step, but a number.
  public static func resume(
    _ storage: any Storage, path: String? = nil, from commit: CommitSelector,
    parameters: Parameters? = nil, indexType: IndexType? = nil, run: RunIdentity? = nil,
    cores: Int? = nil, level: EncodingLevel = .default
  ) throws(TrackerError) -> InstanceTracker {
    var stored: Parameters?
    let writer = try TrackerWriter(opening: storage, at: commit) {
      (snapshot) throws(TrackerError) in
      stored = snapshot.parameters
      return try Self.identity(resuming: snapshot, as: run, storage.name)
    }
    writer.level = level
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
    guard Precision.coarsest(stored?.precision, parameters.precision) == parameters.precision
    else {
      // The file must go on to say what became of the values that it holds.
      throw TrackerError(
        .parametersDiffer, "resume",
        "its values keep \(stored?.keepMantissaBits ?? 0) mantissa bits, the parameters ask for "
          + (parameters.keepMantissaBits.map { "\($0)" } ?? "all"), file: storage.name,
        remedy: "keep as many, or record with more precision in a file of its own")
    }
    let tracker = InstanceTracker(
      writer, path: path, parameters: parameters, differences: differences,
      parametersAreStored: stored == parameters, cores: cores)
    try tracker.queue.withWriter { (writer) throws(TrackerError) in try tracker.restore(writer) }
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
    var next = run ?? last
    guard next.runID == last.runID else {
      throw TrackerError(
        .mixedRuns, "resume", "the file belongs to run \(last.runID), not \(next.runID)",
        file: name, remedy: "give each run files of its own")
    }
    // More than any before, those of lines that were rewound past included.
    let newest = snapshot.identities.map(\.generation).max() ?? last.generation
    guard newest < .max else {
      throw TrackerError(
        .limitExceeded, "resume", "the run was resumed \(newest) times", file: name,
        remedy: "compact the file and begin a new run")
    }
    next.generation = max(run?.generation ?? 0, newest + 1)
    return next
  }

  /// Takes over what the commit knows of channels and unsealed points.
  private func restore(_ writer: TrackerWriter) throws(TrackerError) {
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
      openEpochs.set(open)
    }
  }

  private func key(of index: InstanceIndex) throws(TrackerError) -> Int64 {
    switch index {
    case .integer(let value): value
    case .string(let name): Int64(try strings.number(of: name))
    }
  }
}
