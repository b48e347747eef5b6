import TrackerModel

/// Reads the state of one InstanceTracker.
struct PickledTrackerReader {
  private let graph: PickleGraph
  private var arrays: PickledArrays
  /// From 1.
  private var number = 1

  init(_ graph: PickleGraph, size: UInt64) {
    self.graph = graph
    arrays = PickledArrays(graph, size: size)
  }

  private func error(_ detail: String, remedy: String? = nil) -> TrackerError {
    TrackerError(
      .badInput, "InstanceTracker \(number)", detail, file: graph.name, remedy: remedy)
  }

  /// - Parameters:
  ///   - state: a dictionary.
  ///   - number: what error texts call the tracker.
  mutating func read(_ state: PickleValue, number: Int) throws(TrackerError) -> PickledTracker {
    self.number = number
    var tracker = PickledTracker()
    let members = graph.elementsOfCollection(state)
    // Of keys that stand twice, the last counts, as in Python.
    for place in stride(from: 0, to: members.count - 1, by: 2) {
      let (key, member) = (members[place], members[place + 1])
      if graph.isText(key, "index_history") {
        tracker.history = try history(member)
      } else if graph.isText(key, "points") {
        guard graph.sequence(member) != nil else {
          throw error("'points' is \(graph.shown(member)), expected a list")
        }
        tracker.points = member
      } else if graph.isText(key, "inputs") {
        let names = try names(member, "inputs")
        guard names.count >= 2 else {
          throw error("'inputs' has \(names.count) of 2 keys: those of the index and the metric")
        }
        tracker.inputs = member
        (tracker.indexKey, tracker.metricKey) = (Name(names[0]), Name(names[1]))
      } else if graph.isText(key, "outputs") {
        tracker.outputName = try names(member, "outputs").first.map { Name($0) }
      } else if graph.isText(key, "n_max_to_keep") {
        tracker.maxToKeep = try count(member, "n_max_to_keep")
      } else if graph.isText(key, "n_min_to_keep") {
        tracker.minToKeep = try count(member, "n_min_to_keep")
      } else if graph.isText(key, "epoch_frequency") {
        tracker.epochFrequency = try count(member, "epoch_frequency")
      } else if graph.isText(key, "idx_to_keep") {
        tracker.listToKeep = try list(member)
      } else if graph.isText(key, "mode") {
        tracker.modes = try names(member, "mode").sorted()
      } else if graph.isText(key, "ds_id") {
        tracker.dsIDs = try names(member, "ds_id").sorted()
      }
    }
    return tracker
  }

  private mutating func history(_ value: PickleValue) throws(TrackerError)
    -> [(mode: Mode, instances: PickleValue)]
  {
    guard let members = graph.dictionary(value) else {
      throw error(
        "'index_history' is \(graph.shown(value)), expected a dictionary of modes",
        remedy: "FastEstimator 1.7 saves {mode: {index: [(step, metric)]}}")
    }
    try arrays.spend(UInt64(members.count))
    var found: [(mode: Mode, instances: PickleValue)] = []
    for place in stride(from: 0, to: members.count - 1, by: 2) {
      guard let name = try graph.string(members[place]), let mode = Mode(name: name) else {
        throw error(
          "'index_history' has \(graph.shown(members[place])), which is no mode",
          remedy: "modes are train, eval, test and infer")
      }
      guard graph.isDictionary(members[place + 1]) else {
        throw error(
          "its history in mode \(mode) is \(graph.shown(members[place + 1])), expected a"
            + " dictionary of indices")
      }
      found.removeAll { $0.mode == mode }
      found.append((mode, members[place + 1]))
    }
    return found
  }

  /// Texts of a sequence; none of None.
  private mutating func names(_ value: PickleValue, _ member: String) throws(TrackerError)
    -> [String]
  {
    if value == .none { return [] }
    if graph.range(value) != nil, let text = try graph.string(value) { return [text] }
    guard let elements = graph.sequence(value) else {
      throw error("'\(member)' is \(graph.shown(value)), expected texts")
    }
    guard elements.count <= Limits.maxDataSetIDs else {
      throw error("'\(member)' has \(elements.count) texts, the limit is \(Limits.maxDataSetIDs)")
    }
    try arrays.spend(UInt64(elements.count))
    var names: [String] = []
    for element in elements {
      guard let text = try graph.string(element) else {
        throw error(
          "'\(member)' has \(graph.shown(element)), expected texts of at most"
            + " \(Limits.maxNameBytes) bytes in UTF-8")
      }
      names.append(text)
    }
    return names
  }

  private mutating func count(_ value: PickleValue, _ member: String) throws(TrackerError) -> Int {
    if let integer = graph.integer(value) { return Int(integer) }
    guard graph.object(value) != nil, case .integer(let integer) = try arrays.index(value) else {
      throw error("'\(member)' is \(graph.shown(value)), expected an integer")
    }
    return Int(integer)
  }

  private mutating func list(_ value: PickleValue) throws(TrackerError) -> [InstanceIndex] {
    if value == .none { return [] }
    guard let elements = graph.sequence(value) else {
      throw error("'idx_to_keep' is \(graph.shown(value)), expected a set")
    }
    guard elements.count <= Limits.maxListedIndices else {
      throw error(
        "'idx_to_keep' has \(elements.count) indices, the limit is \(Limits.maxListedIndices)")
    }
    try arrays.spend(UInt64(elements.count))
    var found: [InstanceIndex] = []
    found.reserveCapacity(elements.count)
    for element in elements { found.append(try arrays.index(element)) }
    return found
  }
}
