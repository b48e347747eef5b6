import Testing
import TrackerCodec
import TrackerModel

@testable import TrackerFile

/// Commits that claim more than there is: they are refused before memory is taken.
@Suite struct HostileDirectoryTests {
  /// A file of one commit of depth 1 that covers `covered` bytes, which are not verified, with `body`
  /// behind the fields before the identities.
  private static func file(covered: Int, _ body: [UInt8], step: Int64? = nil) -> MemoryStorage {
    var bytes = FileHeader(indexType: .int64).encoded()
    bytes.append(contentsOf: repeatElement(0, count: covered))
    let offset = UInt64(bytes.count)
    var payload: [UInt8] = []
    // Flags: presynced. Sequence, depth, coversFrom.
    for field: UInt64 in [1, 1, 1, 24] { payload.appendVarint(field) }
    payload += body
    payload.appendFixed(offset)
    payload += Commit.trailerMagic
    let header = RecordHeader(
      kind: .commit, payload: payload.span, rest: payload.span.extracting(0..<0))
    bytes += header.encoded(at: offset)
    bytes += payload
    return MemoryStorage(bytes)
  }

  /// No identity; one channel; no sets and no unsealed points; then entries.
  private static func directory(_ entries: [[UInt8]]) -> [UInt8] {
    var body: [UInt8] = [0, 1, 1, 0x61, 0, 0, 0, 0, 0]
    body.appendVarint(entries.count)
    for entry in entries { body += entry }
    return body
  }

  /// A tile of one row without a point.
  private static func entry(at offset: Int, length: Int, columns: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0, 0]
    bytes.appendVarint(offset)
    bytes.appendVarint(length)
    bytes += columns
    // One row, dense, index 0, no points, no NaN.
    return bytes + [1, 0, 0, 0, 0]
  }

  private static func columns(_ count: Int, from step: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendVarint(count)
    bytes.appendSigned(Int64(step))
    // All distances are 1, no epoch is known.
    return bytes + (count > 1 ? [1, 1, 0] : [0])
  }

  private static func open(_ storage: MemoryStorage) -> TrackerError? {
    do throws(TrackerError) {
      // As opening does, but the reason is wanted: opening looks for an earlier commit.
      let records = RecordReader(storage: storage, size: storage.size())
      var search = EndMarkSearch(records)
      guard let candidate = try search.next() else { return nil }
      let locator = CommitLocator(records: records, indexType: .int64)
      _ = try SnapshotLoader(locator: locator).load(locator.commit(at: candidate.recordOffset))
      return nil
    } catch {
      return error
    }
  }

  @Test func tilesThatAreThereOpen() throws {
    let entries = (0..<1000).map {
      Self.entry(at: 24 + 30 * $0, length: 6, columns: Self.columns(256, from: 5))
    }
    let storage = Self.file(covered: 30_000, Self.directory(entries))
    #expect(Self.open(storage) == nil)
    #expect(try TrackerReader(storage).snapshot.tiles.count == 1000)
  }

  /// 18 bytes an entry would stand for 256 columns each.
  @Test func manyColumnsInFewBytes() {
    let entries = (0..<20_000).map {
      Self.entry(at: 24 + 30 * $0, length: 6, columns: Self.columns(256, from: $0))
    }
    #expect(
      Self.open(Self.file(covered: 600_000, Self.directory(entries)))?.code == .limitExceeded)
  }

  @Test func manyEntriesInFewBytes() {
    let entry = Self.entry(at: 24, length: 0, columns: Self.columns(1, from: 0))
    // Counts what is there, and more than that.
    var body = Self.directory([])
    body.removeLast()
    body.appendVarint(1 << 29)
    #expect(Self.open(Self.file(covered: 30, body + entry))?.code == .limitExceeded)
    let many = (0..<300_000).map {
      Self.entry(at: 24 + 24 * $0, length: 0, columns: Self.columns(1, from: $0))
    }
    #expect(
      Self.open(Self.file(covered: 24 * 300_000, Self.directory(many)))?.code == .limitExceeded)
  }

  @Test(arguments: [
    // Twice the same; overlapping; running into the commit; descending.
    [(24, 100), (24, 100)], [(24, 100), (130, 50)], [(24, 400)], [(200, 10), (24, 10)],
  ])
  func tilesThatOverlap(_ tiles: [(offset: Int, length: Int)]) {
    let entries = tiles.map {
      Self.entry(at: $0.offset, length: $0.length, columns: Self.columns(1, from: 0))
    }
    #expect(Self.open(Self.file(covered: 400, Self.directory(entries)))?.code == .malformed)
  }

  /// Sets name the same identities again and again.
  @Test func manyIdentitiesInFewBytes() {
    var body: [UInt8] = []
    let identities = 100
    body.appendVarint(identities)
    for rank in 0..<UInt64(identities) {
      body += [1, 0x72]
      for field in [0, rank, 200] { body.appendVarint(UInt64(field)) }
    }
    body += [0]
    let sets = 30_000
    body.appendVarint(sets)
    for _ in 0..<sets {
      body.appendVarint(identities)
      body += (0..<UInt8(identities))
    }
    body += [0, 0]
    #expect(Self.open(Self.file(covered: 0, body))?.code == .limitExceeded)
  }

  /// A list to keep of a few bytes stands for a quarter of a million indices, and no more.
  @Test func listsToKeepAreBounded() throws {
    let most = (0..<Int64(Limits.maxListedIndices)).map { InstanceIndex.integer($0) }
    let parameters = try Parameters(metricKeys: ["ce"], listToKeep: most, modes: .all)
    var bytes = ParametersCoder.encode(parameters, indexType: .int64)
    #expect(bytes.count < 100)
    var reader = ByteReader(bytes.span, subject: "parameters")
    #expect(try ParametersCoder.decode(&reader, indexType: .int64) == parameters)
    #expect(throws: TrackerError.self) {
      try Parameters(metricKeys: ["ce"], listToKeep: most + [-1], modes: .all)
    }
    // The count stands before the one set, whose own count follows its type.
    bytes.removeLast(9)
    bytes.appendVarint(1 << 20)
    bytes.append(0)
    bytes.appendVarint(1 << 20)
    bytes += [0, 1, 0]
    var hostile = ByteReader(bytes.span, subject: "parameters")
    let error = #expect(throws: TrackerError.self) {
      try ParametersCoder.decode(&hostile, indexType: .int64)
    }
    #expect(error?.code == .limitExceeded)
  }
}
