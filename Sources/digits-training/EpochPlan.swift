/// Which images a worker trains on in each batch of an epoch.
///
/// All workers take the same number of steps, whatever their shards' sizes: each divides its own
/// shuffled shard evenly. The plan follows from the seed, epoch and rank alone, so that a worker
/// resumed in the middle of an epoch sees the rest of it just as it would have.
struct EpochPlan {
  static let batchSize = 32

  private let order: [Int]
  let batchCount: Int

  init(trainIDs: [Int], settings: RunSettings, epoch: Int) {
    var order = DigitSet.shard(
      of: trainIDs, rank: settings.rank, worldSize: settings.worldSize)
    var generator = SeededGenerator(settings.seed, UInt64(epoch), UInt64(settings.rank))
    generator.shuffle(&order)
    self.order = order
    batchCount = Self.batchCount(trainCount: trainIDs.count, worldSize: settings.worldSize)
  }

  func batch(_ number: Int) -> ArraySlice<Int> {
    order[order.count * number / batchCount..<order.count * (number + 1) / batchCount]
  }

  /// As many as the largest shard fills.
  static func batchCount(trainCount: Int, worldSize: Int) -> Int {
    let largest = (trainCount + worldSize - 1) / worldSize
    return (largest + batchSize - 1) / batchSize
  }
}
