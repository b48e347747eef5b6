public import TrackerModel

/// Reads the points of a checkpoint's histories, a batch of columns at a time.
///
/// A history is, for each index, a list of pairs of a step and a value. Where a step stands twice in
/// one list, the later value counts, as FastEstimator's own selection has it. Memory holds one batch,
/// and the list of one index.
public struct FastEstimatorPointReader {
  /// How to read what the checkpoint leaves open.
  public struct Options: Sendable {
    /// The type in which values are rounded; nil to keep them.
    public var valueType: ValueType?
    public var indexType: IndexType
    /// Of a tracker that names none.
    public var defaultMetric: Name
    public var dsID: Name?

    public init(
      valueType: ValueType? = nil, indexType: IndexType, defaultMetric: Name = "value",
      dsID: Name? = nil
    ) {
      self.valueType = valueType
      self.indexType = indexType
      self.defaultMetric = defaultMetric
      self.dsID = dsID
    }
  }

  /// In the order in which they are read.
  public let channels: [Channel]
  /// Values that a later one of the same index and step replaced.
  public private(set) var replaced = 0
  /// Points whose step is None, which are left out.
  public private(set) var withoutStep = 0
  /// The smallest type that holds all values read so far exactly: that of arrays, and of Python's own
  /// floats float32 where all are values of it.
  public private(set) var valueType = ValueType.float32

  private let checkpoint: FastEstimatorCheckpoint
  private let graph: PickleGraph
  private let options: Options
  private var arrays: PickledArrays
  private let histories: [History]
  /// Elements of lists that may still be read: a pickle has more bytes than points, unless it names
  /// one list many times.
  private var budget: Int

  private struct History {
    var tracker: Int
    var channel: Int32
    var mode: Mode
    var instances: PickleValue
  }

  // Where reading is.
  private var history: Int
  private var members: [PickleValue] = []
  private var member = 0
  private var index = InstanceIndex.integer(0)
  /// Points of the index that are not handed on yet.
  private var steps: [Int64] = []
  private var bits: [UInt64] = []
  private var point = 0
  private var pointsRead: UInt64 = 0

  private static let batchSize = 1 << 14
  private static let batchStringBytes = 1 << 20

  /// - Parameter trackers: places in the checkpoint's trackers.
  public init(_ checkpoint: FastEstimatorCheckpoint, trackers: [Int], options: Options) {
    self.checkpoint = checkpoint
    self.options = options
    graph = checkpoint.graph
    arrays = PickledArrays(checkpoint.graph, size: checkpoint.size)
    var channels: [Channel] = []
    var histories: [History] = []
    for number in trackers {
      let tracker = checkpoint.trackers[number]
      for (mode, instances) in tracker.history {
        let channel = Channel(
          metric: tracker.metricKey ?? options.defaultMetric, mode: mode, dsID: options.dsID)
        let place = channels.firstIndex(of: channel) ?? channels.count
        if place == channels.count { channels.append(channel) }
        histories.append(
          History(tracker: number, channel: Int32(place), mode: mode, instances: instances))
      }
    }
    self.channels = channels
    self.histories = histories
    budget = Int(clamping: checkpoint.size)
    history = -1
  }

  /// Replaces what `batch` holds by the next points; false where there are none left.
  ///
  /// - Throws: `badInput` with the tracker, the mode and the index where a point is none. The batch
  ///   then means nothing.
  public mutating func next(into batch: inout PointBatch) throws(TrackerError) -> Bool {
    batch.removeAll()
    while batch.count < Self.batchSize, batch.stringBytes.count < Self.batchStringBytes {
      if point < steps.count {
        handOn(to: &batch)
      } else if member + 1 < members.count {
        try readList(members[member], members[member + 1])
        member += 2
      } else if history + 1 < histories.count {
        history += 1
        members = graph.dictionary(histories[history].instances) ?? []
        member = 0
        try spend(members.count, "in its history")
      } else {
        break
      }
    }
    return batch.count > 0
  }

  private mutating func handOn(to batch: inout PointBatch) {
    while point < steps.count, batch.count < Self.batchSize,
      batch.stringBytes.count < Self.batchStringBytes
    {
      switch index {
      case .integer(let integer): batch.integers.append(integer)
      case .string(let name):
        batch.stringBytes.append(contentsOf: name.utf8)
        batch.stringEnds.append(batch.stringBytes.count)
      }
      pointsRead += 1
      batch.channels.append(histories[history].channel)
      batch.epochs.append(nil)
      batch.steps.append(steps[point])
      batch.valueBits.append(bits[point])
      batch.lines.append(pointsRead)
      point += 1
    }
  }

  // MARK: Lists

  private func error(_ detail: String, _ remedy: String? = nil) -> TrackerError {
    let history = histories[history]
    return TrackerError(
      .badInput, "InstanceTracker \(history.tracker + 1), mode \(history.mode)", detail,
      file: graph.name, remedy: remedy)
  }

  private mutating func readList(_ key: PickleValue, _ list: PickleValue) throws(TrackerError) {
    steps.removeAll(keepingCapacity: true)
    bits.removeAll(keepingCapacity: true)
    point = 0
    let found: InstanceIndex
    do throws(TrackerError) {
      found = try arrays.index(key)
    } catch {
      throw self.error(error.detail)
    }
    guard let index = found.converted(to: options.indexType) else {
      throw self.error("the index '\(found)' is no integer", "add --index-type string")
    }
    self.index = index
    guard let points = graph.sequence(list) else {
      throw error("index \(index) has \(graph.shown(list)), expected a list of points")
    }
    try spend(points.count, "at index \(index)")
    for element in points { try readPoint(element) }
    settleSteps()
  }

  private mutating func spend(_ count: Int, _ place: @autoclosure () -> String)
    throws(TrackerError)
  {
    budget -= count
    guard budget < 0 else { return }
    throw error(
      "\(place()) there are more points than the file has bytes: lists stand in it many times",
      "no checkpoint is like that: the file is damaged or made to look like one")
  }

  private mutating func readPoint(_ value: PickleValue) throws(TrackerError) {
    var pair = graph.pair(value)
    if pair == nil, let parts = graph.sequence(value), parts.count == 2 {
      pair = (parts[0], parts[1])
    }
    guard let (first, second) = pair else {
      throw error(
        "index \(index) has \(graph.shown(value)), expected a pair of a step and a value")
    }
    if first == .none {
      withoutStep += 1
      return
    }
    do throws(TrackerError) {
      let step: Int64
      if let integer = graph.integer(first) {
        step = integer
      } else if graph.object(first) != nil, case .integer(let integer) = try arrays.index(first) {
        step = integer
      } else {
        throw TrackerError(
          .badInput, "", "expected an integer as the step, found \(graph.shown(first))")
      }
      let number = try arrays.number(second)
      steps.append(step)
      bits.append(try rounded(number))
    } catch {
      throw self.error("a point of index \(index): \(error.detail)", error.remedy)
    }
  }

  /// The value in the type wanted.
  private mutating func rounded(_ number: PickledArrays.Number) throws(TrackerError) -> UInt64 {
    let isNarrow = Widening.narrow(number.bits) != nil
    if number.type == .float64 || !isNarrow { valueType = .float64 }
    guard options.valueType == .float32, !isNarrow else { return number.bits }
    return try Self.narrowed(number.bits)
  }

  /// The nearest float32, as float64 bits.
  ///
  /// - Throws: `badInput` where none is near: beyond the largest, or a NaN with more payload.
  public static func narrowed(_ bits: UInt64) throws(TrackerError) -> UInt64 {
    if Widening.narrow(bits) != nil { return bits }
    let narrow = Float(Double(bitPattern: bits))
    guard narrow.isFinite else {
      throw TrackerError(
        .badInput, "value", "no float32 is near to \(ValueText.text(bits, as: .float64))",
        remedy: "import as float64")
    }
    return Widening.widen(narrow.bitPattern)
  }

  /// Leaves the later of two values of one step.
  private mutating func settleSteps() {
    guard !zip(steps, steps.dropFirst()).allSatisfy({ $0 < $1 }) else { return }
    var order = Array(steps.indices)
    order.sort { (steps[$0], $0) < (steps[$1], $1) }
    var (keptSteps, keptBits): ([Int64], [UInt64]) = ([], [])
    for place in order {
      if keptSteps.last == steps[place] {
        // The same value once more is no replacement.
        if keptBits[keptBits.count - 1] != bits[place] { replaced += 1 }
        keptBits[keptBits.count - 1] = bits[place]
      } else {
        keptSteps.append(steps[place])
        keptBits.append(bits[place])
      }
    }
    (steps, bits) = (keptSteps, keptBits)
  }
}
