import Testing
import TrackerCodec
import TrackerFile
import TrackerMerge
import TrackerModel

/// Merges that say of each point who recorded it.
@Suite struct ProvenanceTests {
  private static let channel = Channel(metric: "ce", mode: .train)

  private static func worker(_ rank: UInt32, _ generation: UInt32 = 0) throws -> RunIdentity {
    try RunIdentity(runID: "r", generation: generation, rank: rank, worldSize: 4)
  }

  private struct Tile {
    var identity: RunIdentity?
    var rows: [Int64]
    var steps: [Int64]
    /// Of a row and a step; nil for no point.
    var value: (Int64, Int64) -> Float?
  }

  /// A file of a commit for each tile.
  private static func file(_ tiles: [Tile]) throws -> [UInt8] {
    let storage = MemoryStorage()
    for (place, tile) in tiles.enumerated() {
      let writer =
        place == 0
        ? try TrackerWriter(creating: storage, indexType: .int64, identity: tile.identity)
        : try TrackerWriter(opening: storage, at: .last) { _ in tile.identity }
      writer.cores = 1
      var presence = Presence.none(tile.rows.count * tile.steps.count)
      var values = ValueBuffer(.float32)
      var cell = 0
      for step in tile.steps {
        for row in tile.rows {
          if let value = tile.value(row, step) {
            presence.insert(cell..<cell + 1)
            values.append(Widening.widen(value.bitPattern))
          }
          cell += 1
        }
      }
      try writer.appendTile(
        channel: channel, rows: .integers(tile.rows),
        columns: tile.steps.map { TileColumn(step: $0, epoch: $0 / 10) },
        presence: presence.canonical, values: values)
      try writer.commit(step: nil, epoch: nil, wallTime: nil)
      writer.close()
    }
    return MergeAlgebraTests.bytes(of: storage)
  }

  private static func merge(
    _ files: [[UInt8]], keeping: Bool = true, _ policy: ConflictPolicy = .error
  ) throws -> [UInt8] {
    var options = MergePlan.Options()
    options.keepsProvenance = keeping
    options.policy = policy
    let output = MemoryStorage()
    var report = MergeReport()
    try Merge.write(
      files.map { try TrackerReader(MemoryStorage($0)) }, options, to: output, report: &report)
    return MergeAlgebraTests.bytes(of: output)
  }

  private static func compact(_ file: [UInt8]) throws -> [UInt8] {
    let output = MemoryStorage()
    var report = MergeReport()
    try Compaction.write(TrackerReader(MemoryStorage(file)), to: output, report: &report)
    return MergeAlgebraTests.bytes(of: output)
  }

  private struct Key: Hashable {
    var row: Int64
    var step: Int64
  }

  /// Who recorded each point.
  private static func sources(_ file: [UInt8]) throws -> [Key: [RunIdentity]] {
    var found: [Key: [RunIdentity]] = [:]
    let scan = ChannelScan(try TrackerReader(MemoryStorage(file)), channel, tracksOrigins: true)
    while try scan.advance() {
      for row in 0..<scan.rows.count {
        for (position, column) in scan.columns.enumerated() {
          let cell = scan.block.cell(row: row, column: position)
          guard scan.block.hasPoint(cell), case .integer(let index) = scan.rows[row] else {
            continue
          }
          found[Key(row: index, step: column.step)] =
            scan.identities(ofOrigin: scan.block.origins[cell])
        }
      }
    }
    return found
  }

  /// Random shards of four workers and of nobody known, so that each tile has all of them.
  private static func shards(rows: Int64 = 10_000) throws -> [[UInt8]] {
    try (0..<5).map { rank in
      try file([
        Tile(
          identity: rank < 4 ? worker(UInt32(rank)) : nil, rows: Array(0..<rows), steps: [10, 20]
        ) { row, step in
          owner(row, step) == rank ? Float(row) / 8 : nil
        }
      ])
    }
  }

  private static func owner(_ row: Int64, _ step: Int64) -> Int {
    var chances = MergePropertyTests.Chances(state: UInt64(row * 64 + step))
    return Int(chances.next() % 5)
  }

  @Test func tellsWhoRecordedEachPoint() throws {
    let merged = try Self.merge(Self.shards())
    let sources = try Self.sources(merged)
    #expect(sources.count == 20_000)
    let workers = try (0..<4).map { try [Self.worker($0)] } + [[]]
    #expect(sources.allSatisfy { $1 == workers[Self.owner($0.row, $0.step)] })
    let reader = try TrackerReader(MemoryStorage(merged))
    #expect(reader.snapshot.tiles.allSatisfy { $0.sources == .ofSome && $0.identities.count == 4 })
    #expect(try Self.compact(merged) == merged)
    // Who recorded what is no part of the content.
    let bare = try Self.merge(Self.shards(), keeping: false)
    #expect(try Self.digest(merged) == Self.digest(bare))
    #expect(bare.count < merged.count)
    #expect(try Self.merge([merged], keeping: false) == bare)
  }

  private static func digest(_ file: [UInt8]) throws -> BLAKE2b.Digest {
    var digest = ContentDigest(indexType: .int64)
    let reader = try TrackerReader(MemoryStorage(file))
    for channel in reader.snapshot.channels { try digest.add(ChannelScan(reader, channel)) }
    return digest.points
  }

  @Test func ordersAndTreesGiveTheSameBytes() throws {
    let files = try Self.shards(rows: 5_000)
    let whole = try Self.merge(files)
    #expect(try Self.merge(files.reversed()) == whole)
    let left = try Self.merge(Array(files[..<2]))
    let right = try Self.merge(Array(files[2...]))
    #expect(try Self.merge([right, left, files[3]]) == whole)
    #expect(try Self.merge([whole, whole]) == whole)
  }

  /// One worker's tiles need no sources, and cost nothing.
  @Test func oneWorkerAlone() throws {
    let file = try Self.file([
      Tile(identity: Self.worker(2), rows: [1, 2, 3], steps: [10]) { row, _ in Float(row) }
    ])
    #expect(try Self.merge([file]) == Self.merge([file], keeping: false))
    let entry = try TrackerReader(MemoryStorage(Self.merge([file]))).snapshot.tiles[0]
    #expect(try entry.sources == .none && entry.identities == [Self.worker(2)])
  }

  @Test func compactingKeepsTheGenerationsOfARun() throws {
    let file = try Self.file([
      Tile(identity: Self.worker(1, 0), rows: [1, 2, 3], steps: [10, 20]) { row, _ in Float(row) },
      Tile(identity: Self.worker(1, 1), rows: [2, 3], steps: [20, 30]) { row, _ in Float(row) / 2 },
    ])
    let sources = try Self.sources(Self.compact(file))
    let (first, second) = try (Self.worker(1, 0), Self.worker(1, 1))
    #expect(sources[Key(row: 1, step: 20)] == [first])
    #expect(sources[Key(row: 2, step: 20)] == [second])
    #expect(sources[Key(row: 3, step: 10)] == [first])
    #expect(sources[Key(row: 3, step: 30)] == [second])
  }

  /// The same point of several workers, and different ones: `last` follows the generation through any
  /// tree, where provenance is kept, and refuses where it is not.
  @Test(arguments: [ConflictPolicy.first, .last]) func conflictsOfMergedFiles(
    _ policy: ConflictPolicy
  ) throws {
    let files = try (0..<4).map { generation in
      try Self.file([
        Tile(identity: Self.worker(1, UInt32(generation)), rows: [7, 8], steps: [10]) { row, _ in
          // Generations 0 and 2 agree on 7, 1 and 3 on another value.
          row == 7 ? Float(generation % 2) : Float(generation)
        }
      ])
    }
    let whole = try Self.merge(files, policy)
    let chosen: UInt32 = policy == .first ? 0 : 3
    #expect(try Self.sources(whole)[Key(row: 7, step: 10)] == [Self.worker(1, chosen)])
    for (a, b) in [([0, 2], [1, 3]), ([0, 3], [1, 2]), ([3, 1], [2, 0])] {
      let left = try Self.merge(a.map { files[$0] }, policy)
      let right = try Self.merge(b.map { files[$0] }, policy)
      let values = try [left, right].map {
        try TrackerReader(MemoryStorage($0)).snapshot.identities
      }
      #expect(values.allSatisfy { $0.count == 2 })
      #expect(try Self.merge([left, right], policy) == whole)
    }
    let mixed = try Self.merge([files[0], files[2]], keeping: false, policy)
    let other = try Self.merge([files[1], files[3]], keeping: false, policy)
    #expect(
      Self.failure { try Self.merge([mixed, other], keeping: false, policy) } == .mergeConflict)
    // What was merged without it cannot be told apart any more.
    #expect(Self.failure { try Self.merge([mixed, files[1]], policy) } == .unknownProvenance)
  }

  private static func failure(_ body: () throws -> [UInt8]) -> TrackerError.Code? {
    do {
      _ = try body()
      return nil
    } catch {
      return (error as? TrackerError)?.code
    }
  }

  /// Row by row, as windows and lists of indices read tiles.
  @Test func someRowsOfATile() throws {
    let merged = try Self.merge(Self.shards(rows: 3_000))
    let all = try Self.sources(merged)
    let wanted: [InstanceIndex] = [3, 4, 700, 2_999].map { .integer($0) }
    let scan = ChannelScan(
      try TrackerReader(MemoryStorage(merged)), Self.channel, indices: wanted, tracksOrigins: true)
    var count = 0
    while try scan.advance() {
      for row in 0..<scan.rows.count {
        for (position, column) in scan.columns.enumerated() {
          let cell = scan.block.cell(row: row, column: position)
          guard scan.block.hasPoint(cell), case .integer(let index) = scan.rows[row] else {
            continue
          }
          #expect(
            all[Key(row: index, step: column.step)]
              == scan.identities(ofOrigin: scan.block.origins[cell]))
          count += 1
        }
      }
    }
    #expect(count == 8)
  }

  /// In windows of few rows, and in parts.
  @Test func memoryAndPartitionsDoNotMatter() throws {
    let files = try Self.shards(rows: 20_000)
    let whole = try Self.merge(files)
    var options = MergePlan.Options()
    options.keepsProvenance = true
    options.memory = 1 << 20
    let readers = try files.map { try TrackerReader(MemoryStorage($0)) }
    let output = MemoryStorage()
    var report = MergeReport()
    try Merge.write(readers, options, to: output, report: &report)
    #expect(MergeAlgebraTests.bytes(of: output) == whole)
    var parts: [[UInt8]] = []
    for number in 1...3 {
      options.partition = MergePlan.PartitionNumber(number, of: 3)
      let part = MemoryStorage()
      try Merge.write(readers, options, to: part, report: &report)
      parts.append(MergeAlgebraTests.bytes(of: part))
    }
    #expect(try Self.merge(parts) == whole)
  }
}
