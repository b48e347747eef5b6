import Testing
import TrackerFile
import TrackerModel
import TrackerState

/// Values recorded before their epoch's number was known.
@Suite struct ProvisionalEpochTests {
  @Test func pointsOfAProvisionalNumberAreSealedInTheirEpoch() throws {
    let storage = MemoryStorage()
    let tracker = try InstanceTracker.create(storage, parameters: CheckpointTests.parameters())
    try tracker.record(mode: .train, epoch: 1, indices: [1, 2], [0.5, 1])
    let unended = try #require(tracker.unendedEpochs.first)
    #expect(unended.channel == CheckpointTests.channel())
    #expect((unended.epoch, unended.pointCount, tracker.unendedEpochs.count) == (1, 2, 1))
    try tracker.endEpoch(mode: .train, epoch: 7, recordedAs: 1, step: 70)
    try tracker.checkpoint()
    #expect(tracker.unendedEpochs.isEmpty)
    #expect(
      try CheckpointTests.points(storage) == ["ce train 1 70 7 0.5", "ce train 2 70 7 1.0"])
  }

  @Test func theyStandBehindThoseOfTheEpochsOwnNumber() throws {
    let storage = MemoryStorage()
    let tracker = try InstanceTracker.create(storage, parameters: CheckpointTests.parameters())
    try tracker.record(mode: .train, epoch: 1, indices: [1], [4])
    try tracker.record(mode: .train, epoch: 7, indices: [1, 2], [0.5, 1])
    try tracker.endEpoch(mode: .train, epoch: 7, recordedAs: 1, step: 70)
    try tracker.checkpoint()
    #expect(
      try CheckpointTests.points(storage) == ["ce train 1 70 7 4.0", "ce train 2 70 7 1.0"])
  }

  /// Also those that a checkpoint within the epoch made durable.
  @Test func theyAreDroppedWhereTheEpochIsNotRecorded() throws {
    let storage = MemoryStorage()
    let tracker = try InstanceTracker.create(
      storage, parameters: CheckpointTests.parameters(frequency: 2))
    try tracker.record(mode: .train, epoch: 2, indices: [1, 2], [0.5, 1])
    try tracker.checkpoint()
    try tracker.endEpoch(mode: .train, epoch: 3, recordedAs: 2, step: 30)
    try tracker.checkpoint()
    #expect(tracker.unendedEpochs.isEmpty)
    #expect(try TrackerReader(storage).snapshot.unsealed.isEmpty)
    #expect(try CheckpointTests.points(storage) == [])
  }

  /// A commit within an epoch has no step to be found by.
  @Test func aCommitWithinAnEpochIsResumedByItsNumber() throws {
    let storage = MemoryStorage()
    let tracker = try InstanceTracker.create(storage, parameters: CheckpointTests.parameters())
    try tracker.record(mode: .train, epoch: 1, indices: [1], [0.5])
    try tracker.checkpoint()
    let sequence = try #require(tracker.lastCommit?.sequence)
    try tracker.record(mode: .train, epoch: 1, indices: [2], [1])
    try tracker.endEpoch(mode: .train, epoch: 1, step: 10)
    try tracker.close()
    let resumed = try InstanceTracker.resume(storage, from: .sequence(sequence))
    #expect(resumed.unendedEpochs.map(\.pointCount) == [1])
    try resumed.endEpoch(mode: .train, epoch: 1, step: 10)
    try resumed.close()
    #expect(try CheckpointTests.points(storage) == ["ce train 1 10 1 0.5"])
  }
}
