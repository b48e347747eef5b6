import TrackerFile
import TrackerInterchange
import TrackerModel

/// The shapes that several outputs share.
extension JSONWriter {
  mutating func members(_ channel: Channel) throws(TrackerError) {
    try member("metric", channel.metric.string)
    try member("mode", channel.mode.name)
    try member("ds_id", channel.dsID?.string)
  }

  /// - Parameter inHistory: nil to leave it out.
  mutating func write(_ commit: CommitSummary, inHistory: Bool? = nil) throws(TrackerError) {
    try beginObject()
    try member("sequence", commit.sequence)
    try member("depth", commit.depth)
    try member("offset", commit.offset)
    try member("step", commit.step)
    try member("epoch", commit.epoch)
    try member("wall_time_us", commit.wallTime)
    name("identity")
    if let identity = commit.identity { try write(identity) } else { try null() }
    if let inHistory { try member("in_history", inHistory) }
    try endObject()
  }

  mutating func write(_ identity: RunIdentity) throws(TrackerError) {
    try beginObject(onOneLine: true)
    try member("run_id", identity.runID.string)
    try member("generation", Int(identity.generation))
    try member("rank", Int(identity.rank))
    try member("world_size", Int(identity.worldSize))
    try endObject()
  }

  mutating func write(_ parameters: Parameters) throws(TrackerError) {
    try beginObject()
    try member("index", parameters.indexKey.string)
    name("metrics")
    try array(parameters.metricKeys.map(\.string))
    try member("n_max_to_keep", parameters.maxToKeep)
    try member("n_min_to_keep", parameters.minToKeep)
    name("list_to_keep")
    if let list = parameters.listToKeep { try write(list) } else { try null() }
    try member("epoch_frequency", parameters.epochFrequency)
    name("mode")
    try filter(parameters.modes.names)
    name("ds_id")
    try filter(parameters.dsIDs.names)
    name("outputs")
    try array(parameters.metricKeys.map { parameters.outputName(for: $0).string })
    // Null where values are exact.
    try member("keep_mantissa_bits", parameters.keepMantissaBits.map { Int64($0) })
    try endObject()
  }

  /// Null for all, else names, each with a leading ! where they are left out.
  private mutating func filter(_ names: [String]?) throws(TrackerError) {
    if let names { try array(names) } else { try null() }
  }

  mutating func array(_ texts: [String]) throws(TrackerError) {
    try beginArray(onOneLine: true)
    for text in texts { try string(text) }
    try endArray()
  }

  mutating func write(_ indices: [InstanceIndex]) throws(TrackerError) {
    try beginArray(onOneLine: true)
    for index in indices { try value(index) }
    try endArray()
  }

  /// Pairs of step and value, printed in the channel's type.
  mutating func write(_ history: [HistoryPoint], as type: ValueType) throws(TrackerError) {
    try beginArray(onOneLine: true)
    for point in history {
      try beginArray(onOneLine: true)
      try integer(point.step)
      try value(point.valueBits, as: type)
      try endArray()
    }
    try endArray()
  }
}

extension CSVWriter {
  mutating func members(_ channel: Channel) {
    text(channel.metric.string)
    text(channel.mode.name)
    if let dsID = channel.dsID { text(dsID.string) } else { absent() }
  }

  mutating func index(_ index: InstanceIndex) {
    switch index {
    case .integer(let value): integer(value)
    case .string(let name): text(name.string)
    }
  }

  mutating func optional(_ value: Int64?) {
    if let value { integer(value) } else { absent() }
  }
}
