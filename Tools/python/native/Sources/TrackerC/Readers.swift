import CTrackerState
import TrackerCodec
import TrackerFile
import TrackerMerge
import TrackerModel

/// One tracker, or several read as if they were merged.
final class Union: Object {
  override class var kind: String { "reader" }

  let readers: [TrackerReader]
  let policy: ConflictPolicy
  let channels: [Channel]
  /// Those of a tracker that records; nil to look in the files.
  private let given: Parameters?

  /// - Precondition: there is a reader.
  init(_ readers: [TrackerReader], _ policy: ConflictPolicy, _ parameters: Parameters? = nil) {
    self.readers = readers
    self.policy = policy
    given = parameters
    channels = Set(readers.flatMap(\.snapshot.channels)).sorted()
  }

  var indexType: IndexType { readers[0].indexType }

  /// - Parameter disagreeing: whether it does not matter where files disagree.
  func parameters(disagreeing: Bool = false) throws -> Parameters? {
    if let given { return given }
    var options = MergePlan.Options.anything
    if disagreeing { options.parameters = readers.lazy.compactMap(\.snapshot.parameters).first }
    return try MergePlan(readers, options).parameters
  }

  func checked(_ channel: Channel) throws -> Channel {
    guard channels.contains(channel) else {
      throw TrackerError(
        .notFound, "channel", "there is no channel '\(channel)'",
        file: readers.count == 1 ? readers[0].name : nil,
        remedy: channels.isEmpty
          ? "nothing was sealed yet"
          : "there are \(channels.prefix(20).map { "'\($0)'" }.joined(separator: ", "))")
    }
    return channel
  }

  func tiles(of channel: Channel) -> [TileEntry] {
    readers.flatMap { $0.snapshot.tiles(of: channel) }
  }

  /// - Parameter indices: sorted.
  func scan(
    _ channel: Channel, indices: [InstanceIndex]? = nil, steps: ClosedRange<Int64>? = nil
  ) -> any HistorySource {
    if readers.count == 1 {
      return ChannelScan(readers[0], channel, indices: indices, steps: steps)
    }
    return DecidedScan(
      UnionScan(readers, channel, policy: policy, indices: indices, steps: steps))
  }
}

/// Which points are read.
struct Filter {
  var indices: [InstanceIndex]?
  var steps: ClosedRange<Int64>?

  init(_ filter: UnsafePointer<trk_filter>?, _ indexType: IndexType) throws {
    guard let filter = try unsafe Argument.optional(filter, "filter") else { return }
    if unsafe filter.has_indices != 0 {
      let indices = try unsafe Argument.indices(filter.indices, "indices")
      if let first = indices.first, first.type != indexType {
        throw TrackerError(
          .wrongIndexType, "filter",
          "indices of type \(first.type), those of the tracker are \(indexType)")
      }
      self.indices = Parameters.sortedUnique(indices)
    }
    if unsafe filter.has_steps != 0 {
      steps = unsafe try Argument.range(filter.first_step, filter.last_step, "steps")
    }
  }
}

extension Argument {
  static func policy(_ policy: Int32) throws -> ConflictPolicy {
    switch Int(policy) {
    case TRK_CONFLICT_ERROR: return .error
    case TRK_CONFLICT_MIN: return .min
    case TRK_CONFLICT_MAX: return .max
    case TRK_CONFLICT_FIRST: return .first
    case TRK_CONFLICT_LAST: return .last
    default: throw invalid("\(policy) is no policy for conflicts")
    }
  }
}

private func open(
  _ count: Int, _ at: Int32, _ number: Int64, _ conflicts: Int32, _ cores: Int64,
  _ reader: UnsafeMutablePointer<trk_handle>?,
  _ make: (Int, CommitSelector) throws -> TrackerReader
) throws {
  try unsafe give(reader, "reader") {
    let selector = try Argument.selector(at, number)
    let (policy, cores) = (try Argument.policy(conflicts), try Argument.cores(cores))
    if count > 1, selector != .last {
      throw Argument.invalid("a commit is one file's, these are \(count) files")
    }
    var readers: [TrackerReader] = []
    for place in 0..<count {
      let reader = try make(place, selector)
      reader.cores = cores
      guard reader.indexType == readers.first?.indexType ?? reader.indexType else {
        throw TrackerError(
          .wrongIndexType, "open",
          "its indices are \(reader.indexType), those of \(readers[0].name) are not",
          file: reader.name)
      }
      readers.append(reader)
    }
    return Union(readers, policy)
  }
}

@c @implementation
public func trk_open(
  _ paths: UnsafePointer<trk_strings>?, _ at: Int32, _ number: Int64, _ conflicts: Int32,
  _ cores: Int64, _ reader: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    let paths = try unsafe Argument.paths(paths, "paths")
    try unsafe open(paths.count, at, number, conflicts, cores, reader) {
      try TrackerReader(path: paths[$0], at: $1)
    }
  }
}

@c @implementation
public func trk_open_sources(
  _ sources: UnsafePointer<trk_source>?, _ count: Int64, _ at: Int32, _ number: Int64,
  _ conflicts: Int32, _ cores: Int64, _ reader: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    let sources = try unsafe Argument.buffer(sources, count, "sources", limit: 1 << 20)
    guard let first = sources.baseAddress else { throw Argument.invalid("there is no source") }
    let storages = try (0..<sources.count).map {
      try unsafe CallerStorage(Argument.sized(first + $0, "sources[\($0)]"))
    }
    try unsafe open(storages.count, at, number, conflicts, cores, reader) {
      try TrackerReader(storages[$0], at: $1)
    }
  }
}

@c @implementation
public func trk_reader_describe(
  _ reader: trk_handle, _ info: UnsafeMutablePointer<trk_reader_info>?
) -> trk_status {
  status {
    let info = try unsafe Argument.target(info, "info")
    try Handles.with(reader, as: Union.self) { union in
      let parameters = try union.parameters(disagreeing: true)
      unsafe info.pointee.index_type = Int32(union.indexType.rawValue)
      unsafe info.pointee.files = Int64(union.readers.count)
      unsafe info.pointee.points = union.readers.reduce(0) {
        $0 + $1.snapshot.tiles.reduce(0) { $0 + Int64($1.statistics.pointCount) }
      }
      unsafe info.pointee.unsealed_points = union.readers.reduce(0) {
        $0 + $1.snapshot.unsealed.reduce(0) { $0 + Int64($1.pointCount) }
      }
      unsafe info.pointee.bytes = union.readers.reduce(0) { $0 + Int64(clamping: $1.size) }
      unsafe info.pointee.has_parameters = parameters == nil ? 0 : 1
      unsafe info.pointee.parameters_max_to_keep = Int64(parameters?.maxToKeep ?? 0)
      unsafe info.pointee.parameters_min_to_keep = Int64(parameters?.minToKeep ?? 0)
      unsafe info.pointee.parameters_epoch_frequency = Int64(parameters?.epochFrequency ?? 0)
      unsafe info.pointee.parameters_mantissa_bits = Int64(parameters?.keepMantissaBits ?? 0)
    }
  }
}

@c @implementation
public func trk_reader_channels(
  _ reader: trk_handle, _ table: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(table, "table") {
      try Handles.with(reader, as: Union.self) { union in
        var columns: [TableColumn] = ["metric", "mode", "ds_id", "value_type"].map { .strings($0) }
        columns += ["points", "steps", "first_step", "last_step", "first_epoch", "last_epoch"].map {
          .integers($0)
        }
        for channel in union.channels {
          let tiles = union.tiles(of: channel)
          let found = Set(tiles.flatMap(\.columns))
          let (steps, epochs) = (Set(found.map(\.step)), found.compactMap(\.epoch))
          columns[0].append(channel.metric)
          columns[1].append(channel.mode.name)
          columns[2].append(channel.dsID)
          columns[3].append(
            union.readers.reduce(ValueType.float32) {
              $0.joined(with: $1.snapshot.valueType(of: channel))
            }.description)
          columns[4].append(tiles.reduce(0) { $0 + $1.statistics.pointCount })
          columns[5].append(steps.count)
          columns[6].append(steps.min())
          columns[7].append(steps.max())
          columns[8].append(epochs.min())
          columns[9].append(epochs.max())
        }
        return Table(columns)
      }
    }
  }
}

@c @implementation
public func trk_reader_steps(
  _ reader: trk_handle, _ channel: UnsafePointer<trk_channel>?,
  _ table: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(table, "table") {
      let channel = try unsafe Argument.channel(channel)
      return try Handles.with(reader, as: Union.self) { union in
        let source = union.scan(try union.checked(channel))
        var counts: [TileColumn: Int] = [:]
        while try source.advance() {
          for (place, column) in source.columns.enumerated() {
            counts[column, default: 0] += source.block.presence.pointCount(
              in: source.block.cells(ofColumn: place))
          }
        }
        var columns: [TableColumn] = ["step", "epoch", "points"].map { .integers($0) }
        for (column, count) in counts.sorted(by: { $0.key < $1.key }) where count > 0 {
          columns[0].append(column.step)
          columns[1].append(column.epoch)
          columns[2].append(count)
        }
        return Table(columns)
      }
    }
  }
}

@c @implementation
public func trk_reader_parameters(
  _ reader: trk_handle, _ table: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(table, "table") {
      try Handles.with(reader, as: Union.self) { union in
        var columns = [TableColumn.strings("setting"), .strings("value")]
        func add(_ setting: String, _ values: [String]) {
          for value in values {
            columns[0].append(setting)
            columns[1].append(value)
          }
        }
        guard let parameters = try union.parameters() else { return Table(columns) }
        add("index", [parameters.indexKey.string])
        add("metric", parameters.metricKeys.map(\.string))
        add("n_max_to_keep", ["\(parameters.maxToKeep)"])
        add("n_min_to_keep", ["\(parameters.minToKeep)"])
        add("list_to_keep", (parameters.listToKeep ?? []).map(\.description))
        add("epoch_frequency", ["\(parameters.epochFrequency)"])
        add("mode", parameters.modes.names ?? [])
        add("ds_id", parameters.dsIDs.names ?? [])
        add("output_name", parameters.customOutputName.map { [$0.string] } ?? [])
        add("keep_mantissa_bits", parameters.keepMantissaBits.map { ["\($0)"] } ?? [])
        return Table(columns)
      }
    }
  }
}

@c @implementation
public func trk_reader_commits(
  _ reader: trk_handle, _ table: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(table, "table") {
      try Handles.with(reader, as: Union.self) { union in
        var columns: [TableColumn] = [
          .strings("file"), .integers("sequence"), .integers("step"), .integers("epoch"),
          .integers("time"), .strings("run_id"), .integers("generation"), .integers("rank"),
          .integers("world_size"),
        ]
        for reader in union.readers {
          for commit in reader.snapshot.ancestry {
            columns[0].append(reader.name)
            columns[1].append(Int64(clamping: commit.sequence))
            columns[2].append(commit.step)
            columns[3].append(commit.epoch)
            columns[4].append(commit.wallTime.map { Int64(clamping: $0) })
            columns[5].append(commit.identity?.runID)
            columns[6].append(commit.identity.map { Int64($0.generation) })
            columns[7].append(commit.identity.map { Int64($0.rank) })
            columns[8].append(commit.identity.map { Int64($0.worldSize) })
          }
        }
        return Table(columns)
      }
    }
  }
}

@c @implementation
public func trk_reader_kept(
  _ reader: trk_handle, _ table: UnsafeMutablePointer<trk_handle>?
) -> trk_status {
  status {
    try unsafe give(table, "table") {
      try Handles.with(reader, as: Union.self) { union in
        guard union.readers.count == 1 else {
          throw Argument.invalid(
            "a selection is one file's, these are \(union.readers.count) files")
        }
        return Table(kept: try union.readers[0].keptSets(), union.indexType)
      }
    }
  }
}

extension Table {
  /// A row for each index of each set.
  convenience init(kept sets: [KeptSets], _ indexType: IndexType) {
    var columns: [TableColumn] = ["metric", "mode", "ds_id", "set"].map { .strings($0) }
    columns.append(.indices("index", IndexColumn(type: indexType)))
    for kept in sets {
      for (name, indices) in [
        ("max", kept.max), ("min", kept.min), ("list", kept.list), ("missing", kept.missing),
      ] {
        for index in indices {
          columns[0].append(kept.channel.metric)
          columns[1].append(kept.channel.mode.name)
          columns[2].append(kept.channel.dsID)
          columns[3].append(name)
          columns[4].append(index)
        }
      }
    }
    self.init(columns)
  }
}

@c @implementation
public func trk_reader_digest(
  _ reader: trk_handle, _ buffer: UnsafeMutablePointer<UInt8>?, _ capacity: Int64
) -> trk_status {
  status {
    try Handles.with(reader, as: Union.self) { union in
      var digest = ContentDigest(indexType: union.indexType)
      for channel in union.channels { try digest.add(union.scan(channel)) }
      var bytes: [UInt8] = []
      for word in digest.points.words {
        for place in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * place))) }
      }
      var length: Int64 = 0
      try unsafe copy(bytes, to: buffer, capacity, length: &length)
    }
  }
}
