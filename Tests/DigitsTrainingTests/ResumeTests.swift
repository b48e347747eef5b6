import Foundation
import Testing

@testable import digits_training

/// A worker that is stopped anywhere and started again records and learns as if nothing had
/// happened.
@Suite struct ResumeTests {
  private struct Killed: Error {}
  private let epochs = 2
  private let checkpointEvery = 4

  /// Trains until `killAfter` batches are done in this process, or to the end.
  private func train(_ fixture: Fixture, _ files: RunFiles, killAfter: Int? = nil) throws {
    var batches = 0
    var worker = try Worker(
      digits: fixture.digits, settings: fixture.settings(), files: files,
      checkpointEvery: checkpointEvery,
      afterBatch: {
        batches += 1
        if batches == killAfter { throw Killed() }
      })
    try worker.train(through: epochs)
  }

  private func expectSame(_ fixture: Fixture, _ left: RunFiles, _ right: RunFiles) throws {
    #expect(try RunFiles.read(left.model) == RunFiles.read(right.model))
    let history = try fixture.history(in: left)
    #expect(try history == fixture.history(in: right))
    #expect(history.count == 2 * epochs * fixture.digits.count)
  }

  @Test func killedAfterAnyBatchTheRunIsTheSame() throws {
    let fixture = try Fixture()
    defer { fixture.remove() }
    let whole = try fixture.files("whole")
    try train(fixture, whole)
    let steps =
      epochs * EpochPlan.batchCount(trainCount: fixture.digits.trainIDs.count, worldSize: 1)
    #expect(steps == 20)
    for step in 1...steps {
      let killed = try fixture.files("killed-\(step)")
      #expect(throws: Killed.self) { try train(fixture, killed, killAfter: step) }
      try train(fixture, killed)
      try expectSame(fixture, whole, killed)
    }
  }

  @Test func killedAgainAndAgainTheRunIsTheSame() throws {
    let fixture = try Fixture()
    defer { fixture.remove() }
    let (whole, killed) = try (fixture.files("whole"), fixture.files("killed"))
    try train(fixture, whole)
    // Each process gets through six batches at most, and a checkpoint comes every four.
    for _ in 0..<4 { #expect(throws: Killed.self) { try train(fixture, killed, killAfter: 6) } }
    try train(fixture, killed)
    try expectSame(fixture, whole, killed)
  }

  @Test func trackerAheadOfItsModelIsRewound() throws {
    let fixture = try Fixture()
    defer { fixture.remove() }
    let (whole, killed) = try (fixture.files("whole"), fixture.files("killed"))
    try train(fixture, whole)
    #expect(throws: Killed.self) { try train(fixture, killed, killAfter: 5) }
    let model = try RunFiles.read(killed.model)
    // Killed in the second epoch, after its tracker's checkpoint and before its model's.
    #expect(throws: Killed.self) { try train(fixture, killed, killAfter: 12) }
    try RunFiles.write(model, to: killed.model)
    try train(fixture, killed)
    try expectSame(fixture, whole, killed)
  }

  @Test func trackerWithoutAModelStartsOver() throws {
    let fixture = try Fixture()
    defer { fixture.remove() }
    let (whole, killed) = try (fixture.files("whole"), fixture.files("killed"))
    try train(fixture, whole)
    #expect(throws: Killed.self) { try train(fixture, killed, killAfter: 5) }
    try RunFiles.remove(killed.model)
    try train(fixture, killed)
    try expectSame(fixture, whole, killed)
  }

  @Test func anotherRunsModelIsRefused() throws {
    let fixture = try Fixture()
    defer { fixture.remove() }
    let files = try fixture.files()
    try train(fixture, files)
    var other = fixture.settings()
    other.seed += 1
    #expect(throws: (any Error).self) {
      try Worker(digits: fixture.digits, settings: other, files: files, checkpointEvery: 4)
    }
  }

  @Test func finishedRunDoesNothingMore() throws {
    let fixture = try Fixture()
    defer { fixture.remove() }
    let files = try fixture.files()
    try train(fixture, files)
    let model = try RunFiles.read(files.model)
    try train(fixture, files)
    #expect(try RunFiles.read(files.model) == model)
  }
}
