import Testing

@testable import digits_training

/// Walks through every state that a few workers can reach when each may be killed at any moment.
///
/// A worker's epoch is: train, publish, read everyone's file, remove its obsolete one, save its
/// model. A kill takes it back to its saved model. In no state may a worker need a file that has
/// been published and is gone: it would wait forever.
@Suite struct ExchangeProtocolTests {
  private struct WorkerState: Hashable {
    /// The last epoch whose end is in the model file.
    var saved = 0
    /// 0 training, 1 published, 2 has read all, 3 has removed.
    var phase = 0
    /// The epochs whose file was ever published, and those whose file is there, as bits.
    var published = 0
    var present = 0

    var epoch: Int { saved + 1 }
  }

  /// How many states there are, and whether all of them are sound and lead to the end.
  private func explore(
    workers: Int, epochs: Int, obsolete: (Int) -> Int
  ) -> (states: Int, isSound: Bool) {
    let start = [WorkerState](repeating: WorkerState(), count: workers)
    var seen: Set<[WorkerState]> = [start]
    var open = [start]
    while let state = open.popLast() {
      var canGoOn = false
      for (place, worker) in state.enumerated() where worker.saved < epochs {
        var next = worker
        switch worker.phase {
        case 0:
          next.published |= 1 << worker.epoch
          next.present |= 1 << worker.epoch
          next.phase = 1
        case 1:
          let missing = state.filter { $0.present & 1 << worker.epoch == 0 }
          if missing.contains(where: { $0.saved >= worker.epoch }) { return (seen.count, false) }
          if !missing.isEmpty { continue }
          next.phase = 2
        case 2:
          let gone = obsolete(worker.epoch)
          if gone >= 0 { next.present &= ~(1 << gone) }
          next.phase = 3
        default:
          next.saved = worker.epoch
          next.phase = 0
        }
        canGoOn = true
        var killed = worker
        killed.phase = 0
        for changed in [next, killed] {
          var after = state
          after[place] = changed
          if seen.insert(after).inserted { open.append(after) }
        }
      }
      if !canGoOn && state.contains(where: { $0.saved < epochs }) { return (seen.count, false) }
    }
    return (seen.count, true)
  }

  @Test(arguments: [(2, 6), (3, 4)])
  func noKillEverLeavesAWorkerWaitingForARemovedFile(workers: Int, epochs: Int) {
    let found = explore(workers: workers, epochs: epochs) {
      WeightExchange.obsoleteEpoch(onceAllPublished: $0)
    }
    #expect(found.isSound)
    #expect(found.states > 300)
  }

  @Test func oneEpochLessWouldDoAndTwoLessWouldNot() {
    #expect(explore(workers: 3, epochs: 4) { $0 - 1 }.isSound)
    #expect(!explore(workers: 3, epochs: 4) { $0 }.isSound)
  }
}
