public import TrackerModel

/// What a checkpoint of FastEstimator's RestoreWizard (its `objects.pkl`) holds of InstanceTrackers.
///
/// The pickle is read without executing it. Wherever in it a dictionary is the state of an
/// InstanceTracker, or of a subclass of it, that is found: in the list of traces, or behind any object.
public struct FastEstimatorCheckpoint {
  /// In the order in which the pickle has them, each once.
  public let trackers: [PickledTracker]
  /// Where the training stood, as far as the pickle says so; a `system.json` beside it says more.
  public let system: FastEstimatorSystem?
  /// What error texts call the file.
  public let name: String

  let graph: PickleGraph
  /// In bytes.
  let size: UInt64

  /// - Parameters:
  ///   - name: what error texts call the file.
  ///   - progress: called with the bytes that were read.
  /// - Throws: `badInput` and `limitExceeded` with the byte offset, the opcode and the cause; `badInput`
  ///   where there is no tracker, or the state of one is not as FastEstimator makes it.
  public init(
    _ file: any RandomAccessBytes, name: String, progress: (UInt64) -> Void = { _ in }
  ) throws(TrackerError) {
    graph = try PickleReader.read(file, name: name, progress: progress).graph
    self.name = name
    size = try file.size()
    var found: [PickledTracker] = []
    var reader = PickledTrackerReader(graph, size: size)
    var states = 0
    var system: FastEstimatorSystem?
    for (place, collection) in graph.collections.enumerated() where collection.kind == .dictionary {
      let value = PickleValue(.collection, UInt32(place))
      switch graph.role(ofState: value) {
      case .tracker:
        states += 1
        guard states <= InterchangeLimits.maxPickleTrackers else {
          throw TrackerError(
            .limitExceeded, "checkpoint",
            "it has more than \(InterchangeLimits.maxPickleTrackers) states of InstanceTrackers",
            file: name)
        }
        let tracker = try reader.read(value, number: found.count + 1)
        if !found.contains(where: { $0.isSame(as: tracker) }) { found.append(tracker) }
      case .system: system = system ?? graph.system(value)
      case nil: break
      }
    }
    trackers = found
    self.system = system
    guard !found.isEmpty else {
      throw TrackerError(
        .badInput, "checkpoint", "it holds no InstanceTracker", file: name,
        remedy: "import the objects.pkl of a training that has one among its traces")
    }
  }

  /// The type that all indices of trackers have: `int64` where every one is an integer of 64 bits.
  ///
  /// - Parameter numbers: the trackers' places in `trackers`.
  public func indexType(of numbers: [Int]) throws(TrackerError) -> IndexType {
    var arrays = PickledArrays(graph, size: size)
    for number in numbers {
      let tracker = trackers[number]
      for (_, instances) in tracker.history {
        let members = graph.dictionary(instances) ?? []
        try arrays.spend(UInt64(members.count))
        for place in stride(from: 0, to: members.count, by: 2)
        where graph.integer(members[place]) == nil {
          if case .string = try arrays.index(members[place]) { return .string }
        }
      }
      for case .string in tracker.listToKeep { return .string }
    }
    for number in numbers {
      var unsealed = UnsealedBatches(self, tracker: number)
      if try unsealed.read().contains(where: { $0.type == .string }) { return .string }
    }
    return .int64
  }
}

extension PickleGraph {
  enum Role {
    case tracker, system
  }

  /// What a dictionary is the state of, if it is of use.
  fileprivate func role(ofState value: PickleValue) -> Role? {
    var (isTracker, isSystem) = (false, false)
    var (isKey, seen) = (true, 0)
    // It throws nothing itself.
    try? forEachElement(value) { (element) throws(TrackerError) in
      defer { isKey.toggle() }
      guard isKey else { return true }
      // The keys of a history are many, and no texts of this kind.
      guard element.kind == .text || element.kind == .bytes else { return false }
      if isText(element, "index_history") { isTracker = true }
      if isText(element, "epoch_idx") || isText(element, "global_step") { seen += 1 }
      isSystem = seen >= 2
      return true
    }
    return isTracker ? .tracker : isSystem ? .system : nil
  }

  fileprivate func system(_ value: PickleValue) -> FastEstimatorSystem {
    var system = FastEstimatorSystem(mode: nil, epoch: nil, step: nil)
    let members = elementsOfCollection(value)
    for place in stride(from: 0, to: members.count - 1, by: 2) {
      let (key, member) = (members[place], members[place + 1])
      if isText(key, "epoch_idx") { system.epoch = integer(member) }
      if isText(key, "global_step") { system.step = integer(member) }
      if isText(key, "mode"), let name = try? string(member) { system.mode = Mode(name: name) }
    }
    return system
  }
}
