import Testing
import TrackerModel
import TrackerSystem

@testable import digits_training

@Suite struct WeightExchangeTests {
  private func exchange(_ fixture: Fixture, rank: Int, of worldSize: Int) throws -> WeightExchange {
    WeightExchange(
      files: try fixture.files(rank: rank), settings: fixture.settings(rank: rank, of: worldSize),
      timeout: 0.05)
  }

  private func state(_ fixture: Fixture, rank: Int, of worldSize: Int, epoch: Int) -> TrainingState
  {
    var state = TrainingState(fixture.settings(rank: rank, of: worldSize))
    state.learner = Learner(seed: UInt64(10 * epoch + rank))
    state.epoch = epoch
    return state
  }

  @Test func allWorkersGetTheSameBits() throws {
    let fixture = try Fixture(digitCount: 10)
    defer { fixture.remove() }
    let states = (0..<3).map { state(fixture, rank: $0, of: 3, epoch: 1) }
    let exchanges = try (0..<3).map { try exchange(fixture, rank: $0, of: 3) }
    for (exchange, state) in zip(exchanges, states) { try exchange.publish(state) }
    let averages = try zip(exchanges, states).map { try $0.average($1) }
    #expect(averages[0] == Learner.average(states.map(\.learner)))
    #expect(averages.allSatisfy { $0 == averages[0] })
  }

  @Test func restartedWorkerFindsTheFilesOfPeersThatWentOn() throws {
    let fixture = try Fixture(digitCount: 10)
    defer { fixture.remove() }
    let (first, second) = try (exchange(fixture, rank: 0, of: 2), exchange(fixture, rank: 1, of: 2))
    for epoch in 1...4 {
      let (mine, others) = (
        state(fixture, rank: 0, of: 2, epoch: epoch), state(fixture, rank: 1, of: 2, epoch: epoch)
      )
      try second.publish(others)
      let average = try first.average(mine)
      #expect(try second.average(others) == average)
      // The other goes on to the next epoch's end, and is there before this one is killed and back.
      try second.publish(state(fixture, rank: 1, of: 2, epoch: epoch + 1))
      #expect(try first.average(mine) == average)
    }
    let kept = (1...5).filter { Paths.exists(first.files.weights(rank: 1, epoch: $0)) }
    #expect(kept == [3, 4, 5])
  }

  @Test func missingPeerIsNamedInTime() throws {
    let fixture = try Fixture(digitCount: 10)
    defer { fixture.remove() }
    let lonely = try exchange(fixture, rank: 0, of: 2)
    let error = #expect(throws: TrackerError.self) {
      try lonely.average(state(fixture, rank: 0, of: 2, epoch: 1))
    }
    #expect(error?.code == .missingWorker)
  }

  @Test func weightsOfAnotherRunAreRefused() throws {
    let fixture = try Fixture(digitCount: 10)
    defer { fixture.remove() }
    let mine = try exchange(fixture, rank: 0, of: 2)
    var foreign = state(fixture, rank: 1, of: 2, epoch: 1)
    foreign.settings.seed += 1
    try exchange(fixture, rank: 1, of: 2).publish(foreign)
    let error = #expect(throws: TrackerError.self) {
      try mine.average(state(fixture, rank: 0, of: 2, epoch: 1))
    }
    #expect(error?.code == .mixedRuns)
  }
}
