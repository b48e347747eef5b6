import Foundation
import Synchronization
import Testing
import TrackerCodec
import TrackerFile
import TrackerModel
import TrackerState

/// What must hold when epochs are sealed beside the recording.
@Suite struct BackgroundTests {
  static let epochs = 8
  static let metrics: [Name] = ["ce", "correct"]

  static func tracker(_ storage: any Storage, cores: Int = 2, _ type: IndexType = .int64) throws
    -> InstanceTracker
  {
    try TrackerWriter(creating: storage, indexType: type, identity: .single()).close()
    return try InstanceTracker.resume(
      storage, parameters: Parameters(metricKeys: metrics, modes: .only([.train])), cores: cores)
  }

  /// Records other indices in every epoch, out of order: new strings come in each.
  static func record(_ tracker: InstanceTracker, _ epoch: Int, rows: Int = 100) throws {
    let values = (0..<rows).map { Float($0 * epoch % 97) / 7 }
    let correct = (0..<rows).map { ($0 + epoch) % 3 == 0 }
    let indices = (0..<rows).map { ($0 * 7919 + epoch) % max(10_000, rows) }
    let columns: [Name: MetricValues] = ["ce": .float(values), "correct": .bool(correct)]
    switch tracker.indexType {
    case .int64:
      try tracker.record(
        mode: .train, epoch: Int64(epoch),
        indices: indices.map { Int64($0) }, values: columns)
    case .string:
      try tracker.record(
        mode: .train, epoch: Int64(epoch),
        indices: indices.map { Name("\($0)") }, values: columns)
    }
  }

  static func end(_ tracker: InstanceTracker, _ epoch: Int) throws {
    try tracker.endEpoch(mode: .train, epoch: Int64(epoch), step: Int64(epoch) * 10)
  }

  /// All points of a storage's last commit, as text.
  static func points(_ storage: any Storage) throws -> [String] {
    let reader = try TrackerReader(storage)
    var found: [String] = []
    for channel in reader.snapshot.channels {
      let scan = ChannelScan(reader, channel)
      while try scan.advance() {
        for row in 0..<scan.rows.count {
          for point in scan.history(ofRow: row) {
            found.append("\(channel) \(scan.rows[row]) \(point.step) \(point.value)")
          }
        }
      }
    }
    return found
  }

  /// What a run without faults, delays and threads leaves.
  static func expected(_ type: IndexType = .int64) throws -> [String] {
    let storage = MemoryStorage()
    let tracker = try tracker(storage, cores: 1, type)
    for epoch in 1...epochs {
      try record(tracker, epoch)
      try end(tracker, epoch)
    }
    try tracker.close()
    return try points(storage)
  }

  /// Calls until nothing is thrown; returns how often something was.
  static func insist(_ body: () throws -> Void) throws -> Int {
    for failures in 0..<100 {
      do {
        try body()
        return failures
      } catch let error as TrackerError {
        guard error.detail == "injected" else { throw error }
      }
    }
    Issue.record("it never succeeds")
    return 100
  }

  @Test(arguments: [IndexType.int64, .string], [1, 2, 4])
  func slowWritesKeepTheOrder(_ type: IndexType, _ cores: Int) throws {
    let storage = FaultStorage()
    storage.delay(upTo: 0.003)
    let tracker = try Self.tracker(storage, cores: cores, type)
    for epoch in 1...Self.epochs {
      try Self.record(tracker, epoch)
      if epoch % 3 == 0 { try tracker.checkpointInBackground(step: Int64(epoch) * 10 - 5) }
      try Self.end(tracker, epoch)
      if epoch % 2 == 0 { try tracker.checkpointInBackground() }
    }
    try tracker.flush()
    let commits = try TrackerReader(storage).snapshot.ancestry.compactMap(\.step)
    #expect(commits == [20, 25, 40, 55, 60, 80])
    try tracker.close()
    #expect(try Self.points(storage) == Self.expected(type))
    #expect(try Verification.verify(storage).isSound)
  }

  @Test func sealingReturnsBeforeAnythingIsWrittenAndOneEpochWaits() throws {
    let storage = FaultStorage()
    let ended = Mutex(0)
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      do {
        let tracker = try Self.tracker(storage)
        storage.holdUp(true)
        for epoch in 1...4 {
          try Self.record(tracker, epoch)
          try Self.end(tracker, epoch)
          ended.withLock { $0 = epoch }
        }
        try tracker.close()
      } catch {
        Issue.record(error)
      }
      done.signal()
    }
    thread.start()
    for _ in 0..<10_000 where ended.withLock({ $0 }) < 2 || storage.heldUpCount < 1 {
      Thread.sleep(forTimeInterval: 0.001)
    }
    Thread.sleep(forTimeInterval: 0.3)
    // One is being written, one waits, and the third waits for room.
    #expect(ended.withLock { $0 } == 2)
    #expect(storage.heldUpCount == 1)
    storage.holdUp(false)
    #expect(done.wait(timeout: .now() + 20) == .success)
    #expect(ended.withLock { $0 } == 4)
  }

  @Test func checkpointReturnsWhenItIsDurable() throws {
    let storage = FaultStorage()
    storage.delay(upTo: 0.003)
    let tracker = try Self.tracker(storage)
    for epoch in 1...Self.epochs {
      try Self.record(tracker, epoch)
      try Self.end(tracker, epoch)
      try tracker.checkpoint()
      #expect(try storage.syncedSize == storage.size())
      #expect(try TrackerReader(storage).snapshot.commit?.step == Int64(epoch) * 10)
      #expect(tracker.lastCommit?.step == Int64(epoch) * 10)
    }
  }

  /// Records nothing: what a background failure is told by.
  static func touch(_ tracker: InstanceTracker) throws {
    try tracker.record(mode: .train, epoch: 1, indices: [Int64](), values: ["ce": .float([])])
  }

  /// Returns once the thread has met a write that fails.
  static func waitForFailure(_ storage: FaultStorage, after calls: Int) {
    for _ in 0..<10_000 where storage.calls == calls { Thread.sleep(forTimeInterval: 0.001) }
    #expect(storage.calls > calls)
  }

  @Test func aFailureIsToldOnceByTheNextCallAndNothingIsLost() throws {
    let storage = FaultStorage()
    let tracker = try Self.tracker(storage)
    storage.fail(0...Int.max)
    try Self.record(tracker, 1)
    let calls = storage.calls
    try Self.end(tracker, 1)
    Self.waitForFailure(storage, after: calls)
    storage.fail(nil)
    var told = 0
    for _ in 0..<5000 where told == 0 {
      do {
        try Self.touch(tracker)
        Thread.sleep(forTimeInterval: 0.001)
      } catch let error as TrackerError {
        #expect(error.detail == "injected")
        told += 1
      }
    }
    #expect(told == 1)
    try Self.touch(tracker)
    #expect(tracker.unsealedPointCount == 0)
    for epoch in 2...Self.epochs {
      try Self.record(tracker, epoch)
      try Self.end(tracker, epoch)
    }
    try tracker.checkpoint()
    #expect(try Self.points(storage) == Self.expected())
    try tracker.close()
  }

  @Test func flushTellsAndTriesAgain() throws {
    let storage = FaultStorage()
    let tracker = try Self.tracker(storage)
    storage.fail(0...Int.max)
    try Self.record(tracker, 1)
    try Self.end(tracker, 1)
    for _ in 0..<3 { #expect(throws: TrackerError.self) { try tracker.flush() } }
    storage.fail(nil)
    try tracker.flush()
    #expect(tracker.channels.count == 2)
  }

  @Test func closeTellsAFailureThoughItMadeItGood() throws {
    let storage = FaultStorage()
    let tracker = try Self.tracker(storage)
    storage.fail(0...Int.max)
    try Self.record(tracker, 1)
    let calls = storage.calls
    try Self.end(tracker, 1)
    Self.waitForFailure(storage, after: calls)
    storage.fail(nil)
    #expect(throws: TrackerError.self) { try tracker.close() }
    try tracker.close()
    #expect(throws: TrackerError.self) { try tracker.flush() }
    #expect(try Self.points(storage).count == 200)
  }

  /// Whichever write fails, and however often: with every call repeated until it succeeds the tracker
  /// holds the same points as if nothing had failed.
  @Test(arguments: [1, 2, 4], [1, 3]) func anyWriteMayFail(_ cores: Int, _ times: Int) throws {
    let expected = try Self.expected()
    var told = 0
    for first in stride(from: 1, through: 60, by: 5) {
      let storage = FaultStorage()
      let tracker = try Self.tracker(storage, cores: cores)
      storage.fail(storage.calls + first...storage.calls + first + times - 1)
      var isClosed = false
      for epoch in 1...Self.epochs {
        told += try Self.insist { try Self.record(tracker, epoch) }
        told += try Self.insist { try Self.end(tracker, epoch) }
        told += try Self.insist {
          epoch % 2 == 0 ? try tracker.checkpoint() : try tracker.checkpointInBackground()
        }
      }
      told += try Self.insist {
        try tracker.close()
        isClosed = true
      }
      #expect(isClosed)
      #expect(try Self.points(storage) == expected, "write \(first) failed \(times) times")
      #expect(try Verification.verify(storage).isSound)
    }
    #expect(told > 0)
  }

  @Test(arguments: [1, 2]) func afterAFailedSyncNothingGoesOn(_ cores: Int) throws {
    let storage = FaultStorage()
    let tracker = try Self.tracker(storage, cores: cores)
    try tracker.checkpoint()
    let commit = tracker.lastCommit
    try Self.record(tracker, 1)
    try Self.end(tracker, 1)
    storage.failSyncs(true)
    #expect(throws: TrackerError.self) {
      try tracker.checkpointInBackground()
      try tracker.flush()
    }
    storage.failSyncs(false)
    for _ in 0..<2 {
      let error = #expect(throws: TrackerError.self) { try tracker.checkpoint() }
      #expect(error?.code == .closed)
    }
    #expect(throws: TrackerError.self) { try tracker.close() }
    // The file is given back all the same.
    try tracker.close()
    // What the failed sync was for may not be on the disk, and is not in the file.
    #expect(try InstanceTracker.resume(storage).lastCommit == commit)
  }

  @Test func selectingAndReadingWaitForWhatWasSealed() throws {
    let storage = FaultStorage()
    storage.delay(upTo: 0.003)
    let tracker = try Self.tracker(storage)
    for epoch in 1...Self.epochs {
      try Self.record(tracker, epoch)
      try Self.end(tracker, epoch)
      let tiles = try tracker.reader().snapshot.tiles.count
      #expect(tiles == 2 * epoch)
    }
    #expect(try tracker.select().count == 2)
    #expect(tracker.channels.count == 2)
    try tracker.checkpoint()
    #expect(try TrackerReader(storage).keptSets().count == 2)
  }

  @Test func aTrackerThatGoesFinishesWhatWasQueued() throws {
    let storage = FaultStorage()
    storage.delay(upTo: 0.005)
    do {
      let tracker = try Self.tracker(storage)
      for epoch in 1...Self.epochs {
        try Self.record(tracker, epoch)
        try Self.end(tracker, epoch)
      }
      try tracker.checkpointInBackground()
    }
    #expect(try Self.points(storage) == Self.expected())
  }

  @Test func epochsOfSeveralTilesAreTheSameBytesOnAnyNumberOfCores() throws {
    var all: [[UInt8]] = []
    for cores in [1, 2, 4] {
      let storage = MemoryStorage()
      let identity = try RunIdentity(runID: "r")
      let writer = try TrackerWriter(creating: storage, indexType: .int64, identity: identity)
      writer.cores = cores
      for tile in 0..<20 {
        // Sparse ones have index sets, written between tiles; some are shared.
        let rows = (0..<Int64(5000)).map { tile % 3 == 0 ? $0 : $0 * Int64(tile % 5 + 1) }
        try writer.appendTile(
          channel: Channel(metric: "ce", mode: .train), rows: .integers(rows),
          columns: [TileColumn(step: Int64(tile), epoch: nil)],
          presence: .all(rows.count),
          values: ValueBuffer(float32Bits: rows.map { Float($0 % 91).bitPattern }))
      }
      try writer.commit(step: 1, epoch: nil, wallTime: nil)
      var bytes = [UInt8](repeating: 0, count: Int(storage.size()))
      var span = bytes.mutableSpan
      _ = storage.read(at: 0, into: &span)
      all.append(bytes)
    }
    #expect(all[0] == all[1] && all[0] == all[2])
  }
}
