public import TrackerModel

/// The state of one InstanceTracker in a checkpoint: its settings, and where its points are.
public struct PickledTracker: Sendable {
  public internal(set) var indexKey: Name?
  public internal(set) var metricKey: Name?
  public internal(set) var maxToKeep = 5
  public internal(set) var minToKeep = 5
  /// As saved, in no order.
  public internal(set) var listToKeep: [InstanceIndex] = []
  public internal(set) var epochFrequency = 1
  /// Names of modes; none for all.
  public internal(set) var modes: [String] = []
  /// Names of data sets, or each with a leading `!`; none for all.
  public internal(set) var dsIDs: [String] = []
  public internal(set) var outputName: Name?

  /// The values of modes in its history.
  var history: [(mode: Mode, instances: PickleValue)] = []
  /// A list of batches.
  var points: PickleValue = .absent
  /// The list of keys it was made with: two states of one tracker share it.
  var inputs: PickleValue = .absent

  /// What the tracker was constructed with, as parameters of a file.
  ///
  /// - Parameter metric: the metric's name where the state has none.
  /// - Throws: `invalidParameter` where the settings are none that a tracker can have.
  public func parameters(metric: Name, indexType: IndexType) throws(TrackerError) -> Parameters {
    var list: [InstanceIndex] = []
    for index in listToKeep {
      guard let converted = index.converted(to: indexType) else {
        throw TrackerError(
          .wrongIndexType, "list_to_keep",
          "it has '\(index)', and the indices of the history are integers",
          remedy: "add --index-type string")
      }
      list.append(converted)
    }
    let key = indexKey ?? "idx"
    let metric = metricKey ?? metric
    let usual = Name("\(metric)_by_\(key)")
    return try Parameters(
      indexKey: key, metricKeys: [metric], maxToKeep: maxToKeep, minToKeep: minToKeep,
      listToKeep: list.isEmpty ? nil : list, epochFrequency: epochFrequency,
      modes: try ModeFilter(modes), dsIDs: try DSIDFilter(dsIDs),
      outputName: outputName == usual ? nil : outputName)
  }

  /// Whether two states are of one tracker: a checkpoint has it once more where a trace points back
  /// to the whole system.
  func isSame(as other: PickledTracker) -> Bool {
    inputs == other.inputs && points == other.points && history.count == other.history.count
      && zip(history, other.history).allSatisfy {
        $0.mode == $1.mode && $0.instances == $1.instances
      }
  }
}

extension InstanceIndex {
  /// The same index in another type; nil where an integer is wanted and the text is none.
  public func converted(to type: IndexType) -> InstanceIndex? {
    switch (self, type) {
    case (.integer, .int64), (.string, .string): return self
    case (.integer(let value), .string): return .string(Name(String(value)))
    case (.string(let name), .int64):
      return IntegerText.parseCanonical(Array(name.utf8).span).map { .integer($0) }
    }
  }
}
