import CTrackerState
import TrackerFile
import TrackerModel
import TrackerState

/// A tracker that records.
final class Recorder: Object {
  override class var kind: String { "tracker" }

  let tracker: InstanceTracker
  /// Where it is, if in memory.
  let memory: MemoryStorage?
  var isClosed = false

  init(_ tracker: InstanceTracker, _ memory: MemoryStorage?) {
    self.tracker = tracker
    self.memory = memory
  }
}

extension Argument {
  static func parameters(_ given: trk_parameters) throws -> Parameters {
    func small(_ value: Int64, _ name: String) throws -> Int {
      // What is negative is told by the library, in the names of its settings.
      guard value <= 1 << 40 else { throw invalid("\(name) is \(value)") }
      return Int(value)
    }
    return try unsafe Parameters(
      indexKey: name(given.index_key, "index_key") ?? "idx",
      metricKeys: strings(given.metrics, "metrics", limit: 1 << 16).map { Name($0) },
      maxToKeep: unsafe small(given.max_to_keep, "max_to_keep"),
      minToKeep: unsafe small(given.min_to_keep, "min_to_keep"),
      listToKeep: unsafe given.has_list_to_keep == 0
        ? nil : indices(given.list_to_keep, "list_to_keep"),
      epochFrequency: unsafe small(given.epoch_frequency, "epoch_frequency"),
      modes: unsafe ModeFilter(strings(given.modes, "modes", limit: 1 << 16)),
      dsIDs: unsafe DSIDFilter(strings(given.ds_ids, "ds_ids", limit: 1 << 17)),
      outputName: unsafe name(given.output_name, "output_name"),
      keepMantissaBits: unsafe given.keep_mantissa_bits == 0
        ? nil : small(given.keep_mantissa_bits, "keep_mantissa_bits"))
  }

  static func run(_ given: trk_run) throws -> RunIdentity {
    func number(_ value: Int64, _ name: String) throws -> UInt32? {
      if value < 0 { return nil }
      guard let number = UInt32(exactly: value) else { throw invalid("\(name) is \(value)") }
      return number
    }
    var identity = try unsafe RunIdentity.fromEnvironment(
      runID: name(given.run_id, "run_id"), rank: number(given.rank, "rank"),
      worldSize: number(given.world_size, "world_size"))
    identity.generation = try unsafe number(given.generation, "generation") ?? 0
    return identity
  }

  static func selector(_ at: Int32, _ number: Int64) throws -> CommitSelector {
    switch Int(at) {
    case TRK_AT_LAST: return .last
    case TRK_AT_STEP: return .step(number)
    case TRK_AT_SEQUENCE:
      guard let sequence = UInt64(exactly: number) else {
        throw invalid("there is no commit \(number)")
      }
      return .sequence(sequence)
    default: throw invalid("\(at) does not tell a commit")
    }
  }
}

@c @implementation
public func trk_tracker_create(
  _ path: UnsafePointer<trk_text>?, _ parameters: UnsafePointer<trk_parameters>?,
  _ run: UnsafePointer<trk_run>?, _ options: UnsafePointer<trk_tracker_options>?,
  _ tracker: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(tracker, "tracker") {
      let path = unsafe path == nil ? nil : try Argument.path(path, "path")
      let parameters = try unsafe Argument.parameters(Argument.sized(parameters, "parameters"))
      let run = try unsafe Argument.optional(run, "run").map(Argument.run)
      let options = try unsafe Argument.optional(options, "options") ?? trk_tracker_options()
      let indexType = try Argument.indexType(options.index_type)
      let (cores, level) = (
        try Argument.cores(options.cores), try Argument.level(options.level)
      )
      if let path {
        return Recorder(
          try .create(
            path: path, parameters: parameters, indexType: indexType, run: run, cores: cores,
            level: level), nil)
      }
      let memory = MemoryStorage()
      return Recorder(
        try .create(
          memory, parameters: parameters, indexType: indexType, run: run, cores: cores,
          level: level), memory)
    }
  }
}

/// Resumes in a storage that `open` opens once the arguments are known to be right.
private func resume(
  _ path: String?, _ at: Int32, _ number: Int64, _ parameters: UnsafePointer<trk_parameters>?,
  _ run: UnsafePointer<trk_run>?, _ options: UnsafePointer<trk_tracker_options>?,
  _ tracker: UnsafeMutablePointer<trk_handle>?, _ open: () throws -> any Storage
) throws {
  try unsafe give(tracker, "tracker") {
    let selector = try Argument.selector(at, number)
    let parameters = try unsafe Argument.optional(parameters, "parameters").map(Argument.parameters)
    let run = try unsafe Argument.optional(run, "run").map(Argument.run)
    let options = try unsafe Argument.optional(options, "options") ?? trk_tracker_options()
    let (cores, level) = (try Argument.cores(options.cores), try Argument.level(options.level))
    let storage = try open()
    return Recorder(
      try .resume(
        storage, path: path, from: selector, parameters: parameters, run: run, cores: cores,
        level: level), storage as? MemoryStorage)
  }
}

@c @implementation
public func trk_tracker_resume(
  _ path: UnsafePointer<trk_text>?, _ at: Int32, _ number: Int64,
  _ parameters: UnsafePointer<trk_parameters>?, _ run: UnsafePointer<trk_run>?,
  _ options: UnsafePointer<trk_tracker_options>?, _ tracker: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    let path = try unsafe Argument.path(path, "path")
    try unsafe resume(path, at, number, parameters, run, options, tracker) {
      try FileStorage(path: path, mode: .readWrite)
    }
  }
}

@c @implementation
public func trk_tracker_resume_image(
  _ bytes: UnsafeRawPointer?, _ length: Int64, _ at: Int32, _ number: Int64,
  _ parameters: UnsafePointer<trk_parameters>?, _ run: UnsafePointer<trk_run>?,
  _ options: UnsafePointer<trk_tracker_options>?, _ tracker: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    let image = try unsafe Argument.buffer(
      bytes?.assumingMemoryBound(to: UInt8.self), length, "bytes", limit: 1 << 40)
    try unsafe resume(nil, at, number, parameters, run, options, tracker) {
      unsafe MemoryStorage(Array(image))
    }
  }
}

@c @implementation
public func trk_tracker_record(
  _ tracker: trk_handle, _ batch: UnsafePointer<trk_batch>?,
  _ recorded: UnsafeMutablePointer<Int32>?
) -> trk_status {
  status {
    let batch = try unsafe Argument.sized(batch, "batch")
    let isRecorded = try Handles.with(tracker, as: Recorder.self) {
      try unsafe record(batch, in: $0.tracker)
    }
    unsafe recorded?.pointee = isRecorded ? 1 : 0
  }
}

private func record(_ batch: trk_batch, in tracker: InstanceTracker) throws -> Bool {
  let mode = try unsafe Argument.mode(batch.mode)
  let dsID = try unsafe Argument.name(batch.ds_id, "ds_id")
  let columns = try unsafe Argument.buffer(
    batch.columns, batch.column_count, "columns", limit: 1 << 16)
  let metrics = tracker.parameters.metricKeys
  let indexType = try unsafe Argument.indexType(batch.indices.type)
  if indexType == .int64 {
    let indices = unsafe Array(
      try Argument.buffer(batch.indices.integers, batch.indices.count, "indices"))
    if columns.count == 1, metrics.count == 1, unsafe Int(columns[0].type) == TRK_FLOAT32,
      try unsafe metric(of: columns[0], among: metrics) == metrics[0],
      case .float(let values) = try unsafe Argument.values(columns[0], "values")
    {
      // Without a dictionary for every batch.
      return try unsafe tracker.record(
        mode: mode, dsID: dsID, epoch: batch.epoch, indices: indices, values)
    }
    return try unsafe tracker.record(
      mode: mode, dsID: dsID, epoch: batch.epoch, indices: indices,
      values: values(columns, metrics))
  }
  return try unsafe tracker.record(
    mode: mode, dsID: dsID, epoch: batch.epoch,
    indices: Argument.names(batch.indices, "indices"), values: values(columns, metrics))
}

private func values(_ columns: UnsafeBufferPointer<trk_values>, _ metrics: [Name]) throws
  -> [Name: MetricValues]
{
  var values: [Name: MetricValues] = [:]
  for place in columns.indices {
    let column = unsafe columns[place]
    let metric = try unsafe metric(of: column, among: metrics)
    let held = unsafe values.updateValue(
      try Argument.values(column, "values of '\(metric)'"), forKey: metric)
    guard held == nil else { throw Argument.invalid("metric '\(metric)' comes twice in a batch") }
  }
  return values
}

/// The metric that a column names, without making a new name of a known one.
private func metric(of column: trk_values, among metrics: [Name]) throws -> Name {
  guard let bytes = unsafe column.metric.bytes else {
    _ = try unsafe Argument.text(column.metric, "metric")
    guard metrics.count == 1 else {
      throw TrackerError(
        .unknownMetric, "record", "the tracker has \(metrics.count) metrics",
        remedy: "name the metric of the values")
    }
    return metrics[0]
  }
  let text = try unsafe Argument.buffer(
    bytes, column.metric.length, "metric", limit: Argument.maxTextBytes)
  let known = unsafe text.withMemoryRebound(to: UInt8.self) { text in
    metrics.count <= 8 ? metrics.first { unsafe $0.utf8.elementsEqual(text) } : nil
  }
  if let known { return known }
  return try unsafe Argument.name(column.metric, "metric") ?? ""
}

@c @implementation
public func trk_tracker_end_epoch(
  _ tracker: trk_handle, _ mode: Int32, _ dsID: trk_text, _ epoch: Int64,
  _ recordedAs: UnsafePointer<Int64>?, _ step: Int64
) -> trk_status {
  status {
    let (mode, dsID) = unsafe (try Argument.mode(mode), try Argument.name(dsID, "ds_id"))
    let provisional =
      unsafe recordedAs == nil ? nil : try Argument.check(recordedAs, "recorded_as").pointee
    try Handles.with(tracker, as: Recorder.self) {
      try $0.tracker.endEpoch(
        mode: mode, dsID: dsID, epoch: epoch, recordedAs: provisional, step: step)
    }
  }
}

@c @implementation
public func trk_tracker_unended(
  _ tracker: trk_handle, _ table: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(table, "table") {
      try Handles.with(tracker, as: Recorder.self) {
        var columns: [TableColumn] = ["metric", "mode", "ds_id"].map { .strings($0) }
        columns += ["epoch", "points"].map { .integers($0) }
        for unended in $0.tracker.unendedEpochs {
          columns[0].append(unended.channel.metric)
          columns[1].append(unended.channel.mode.name)
          columns[2].append(unended.channel.dsID)
          columns[3].append(unended.epoch)
          columns[4].append(unended.pointCount)
        }
        return Table(columns)
      }
    }
  }
}

@c @implementation
public func trk_tracker_checkpoint(
  _ tracker: trk_handle, _ inBackground: Int32, _ step: UnsafePointer<Int64>?,
  _ epoch: UnsafePointer<Int64>?
) -> trk_status {
  status {
    let step = unsafe step == nil ? nil : try Argument.check(step, "step").pointee
    let epoch = unsafe epoch == nil ? nil : try Argument.check(epoch, "epoch").pointee
    try Handles.with(tracker, as: Recorder.self) {
      if inBackground != 0 {
        try $0.tracker.checkpointInBackground(step: step, epoch: epoch)
      } else {
        try $0.tracker.checkpoint(step: step, epoch: epoch)
      }
    }
  }
}

@c @implementation
public func trk_tracker_flush(_ tracker: trk_handle) -> trk_status {
  status { try Handles.with(tracker, as: Recorder.self) { try $0.tracker.flush() } }
}

@c @implementation
public func trk_tracker_close(_ tracker: trk_handle) -> trk_status {
  status {
    try Handles.with(tracker, as: Recorder.self) {
      try $0.tracker.close()
      $0.isClosed = true
    }
  }
}

@c @implementation
public func trk_rewind(_ path: UnsafePointer<trk_text>?, _ step: Int64) -> trk_status {
  status { try unsafe InstanceTracker.rewind(path: Argument.path(path, "path"), to: step) }
}

@c @implementation
public func trk_tracker_select(
  _ tracker: trk_handle, _ table: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(table, "table") {
      try Handles.with(tracker, as: Recorder.self) {
        Table(kept: try $0.tracker.select(), $0.tracker.indexType)
      }
    }
  }
}

@c @implementation
public func trk_tracker_describe(
  _ tracker: trk_handle, _ info: UnsafeMutablePointer<trk_tracker_info>?
) -> trk_status {
  status {
    let info = try unsafe Argument.target(info, "info")
    try Handles.with(tracker, as: Recorder.self) {
      let (tracker, commit) = ($0.tracker, $0.tracker.lastCommit)
      unsafe info.pointee.index_type = Int32(tracker.indexType.rawValue)
      unsafe info.pointee.is_closed = $0.isClosed ? 1 : 0
      unsafe info.pointee.unsealed_points = Int64(tracker.unsealedPointCount)
      unsafe info.pointee.sequence = Int64(clamping: commit?.sequence ?? 0)
      unsafe info.pointee.step = commit?.step ?? 0
      unsafe info.pointee.has_step = commit?.step == nil ? 0 : 1
      unsafe info.pointee.epoch = commit?.epoch ?? 0
      unsafe info.pointee.has_epoch = commit?.epoch == nil ? 0 : 1
      unsafe info.pointee.generation = Int64(tracker.run?.generation ?? 0)
      unsafe info.pointee.rank = Int64(tracker.run?.rank ?? 0)
      unsafe info.pointee.world_size = Int64(tracker.run?.worldSize ?? 0)
    }
  }
}

@c @implementation
public func trk_tracker_run_id(
  _ tracker: trk_handle, _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int64,
  _ length: UnsafeMutablePointer<Int64>?
) -> trk_status {
  status {
    try Handles.with(tracker, as: Recorder.self) {
      try unsafe copy(
        $0.tracker.run?.runID.utf8 ?? Name("").utf8, to: buffer, capacity, length: length)
    }
  }
}

@c @implementation
public func trk_tracker_differences(
  _ tracker: trk_handle, _ table: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(table, "table") {
      try Handles.with(tracker, as: Recorder.self) {
        var columns = [TableColumn.strings("setting"), .strings("stored"), .strings("given")]
        for difference in $0.tracker.parameterDifferences {
          columns[0].append(difference.setting)
          columns[1].append(difference.stored)
          columns[2].append(difference.given)
        }
        return Table(columns)
      }
    }
  }
}

@c @implementation
public func trk_tracker_reader(
  _ tracker: trk_handle, _ reader: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(reader, "reader") {
      try Handles.with(tracker, as: Recorder.self) {
        Union([try $0.tracker.reader()], .error, $0.tracker.parameters)
      }
    }
  }
}

@c @implementation
public func trk_tracker_image(
  _ tracker: trk_handle, _ buffer: UnsafeMutableRawPointer?, _ capacity: Int64,
  _ length: UnsafeMutablePointer<Int64>?
) -> trk_status {
  status {
    try Handles.with(tracker, as: Recorder.self) {
      guard let memory = $0.memory else {
        throw TrackerError(
          .invalidParameter, "image", "the tracker is in a file", remedy: "copy the file")
      }
      try $0.tracker.flush()
      let size = Int(memory.size())
      try unsafe Argument.check(length, "length").pointee = Int64(size)
      let capacity = try Argument.count(capacity, "capacity", limit: .max)
      guard size <= capacity else {
        throw Failure(TRK_BUFFER_TOO_SMALL, "\(size) bytes, the buffer has \(capacity)")
      }
      guard let buffer = unsafe buffer else { throw Argument.invalid("buffer is NULL") }
      // SAFETY: the caller's buffer has room for all.
      let target = unsafe UnsafeMutableBufferPointer(
        start: buffer.assumingMemoryBound(to: UInt8.self), count: size)
      var bytes = unsafe target.mutableSpan
      _ = memory.read(at: 0, into: &bytes)
    }
  }
}

@c @implementation
public func trk_run_continuing(
  _ paths: UnsafePointer<trk_strings>?, _ rank: Int64, _ worldSize: Int64,
  _ buffer: UnsafeMutablePointer<CChar>?, _ capacity: Int64,
  _ length: UnsafeMutablePointer<Int64>?, _ generation: UnsafeMutablePointer<Int64>?
) -> trk_status {
  status {
    let paths = try unsafe Argument.paths(paths, "paths")
    let generation = try unsafe Argument.check(generation, "generation")
    guard let rank = UInt32(exactly: rank), let worldSize = UInt32(exactly: worldSize) else {
      throw Argument.invalid("rank \(rank) of \(worldSize)")
    }
    let identity = try RunIdentity.continuing(paths, rank: rank, worldSize: worldSize)
    try unsafe copy(identity.runID.utf8, to: buffer, capacity, length: length)
    unsafe generation.pointee = Int64(identity.generation)
  }
}
