import Testing
import TrackerCodec
import TrackerFile
import TrackerModel

@Suite struct DamageTests {
  /// A tracker of several commits with everything in it, made the same way every time.
  static func makeBytes(_ type: IndexType) throws -> [UInt8] {
    let storage = MemoryStorage()
    let identity = try RunIdentity(runID: "run", rank: 1, worldSize: 2)
    let writer = try TrackerWriter(creating: storage, indexType: type, identity: identity)
    try writer.setParameters(
      Parameters(
        metricKeys: ["ce"], listToKeep: type == .int64 ? [4, 9] : ["x", "yy"], modes: .all))
    let indices: [InstanceIndex] = type == .int64 ? [1, 2, 9] : ["", "x", "yy"]
    let rows = IndexColumn(indices, type: type)
    let channel = Channel(metric: "ce", mode: .train, dsID: "d")
    for step in Int64(1)...5 {
      try writer.appendTile(
        channel: channel, valueType: .float32, rows: rows,
        columns: [TileColumn(step: step * 10, epoch: step)], presence: .all(3),
        values: [UInt64(step), 0x7FC0_0000, 0x3F80_0000].span)
      if step == 3 {
        try writer.appendUnsealed(
          channel: channel, epoch: 9, valueType: .float32, indices: rows, values: [1, 2, 3])
        try writer.setKeptSets([
          KeptSets(channel: channel, max: indices, min: [], list: [], missing: indices)
        ])
      }
      try writer.commit(step: step * 10, epoch: step, wallTime: 1000)
    }
    var bytes = [UInt8](repeating: 0, count: Int(storage.size()))
    var span = bytes.mutableSpan
    _ = storage.read(at: 0, into: &span)
    return bytes
  }

  /// Everything that can be asked of a tracker, as text.
  static func read(_ bytes: [UInt8]) throws(TrackerError) -> [String] {
    let reader = try TrackerReader(MemoryStorage(bytes))
    var found: [String] = []
    for channel in reader.snapshot.channels {
      let scan = ChannelScan(reader, channel)
      while try scan.advance() {
        for row in 0..<scan.rows.count {
          for point in scan.history(ofRow: row) {
            found.append("\(scan.rows[row]) \(point.step) \(point.valueBits)")
          }
        }
      }
    }
    for group in reader.snapshot.unsealed {
      for points in try reader.unsealedPoints(of: group) { found.append("\(points.values)") }
    }
    found.append("\(try reader.keptSets())")
    found.append("\(String(describing: reader.snapshot.parameters))")
    return found
  }

  @Test(arguments: [IndexType.int64, .string])
  func everyFlippedBitIsNoticed(_ type: IndexType) throws {
    let bytes = try Self.makeBytes(type)
    let whole = try Self.read(bytes)
    // What earlier commits held: a damaged last commit falls back to one of them.
    var earlier: Set<[String]> = [whole]
    for length in stride(from: 24, through: bytes.count, by: 1) {
      earlier.insert(try Self.read(Array(bytes[..<length])))
    }
    #expect(earlier.count >= 6)
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      do throws(TrackerError) {
        let found = try Self.read(damaged)
        // Reserved bits may change unseen; nothing else may read as something new.
        #expect(earlier.contains(found), "bit \(bit)")
      } catch {
        continue
      }
    }
  }

  @Test func verificationFindsEveryFlippedBitBehindTheHeader() throws {
    let bytes = try Self.makeBytes(.int64)
    #expect(try Verification.verify(MemoryStorage(bytes)).isSound)
    for bit in stride(from: 24 * 8, to: bytes.count * 8, by: 3) {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      let result = try Verification.verify(MemoryStorage(damaged))
      #expect(!result.isSound, "bit \(bit)")
    }
  }

  @Test func salvageSkipsADamagedTileAndCountsIt() throws {
    let bytes = try Self.makeBytes(.int64)
    let reader = try TrackerReader(MemoryStorage(bytes))
    for tile in reader.snapshot.tiles {
      var damaged = bytes
      damaged[Int(tile.offset) + 30] ^= 0x10
      let (_, salvage) = try TrackerReader.salvaging(MemoryStorage(damaged))
      #expect(salvage.lostPoints[tile.channel] == 3)
      #expect(salvage.recoveredPoints[tile.channel] == 12)
    }
  }

  @Test func salvageReadsOnBehindADamagedCommit() throws {
    let bytes = try Self.makeBytes(.int64)
    let reader = try TrackerReader(MemoryStorage(bytes))
    for commit in reader.snapshot.ancestry {
      var damaged = bytes
      damaged[Int(commit.offset) + 40] ^= 0x10
      let (_, salvage) = try TrackerReader.salvaging(MemoryStorage(damaged))
      #expect(salvage.damagedCommits == 1)
      #expect(salvage.recoveredPoints.values.reduce(0, +) == 15, "commit \(commit.sequence)")
    }
  }

  @Test func appendingAfterATornTailCutsItOff() throws {
    let bytes = try Self.makeBytes(.int64)
    let storage = MemoryStorage(Array(bytes.dropLast(5)))
    let writer = try TrackerWriter(opening: storage) { (snapshot) throws(TrackerError) in
      snapshot.commit?.identity
    }
    #expect(writer.head?.sequence == 4)
    #expect(writer.removedTail != nil)
    try writer.commit(step: 41, epoch: nil, wallTime: nil)
    let reader = try TrackerReader(storage)
    #expect(reader.tail == nil)
    #expect(reader.snapshot.commit?.sequence == 5)
  }

  @Test func damageInWhatWasRewoundPastIsFound() throws {
    let storage = MemoryStorage(try Self.makeBytes(.int64))
    let last = try TrackerReader(storage).snapshot.tiles[4]
    let writer = try TrackerWriter(opening: storage, at: .step(20)) {
      (snapshot) throws(TrackerError) in snapshot.commit?.identity
    }
    try writer.commit(step: 20, epoch: nil, wallTime: nil)
    var bytes = [UInt8](repeating: 0, count: Int(storage.size()))
    var span = bytes.mutableSpan
    _ = storage.read(at: 0, into: &span)
    #expect(try Verification.verify(MemoryStorage(bytes)).isSound)
    bytes[Int(last.offset) + 30] ^= 1
    let result = try Verification.verify(MemoryStorage(bytes))
    #expect(result.findings.map(\.offset) == [last.offset])
    let (_, salvage) = try TrackerReader.salvaging(MemoryStorage(bytes))
    #expect(!salvage.isComplete)
  }

  @Test func soundCommitsOpenThoughTilesOfOthersAreDamaged() throws {
    let bytes = try Self.makeBytes(.int64)
    let tiles = try TrackerReader(MemoryStorage(bytes)).snapshot.tiles
    for (position, tile) in tiles.dropLast().enumerated() {
      var damaged = bytes
      damaged[Int(tile.offset) + 30] ^= 1
      let reader = try TrackerReader(MemoryStorage(damaged))
      #expect(try reader.commits().map(\.sequence) == [1, 2, 3, 4, 5])
      for sequence in UInt64(1)...5 {
        let earlier = try TrackerReader(MemoryStorage(damaged), at: .sequence(sequence))
        #expect(earlier.snapshot.tiles.count == Int(sequence), "tile \(position)")
      }
    }
  }

  @Test func openingToAppendChangesNothingUntilItAppends() throws {
    let bytes = try Self.makeBytes(.int64)
    let storage = MemoryStorage(Array(bytes.dropLast(5)))
    let writer = try TrackerWriter(opening: storage) { (snapshot) throws(TrackerError) in
      snapshot.commit?.identity
    }
    #expect(storage.size() == UInt64(bytes.count - 5))
    try writer.commit(step: 41, epoch: nil, wallTime: nil)
    #expect(try TrackerReader(storage).tail == nil)
  }

  @Test func aFileWhoseOnlyCommitIsDamagedIsNotAppendedTo() throws {
    let storage = MemoryStorage()
    let writer = try TrackerWriter(creating: storage, indexType: .int64, identity: nil)
    try writer.appendTile(
      channel: Channel(metric: "ce", mode: .train), valueType: .float32, rows: .integers([1, 2]),
      columns: [TileColumn(step: 1, epoch: nil)], presence: .all(2), values: [1, 2].span)
    try writer.commit(step: 1, epoch: nil, wallTime: nil)
    let size = Int(storage.size())
    var bytes = [UInt8](repeating: 0, count: size)
    var span = bytes.mutableSpan
    _ = storage.read(at: 0, into: &span)
    bytes[size - 20] ^= 1
    let damaged = MemoryStorage(bytes)
    let error = #expect(throws: TrackerError.self) {
      try TrackerWriter(opening: damaged) { (_) throws(TrackerError) in nil }
    }
    #expect(error?.code == .noCommit)
    #expect(damaged.size() == UInt64(size))
  }
}
