import Testing

@testable import digits_training

@Suite struct EpochPlanTests {
  private func settings(_ rank: Int, of worldSize: Int) -> RunSettings {
    RunSettings(runID: "test", seed: 1, rank: rank, worldSize: worldSize)
  }

  @Test(arguments: [1, 2, 3, 7])
  func everyImageIsInExactlyOneBatchOfOneWorker(worldSize: Int) {
    let ids = Array(100..<1537)
    var seen: [Int] = []
    var counts: Set<Int> = []
    for rank in 0..<worldSize {
      let plan = EpochPlan(trainIDs: ids, settings: settings(rank, of: worldSize), epoch: 4)
      counts.insert(plan.batchCount)
      for batch in 0..<plan.batchCount {
        #expect(1...EpochPlan.batchSize ~= plan.batch(batch).count)
        seen += plan.batch(batch)
      }
    }
    #expect(seen.sorted() == ids)
    #expect(counts.count == 1, "all workers take the same number of steps")
  }

  @Test func orderFollowsFromSeedEpochAndRank() {
    let ids = Array(0..<200)
    func order(_ epoch: Int, rank: Int) -> [Int] {
      let plan = EpochPlan(trainIDs: ids, settings: settings(rank, of: 2), epoch: epoch)
      return (0..<plan.batchCount).flatMap { Array(plan.batch($0)) }
    }
    #expect(order(1, rank: 0) == order(1, rank: 0))
    #expect(order(1, rank: 0) != order(2, rank: 0))
    #expect(Set(order(1, rank: 0)).isDisjoint(with: order(1, rank: 1)))
  }

  /// The reference's own first outputs for seed 0, so that no change goes unnoticed.
  @Test func generatorIsSplitMix64() {
    var generator = SeededGenerator()
    #expect(generator.next() == 0xE220_A839_7B1D_CDAF)
    #expect(generator.next() == 0x6E78_9E6A_A1B9_65F4)
  }
}
