public import TrackerModel

/// The points of a tracker whose epoch was not over when the checkpoint was saved.
///
/// FastEstimator keeps them as a list of batches, each of two arrays: indices and values.
public struct UnsealedBatches {
  private let checkpoint: FastEstimatorCheckpoint
  private let graph: PickleGraph
  private let number: Int
  private var arrays: PickledArrays

  /// A batch.
  public struct Batch: Sendable {
    public var indices: [InstanceIndex]
    /// Widened to float64.
    public var values: [UInt64]
    /// Nil where they had none, as Python's own numbers.
    public var valueType: ValueType?
    /// `string` where one of the indices is a text.
    public var type: IndexType {
      indices.contains { $0.type == .string } ? .string : .int64
    }
  }

  /// - Parameter tracker: its place in the checkpoint's trackers.
  public init(_ checkpoint: FastEstimatorCheckpoint, tracker: Int) {
    self.checkpoint = checkpoint
    graph = checkpoint.graph
    number = tracker
    arrays = PickledArrays(graph, size: checkpoint.size)
  }

  private func error(_ batch: Int, _ detail: String) -> TrackerError {
    TrackerError(
      .badInput, "InstanceTracker \(number + 1)", "batch \(batch + 1) of its points \(detail)",
      file: graph.name)
  }

  /// All batches, in order.
  ///
  /// - Throws: `badInput` where a batch is not two arrays of one length.
  public mutating func read() throws(TrackerError) -> [Batch] {
    var found: [Batch] = []
    // Each array stands in the file once: more elements than bytes name one array many times.
    var budget = Int(clamping: checkpoint.size)
    for (place, element) in (graph.sequence(checkpoint.trackers[number].points) ?? []).enumerated()
    {
      guard let pair = graph.sequence(element), pair.count == 2 else {
        throw error(place, "is \(graph.shown(element)), expected indices and values")
      }
      found.append(try read(pair[0], pair[1], place, &budget))
    }
    return found
  }

  private mutating func read(
    _ indices: PickleValue, _ values: PickleValue, _ place: Int, _ budget: inout Int
  ) throws(TrackerError) -> Batch {
    var batch = Batch(indices: [], values: [], valueType: nil)
    let keys = try array(indices, place, "indices")
    let numbers = try array(values, place, "values")
    guard keys.count == numbers.count else {
      throw error(place, "has \(keys.count) indices and \(numbers.count) values")
    }
    budget -= max(keys.size, numbers.size)
    guard budget >= 0 else {
      throw error(place, "is one of more bytes than the file has: arrays stand in it many times")
    }
    batch.indices.reserveCapacity(keys.count)
    for position in 0..<keys.count { batch.indices.append(try arrays.index(keys, position)) }
    batch.valueType = try arrays.appendNumbers(numbers, to: &batch.values)
    return batch
  }

  private mutating func array(_ value: PickleValue, _ batch: Int, _ what: String)
    throws(TrackerError) -> PickledArray
  {
    if let values = graph.sequence(value) { return PickledArray(content: .values(values)) }
    guard let array = try arrays.array(value) else {
      throw error(batch, "has \(graph.shown(value)) as \(what), expected an array")
    }
    return array
  }
}
