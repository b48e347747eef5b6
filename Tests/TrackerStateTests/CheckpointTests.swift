import Testing
import TrackerFile
import TrackerModel
import TrackerState

@Suite struct CheckpointTests {
  static func parameters(_ metrics: [Name] = ["ce"], frequency: Int = 1) throws -> Parameters {
    try Parameters(metricKeys: metrics, epochFrequency: frequency, modes: .only([.train, .eval]))
  }

  static func channel(_ metric: Name = "ce", _ mode: Mode = .train) -> Channel {
    Channel(metric: metric, mode: mode)
  }

  /// Every point of a storage's last commit, as text.
  static func points(_ storage: MemoryStorage, at selector: CommitSelector = .last) throws
    -> [String]
  {
    let reader = try TrackerReader(storage, at: selector)
    var found: [String] = []
    for channel in reader.snapshot.channels {
      let scan = ChannelScan(reader, channel, rowsPerBlock: 7)
      while try scan.advance() {
        for row in 0..<scan.rows.count {
          for point in scan.history(ofRow: row) {
            found.append(
              "\(channel) \(scan.rows[row]) \(point.step) \(point.epoch ?? -1) \(point.value)")
          }
        }
      }
    }
    return found
  }

  @Test func sealedValuesAreReadBackInIndexOrder() throws {
    let tracker = try InstanceTracker.create(parameters: Self.parameters())
    try tracker.record(mode: .train, epoch: 1, indices: [9, 3, 5, 3], [0.5, 1, 2, 4])
    try tracker.endEpoch(mode: .train, epoch: 1, step: 10)
    try tracker.record(mode: .train, epoch: 2, indices: [3, 9, 100], [8, .nan, -0.0])
    try tracker.endEpoch(mode: .train, epoch: 2, step: 20)
    let history = try tracker.history(of: [3, 4, 100], in: Self.channel())
    #expect(history.map { $0.map(\.step) } == [[10, 20], [], [20]])
    #expect(history[0].map(\.value) == [4, 8])
    #expect(history[2][0].valueBits == (-0.0).bitPattern)
    let sets = try tracker.select()
    #expect(sets[0].max == [3, 5, 9, 100])
  }

  @Test func everyTruncationOpensAtItsLastWholeCommit() throws {
    let storage = MemoryStorage()
    let writer = try TrackerWriter(
      creating: storage, indexType: .int64, identity: .single())
    writer.close()
    var ends: [(UInt64, [String])] = []
    for round in 0..<6 {
      let tracker = try InstanceTracker.resume(
        storage, parameters: Self.parameters(["ce", "correct"]))
      let epoch = Int64(round)
      try tracker.record(
        mode: .train, epoch: epoch, indices: [Int64(round), 50, 7],
        values: ["ce": .float([Float(round), 2, 3]), "correct": .bool([true, false, true])])
      if round % 2 == 0 { try tracker.checkpoint(step: 10 * epoch - 5) }
      try tracker.endEpoch(mode: .train, epoch: epoch, step: 10 * epoch)
      _ = try tracker.select()
      try tracker.checkpoint()
      ends.append((storage.size(), try Self.points(storage)))
    }
    var bytes = [UInt8](repeating: 0, count: Int(storage.size()))
    var span = bytes.mutableSpan
    _ = storage.read(at: 0, into: &span)
    for length in 0..<bytes.count {
      let cut = MemoryStorage(Array(bytes[..<length]))
      if length < 24 {
        #expect(throws: TrackerError.self) { try TrackerReader(cut) }
        continue
      }
      let found = try Self.points(cut)
      let expected = ends.last { $0.0 <= UInt64(length) }?.1 ?? []
      // Mid-epoch commits hold the same sealed points as the commit before them.
      #expect(found == expected, "cut at \(length)")
      let reader = try TrackerReader(cut)
      let commitEnds = ends.contains { $0.0 == UInt64(length) }
      #expect(!commitEnds || reader.tail == nil)
      if let tail = reader.tail { #expect(tail.offset + tail.length == UInt64(length)) }
    }
    #expect(ends.count == 6)
  }

  @Test func unsealedPointsSurviveAndStayInTheirEpoch() throws {
    let storage = MemoryStorage()
    try TrackerWriter(creating: storage, indexType: .string, identity: .single()).close()
    var tracker = try InstanceTracker.resume(storage, parameters: Self.parameters())
    try tracker.record(
      mode: .train, epoch: 1, indices: ["b", "a"], values: ["ce": .float([1, 2])])
    try tracker.checkpoint(step: 3)
    try tracker.record(mode: .eval, epoch: 1, indices: ["z"], values: ["ce": .float([9])])
    try tracker.record(mode: .train, epoch: 1, indices: ["a"], values: ["ce": .float([5])])
    try tracker.checkpoint(step: 4)
    tracker = try InstanceTracker.resume(storage)
    #expect(tracker.unsealedPointCount == 4)
    #expect(tracker.run?.generation == 1)
    try tracker.endEpoch(mode: .train, epoch: 1, step: 10)
    try tracker.checkpoint()
    #expect(try Self.points(storage) == ["ce train a 10 1 5.0", "ce train b 10 1 1.0"])
    let reader = try TrackerReader(storage)
    #expect(reader.snapshot.unsealed.map(\.channel) == [Self.channel("ce", .eval)])
  }

  @Test func rewindingForgetsWhatCameAfter() throws {
    let storage = MemoryStorage()
    try TrackerWriter(creating: storage, indexType: .int64, identity: .single()).close()
    var tracker = try InstanceTracker.resume(storage, parameters: Self.parameters())
    for epoch in Int64(1)...20 {
      try tracker.record(mode: .train, epoch: epoch, indices: [1, 2], [Float(epoch), 0])
      try tracker.endEpoch(mode: .train, epoch: epoch, step: epoch * 100)
      try tracker.checkpoint()
    }
    let error = #expect(throws: TrackerError.self) {
      try InstanceTracker.resume(storage, at: 1050)
    }
    #expect(error?.detail.contains("1000 before and 1100 after") == true)
    tracker = try InstanceTracker.resume(storage, at: 1000)
    try tracker.record(mode: .train, epoch: 11, indices: [1], [77])
    try tracker.endEpoch(mode: .train, epoch: 11, step: 1100)
    try tracker.checkpoint()
    let points = try Self.points(storage)
    #expect(points.count == 21)
    #expect(points.last == "ce train 2 1000 10 0.0")
    #expect(points.contains("ce train 1 1100 11 77.0"))
    let reader = try TrackerReader(storage)
    #expect(reader.snapshot.commit?.sequence == 21)
    #expect(reader.snapshot.commit?.depth == 11)
    #expect(try reader.commits().count == 21)
    // The commit that was rewound past is still there.
    #expect(try Self.points(storage, at: .sequence(20)).count == 40)
  }

  @Test func sealingAStepAgainReplacesItsValues() throws {
    let tracker = try InstanceTracker.create(parameters: Self.parameters())
    for value in [Float(1), 2] {
      try tracker.record(mode: .train, epoch: 1, indices: [4], [value])
      try tracker.endEpoch(mode: .train, epoch: 1, step: 10)
      try tracker.checkpoint()
    }
    let history = try tracker.history(of: [4], in: Self.channel())
    #expect(history == [[HistoryPoint(step: 10, epoch: 1, valueBits: 2.0.bitPattern)]])
  }

  @Test func aFailedBatchRecordsNothing() throws {
    let tracker = try InstanceTracker.create(parameters: Self.parameters(["ce", "acc"]))
    #expect(throws: TrackerError.self) {
      try tracker.record(
        mode: .train, epoch: 1, indices: [1, 2],
        values: ["ce": .float([1, 2]), "acc": .float([1])])
    }
    #expect(throws: TrackerError.self) {
      try tracker.record(
        mode: .train, epoch: 1, indices: [1], values: ["ce": .integer([Int64.max])])
    }
    #expect(tracker.unsealedPointCount == 0)
  }

  @Test func everyEndedEpochCanBeResumedAtThoughItIsNotRecorded() throws {
    let storage = MemoryStorage()
    try TrackerWriter(creating: storage, indexType: .int64, identity: .single()).close()
    let tracker = try InstanceTracker.resume(storage, parameters: Self.parameters(frequency: 2))
    for epoch in Int64(1)...3 {
      try tracker.record(mode: .train, epoch: epoch, indices: [1], [Float(epoch)])
      try tracker.endEpoch(mode: .train, epoch: epoch, step: epoch * 100)
      try tracker.checkpoint()
    }
    for step in [Int64(100), 200, 300] {
      let resumed = try TrackerReader(storage, at: .step(step))
      #expect(resumed.snapshot.commit?.step == step)
    }
  }

  @Test func aSelectionIsStoredThoughAnEpochEndsBeforeTheCommit() throws {
    let storage = MemoryStorage()
    try TrackerWriter(creating: storage, indexType: .int64, identity: .single()).close()
    let tracker = try InstanceTracker.resume(storage, parameters: Self.parameters())
    try tracker.record(mode: .train, epoch: 1, indices: [1, 2], [1, 2])
    try tracker.endEpoch(mode: .train, epoch: 1, step: 10)
    let sets = try tracker.select()
    try tracker.record(mode: .eval, epoch: 1, indices: [3], [3])
    try tracker.endEpoch(mode: .eval, epoch: 1, step: 10)
    try tracker.checkpoint()
    #expect(try TrackerReader(storage).keptSets() == sets)
  }

  @Test func generationsCountResumesAcrossRewinds() throws {
    let storage = MemoryStorage()
    try TrackerWriter(creating: storage, indexType: .int64, identity: .single()).close()
    for epoch in Int64(1)...3 {
      let tracker = try InstanceTracker.resume(storage, parameters: Self.parameters())
      try tracker.record(mode: .train, epoch: epoch, indices: [1], [1])
      try tracker.endEpoch(mode: .train, epoch: epoch, step: epoch * 100)
      try tracker.checkpoint()
    }
    #expect(try TrackerReader(storage).snapshot.commit?.identity?.generation == 2)
    #expect(try InstanceTracker.resume(storage, at: 100).run?.generation == 3)
  }

  @Test func aCheckpointWithinAnEpochIsNoneOfTheLastSealedStep() throws {
    let storage = MemoryStorage()
    try TrackerWriter(creating: storage, indexType: .int64, identity: .single()).close()
    var tracker = try InstanceTracker.resume(storage, parameters: Self.parameters())
    try tracker.record(mode: .train, epoch: 1, indices: [1], [1])
    try tracker.endEpoch(mode: .train, epoch: 1, step: 100)
    try tracker.checkpoint()
    try tracker.record(mode: .train, epoch: 2, indices: [7], [99])
    try tracker.checkpoint()
    tracker = try InstanceTracker.resume(storage, at: 100)
    #expect(tracker.unsealedPointCount == 0)
    tracker = try InstanceTracker.resume(storage)
    #expect(tracker.unsealedPointCount == 1)
  }
}
