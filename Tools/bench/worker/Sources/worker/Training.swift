import TrackerModel
import TrackerState

/// Records a data set as a training loop does: batches in random order, epoch after epoch.
struct Training {
  private let set: DataSet
  private let tracker: InstanceTracker
  private let batchSize: Int
  private var random: UInt64 = 0x9E37_79B9_7F4A_7C15
  private var recorded = 0

  init(_ set: DataSet, _ tracker: InstanceTracker, batchSize: Int) {
    self.set = set
    self.tracker = tracker
    self.batchSize = batchSize
  }

  /// Seconds spent in recording and in ending the epochs, and the points recorded.
  mutating func run(epochs: Int) throws -> (record: Double, seal: Double, points: Int) {
    var (record, seal, points) = (0.0, 0.0, 0)
    for _ in 0..<epochs {
      let epoch = Int64(recorded + 1)
      let batches = batches(ofEpoch: recorded)
      record += try seconds {
        for batch in batches {
          try tracker.record(mode: .train, epoch: epoch, indices: batch.indices, batch.values)
        }
      }
      seal += try seconds { try tracker.endEpoch(mode: .train, epoch: epoch, step: epoch * 100) }
      points += batches.reduce(0) { $0 + $1.indices.count }
      recorded += 1
    }
    return (record, seal, points)
  }

  /// The epoch's points in an order of their own, cut into batches.
  private mutating func batches(ofEpoch epoch: Int) -> [(indices: [Int64], values: [Float])] {
    let (indices, values) = set.points(ofEpoch: epoch)
    var order = Array(indices.indices)
    for place in stride(from: order.count - 1, to: 0, by: -1) {
      order.swapAt(place, Int(next() % UInt64(place + 1)))
    }
    return stride(from: 0, to: order.count, by: batchSize).map { start in
      let part = order[start..<min(start + batchSize, order.count)]
      return (part.map { indices[$0] }, part.map { values[$0] })
    }
  }

  /// Xorshift: the same order in every run.
  private mutating func next() -> UInt64 {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return random >> 11
  }
}
