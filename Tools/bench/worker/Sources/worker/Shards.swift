import TrackerFile
import TrackerModel
import TrackerState

/// Writes the trackers of several workers, each of which saw a part of a data set.
enum Shards {
  private static let runID: Name = "bench"

  /// Workers that see all instances in each epoch, each a random shard of them: one tracker a worker,
  /// appended epoch by epoch.
  static func write(_ set: DataSet, epochs: Int, workers: Int, to folder: String) throws {
    var trackers: [InstanceTracker] = []
    for rank in 0..<workers {
      trackers.append(try create("\(folder)/worker-\(rank)", rank, workers))
    }
    var random = Random()
    for epoch in 0..<epochs {
      let (indices, values) = set.points(ofEpoch: epoch)
      var order = Array(indices.indices)
      random.shuffle(&order)
      for (rank, tracker) in trackers.enumerated() {
        let part = order[
          order.count * rank / workers..<order.count * (rank + 1) / workers]
        try record(part.map { indices[$0] }, part.map { values[$0] }, epoch, set, in: tracker)
      }
    }
    for tracker in trackers { try tracker.close() }
  }

  /// Many trackers of a few points each: `perEpoch` workers share the first instances of an epoch, and
  /// each epoch has workers of its own.
  static func writeSmall(
    _ set: DataSet, count: Int, points: Int, perEpoch: Int, to folder: String
  ) throws {
    var random = Random()
    var order: [Int] = []
    for number in 0..<count {
      let (epoch, rank) = number.quotientAndRemainder(dividingBy: perEpoch)
      if rank == 0 {
        order = Array(0..<perEpoch * points)
        random.shuffle(&order)
      }
      let base = epoch * set.instanceCount
      let part = order[rank * points..<(rank + 1) * points]
      let tracker = try create("\(folder)/part-\(number)", rank, perEpoch, generation: epoch)
      try record(
        part.map { set.indices[$0] },
        part.map { Float(bitPattern: set.values.float32Bits[base + $0]) }, epoch, set, in: tracker)
      try tracker.close()
    }
  }

  private static func create(_ name: String, _ rank: Int, _ workers: Int, generation: Int = 0)
    throws -> InstanceTracker
  {
    try InstanceTracker.create(
      path: "\(name).tracker", parameters: Parameters(metricKeys: ["ce"], modes: .only([.train])),
      run: RunIdentity(
        runID: runID, generation: UInt32(generation), rank: UInt32(rank), worldSize: UInt32(workers)
      ))
  }

  private static func record(
    _ indices: [Int64], _ values: [Float], _ epoch: Int, _ set: DataSet, in tracker: InstanceTracker
  ) throws {
    let number = Int64(epoch + 1)
    try tracker.record(mode: .train, epoch: number, indices: indices, values)
    try tracker.endEpoch(mode: .train, epoch: number, step: set.steps[epoch])
    try tracker.checkpoint()
  }

  /// SplitMix64: the same shards in every run.
  private struct Random: RandomNumberGenerator {
    var state: UInt64 = 1

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }

    mutating func shuffle(_ places: inout [Int]) { places.shuffle(using: &self) }
  }
}
