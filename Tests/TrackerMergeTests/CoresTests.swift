import Foundation
import Testing
import TrackerFile
import TrackerMerge
import TrackerModel
import TrackerState
import TrackerSystem

/// What tiles are encoded and decoded on does not show in what comes out.
@Suite struct CoresTests {
  static let rows = 12_000
  static let epochs = 10

  /// A tracker of which each epoch holds some rows, and the next worker's others.
  static func storage(worker: Int) throws -> MemoryStorage {
    let storage = MemoryStorage()
    let run = try RunIdentity(runID: "r", rank: UInt32(worker), worldSize: 2)
    try TrackerWriter(creating: storage, indexType: .int64, identity: run).close()
    let tracker = try InstanceTracker.resume(
      storage, parameters: Parameters(metricKeys: ["ce"], modes: .only([.train])), run: run,
      cores: 1)
    var chances = MergePropertyTests.Chances(state: UInt64(worker))
    for epoch in 1...epochs {
      let all = (0..<Int64(rows)).filter { _ in epoch < 6 || chances.next() % 4 > 0 }
      let indices = all.map { $0 * 2 + Int64(worker) }
      try tracker.record(
        mode: .train, epoch: Int64(epoch), indices: indices,
        indices.map { Float($0 % 1013) / Float(epoch) })
      try tracker.endEpoch(mode: .train, epoch: Int64(epoch), step: Int64(epoch))
    }
    try tracker.close()
    return storage
  }

  static func reader(_ storage: any Storage, _ cores: Int) throws -> TrackerReader {
    let reader = try TrackerReader(storage)
    reader.cores = cores
    return reader
  }

  @Test func mergesAndCompactionsAreTheSameBytes() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("cores-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let storages = try (0..<2).map { worker throws in try Self.storage(worker: worker) }
    var merged: [Data] = []
    var compacted: [Data] = []
    for cores in [1, 2, 4] {
      let path = folder.appendingPathComponent("m\(cores)").path
      var report = MergeReport()
      try Merge.write(
        storages.map { storage throws in try Self.reader(storage, cores) }, MergePlan.Options(),
        to: path, overwriting: false, report: &report)
      merged.append(try MergePropertyTests.bytes(path))
      let reader = try TrackerReader(path: path)
      reader.cores = cores
      let second = folder.appendingPathComponent("c\(cores)").path
      try Compaction.write(reader, to: second, overwriting: false, report: &report)
      compacted.append(try MergePropertyTests.bytes(second))
    }
    #expect(merged[0] == merged[1] && merged[0] == merged[2])
    #expect(compacted == merged)
  }

  @Test(arguments: [1, 2, 4]) func aDamagedTileFailsWhenItsTurnComes(_ cores: Int) throws {
    let storage = try Self.storage(worker: 0)
    // Opened before: a reader would not open at a commit of which a tile is damaged.
    let reader = try Self.reader(storage, cores)
    let entry = reader.snapshot.tiles[7]
    try storage.write([0xFF, 0xFF, 0xFF].span, at: entry.offset + entry.payloadLength)
    let scan = ChannelScan(reader, entry.channel)
    let error = #expect(throws: TrackerError.self) { while try scan.advance() {} }
    #expect(error?.code == .checksumMismatch)
    #expect(error?.offset == entry.offset)
  }

  /// What a scan left unread does not keep threads or this thread waiting.
  @Test func scansMayEndEarly() throws {
    let storage = try Self.storage(worker: 1)
    for cores in [1, 2, 4] {
      let reader = try Self.reader(storage, cores)
      for _ in 0..<5 {
        let scan = ChannelScan(reader, reader.snapshot.channels[0], rowsPerBlock: 64)
        #expect(try scan.advance())
      }
    }
  }
}
