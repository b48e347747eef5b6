import Testing
import TrackerCodec
import TrackerFile
import TrackerModel

/// Sets that are written as subsets of others.
@Suite struct IndexSubsetTests {
  struct Random {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
      return word ^ word >> 31
    }
  }

  static func all(_ type: IndexType, _ count: Int, _ random: inout Random) -> [InstanceIndex] {
    let indices: [InstanceIndex] = (0..<count).map { _ in
      let word = random.next()
      return type == .int64
        ? .integer(Int64(bitPattern: word)) : .string(Name("train/\(word % 100)/\(word).JPEG"))
    }
    return Parameters.sortedUnique(indices)
  }

  /// Random 60 % of all in each epoch: near a bit for each, and given back.
  @Test(arguments: [IndexType.int64, .string])
  func randomSubsetsOfDearIndicesBecomeCheap(_ type: IndexType) throws {
    var random = Random(state: 1)
    let all = Self.all(type, 4000, &random)
    let storage = MemoryStorage()
    let writer = try TrackerWriter(creating: storage, indexType: type, identity: nil)
    let channel = Channel(metric: "ce", mode: .train, dsID: nil)
    var (epochs, sizes): ([IndexColumn], [UInt64]) = ([], [])
    for epoch in Int64(0)..<30 {
      let rows = IndexColumn(all.filter { _ in random.next() % 5 < 3 }, type: type)
      let before = storage.size()
      if epoch == 3 {
        // What is rolled back is no base of anything.
        let mark = writer.mark
        let other = IndexColumn(Self.all(type, 1000, &random), type: type)
        try append(other, epoch, channel, writer)
        try append(rows, epoch, channel, writer)
        writer.rollBack(to: mark)
      }
      try append(rows, epoch, channel, writer)
      try writer.commit(step: epoch, epoch: epoch, wallTime: nil)
      sizes.append(storage.size() - before)
      epochs.append(rows)
    }
    let reader = try TrackerReader(storage)
    #expect(reader.snapshot.tiles.count == 30)
    for (tile, rows) in zip(reader.snapshot.tiles, epochs) {
      #expect(try reader.indices(of: tile) == rows)
    }
    // A bitmap of 500 bytes, some others, the records around; against 8 or 9 bytes for each of 2,400.
    #expect(sizes[29] < 1700)
    #expect(sizes[0] > 10_000)
    // No more than a few times all of them in all.
    #expect(sizes.reduce(0, +) < 30 * 1700 + sizes[0] * 6)
    #expect(try Verification.verify(storage).isSound)
  }

  /// A shard's sets come again in every epoch: each is stored once, also where what was written of
  /// them is rolled back meanwhile.
  @Test(arguments: [IndexType.int64, .string])
  func setsThatComeAgainAreStoredOnce(_ type: IndexType) throws {
    var random = Random(state: 2)
    let sets = (0..<3).map { _ in IndexColumn(Self.all(type, 1000, &random), type: type) }
    let storage = MemoryStorage()
    let writer = try TrackerWriter(creating: storage, indexType: type, identity: nil)
    let channel = Channel(metric: "ce", mode: .train, dsID: nil)
    let extra = IndexColumn(Self.all(type, 1000, &random), type: type)
    for epoch in Int64(0)..<6 {
      if epoch > 0 {
        let mark = writer.mark
        // Often enough that it is known, at an offset that other records take then.
        for step in 0..<3 { try append(extra, epoch + Int64(step) * 100, channel, writer) }
        try writer.finishTiles()
        writer.rollBack(to: mark)
      }
      for rows in sets { try append(rows, epoch, channel, writer) }
      try writer.commit(step: epoch, epoch: epoch, wallTime: nil)
    }
    try append(extra, 6, channel, writer)
    try writer.commit(step: 6, epoch: 6, wallTime: nil)
    let reader = try TrackerReader(storage)
    var references: [IndexSetReference] = []
    for (number, tile) in reader.snapshot.tiles.enumerated() {
      #expect(try reader.indices(of: tile) == (number < 18 ? sets[number % 3] : extra))
      references.append(tile.indexSet)
    }
    #expect(Set(references[..<18]) == Set(references[..<3]))
    #expect(Set(references).count == 4)
    #expect(try Verification.verify(storage).isSound)
  }

  private func append(
    _ rows: IndexColumn, _ step: Int64, _ channel: Channel, _ writer: TrackerWriter
  ) throws {
    let values = [UInt64](repeating: 0, count: rows.count)
    try writer.appendTile(
      channel: channel, valueType: .float32, rows: rows,
      columns: [TileColumn(step: step, epoch: nil)], presence: .all(rows.count),
      values: values.span)
  }

  @Test(arguments: [IndexType.int64, .string])
  func damagedSubsetsAreRefusedOrAscend(_ type: IndexType) throws {
    var random = Random(state: 2)
    let all = Self.all(type, 60, &random)
    let base = IndexColumn(all.filter { _ in random.next() % 4 > 0 }, type: type)
    let set = IndexColumn(all.filter { _ in random.next() % 2 > 0 }, type: type)
    let divided = set.divided(by: base)
    #expect(divided.rows.count + divided.others.count == set.count)
    var coder = SubsetCoder()
    var bytes: [UInt8] = []
    _ = coder.encode(base: 24, rows: divided.rows, others: divided.others, into: &bytes)
    #expect(try SubsetCoder.base(of: bytes.span) == 24)
    func read(_ bytes: Span<UInt8>) -> IndexColumn? {
      var reader = ByteReader(bytes, subject: "index set")
      return try? coder.decode(&reader, base: base)
    }
    #expect(read(bytes.span) == set)
    for length in 0..<bytes.count {
      let found = read(bytes.span.extracting(..<length))
      #expect(found == nil)
    }
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      if let found = read(damaged.span) { #expect(found.isStrictlyAscending) }
    }
  }

  @Test func unionsHoldEachIndexOnce() throws {
    var random = Random(state: 3)
    for type in [IndexType.int64, .string] {
      for _ in 0..<50 {
        let all = Self.all(type, 20, &random)
        let left = all.filter { _ in random.next() % 2 == 0 }
        let right = all.filter { _ in random.next() % 3 == 0 }
        let union = IndexColumn(left, type: type).union(IndexColumn(right, type: type))
        #expect(union == IndexColumn(Parameters.sortedUnique(left + right), type: type))
      }
    }
  }
}
