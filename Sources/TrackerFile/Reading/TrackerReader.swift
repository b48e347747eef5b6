public import TrackerCodec
public import TrackerModel
import TrackerSystem

/// Which commit of a file to look at.
public enum CommitSelector: Sendable, Hashable {
  case last
  /// The commit with this place in the file, wherever its parents lead.
  case sequence(UInt64)
  /// The newest ancestor of the last commit that was made at exactly this step.
  case step(Int64)
}

/// Reads a tracker as of one commit. Needs no lock: later commits of a writer are not looked at.
///
/// One owner: it keeps buffers and index sets between reads.
public final class TrackerReader {
  public let storage: any Storage
  public let header: FileHeader
  /// Bytes that were there when the file was opened.
  public let size: UInt64
  public let snapshot: Snapshot
  /// Bytes behind the last commit that no writer is adding; nil where there are none.
  public let tail: Tail?

  /// How many cores scans of this tracker decode tiles on, their own thread's included; nil for all
  /// that the process may use.
  public var cores: Int?

  /// Where the last commit of the file ends, whichever is looked at.
  let endOfCommits: UInt64
  let records: RecordReader
  /// How many bytes of index sets are kept for tiles that are read later.
  public var indexSetMemory = 1 << 25
  private var indexSets: [UInt64: IndexColumn] = [:]
  private var indexSetOrder: [UInt64] = []
  private var indexSetBytes = 0
  private var payload = Payload()
  private lazy var coders = Coders()

  /// Made when they are first used: there may be thousands of readers, of which scans use none of these.
  private final class Coders {
    var tiles = TileReader()
    var indexSets = IndexSetRecords()
    // Taken out for use: spans must not depend on this object.
    var headers: TileCoder?
    var unsealed: UnsealedCoder?
  }

  public var name: String { storage.name }
  public var indexType: IndexType { header.indexType }

  /// Opens a file. It need not stay open (see `DescriptorPool`): there may be any number of readers.
  ///
  /// Complexity: O(log commits) reads of directories, and the records of the last commit.
  /// - Throws: `notATrackerFile`, `unsupportedVersion` and the like; `outOfRange` where the commit
  ///   selected is not there. A file without a commit opens, with an empty snapshot.
  public convenience init(path: String, at selector: CommitSelector = .last) throws(TrackerError) {
    try self.init(PooledFileStorage(path: path), at: selector)
  }

  public init(_ storage: any Storage, at selector: CommitSelector = .last) throws(TrackerError) {
    self.storage = storage
    let wasLocked = try storage.isLockedByWriter()
    size = try storage.size()
    header = try Self.readHeader(storage, size: size)
    let records = RecordReader(storage: storage, size: size)
    self.records = records
    let locator = CommitLocator(records: records, indexType: header.indexType)
    let last = try locator.last()
    let end = last?.end ?? UInt64(FileHeader.size)
    endOfCommits = end
    // A writer at work, now or while the file was opened, explains bytes behind the last commit.
    if end < size, !wasLocked, try !storage.isLockedByWriter(), try storage.size() == size {
      tail = Tail(offset: end, length: size - end)
    } else {
      tail = nil
    }
    var selected = last
    if let last, selector != .last {
      selected = try CommitHistory(locator: locator, last: last).select(selector)
    } else if selector != .last {
      throw TrackerError(
        .noCommit, "open", "the file holds no commit", file: storage.name)
    }
    guard let selected else {
      snapshot = Snapshot()
      return
    }
    snapshot = try SnapshotLoader(locator: locator).load(selected)
  }

  /// Looks at all that a writer has appended so far, committed or not; valid until it goes on.
  public init(viewing writer: TrackerWriter) throws(TrackerError) {
    storage = writer.storage
    size = writer.position
    header = FileHeader(indexType: writer.indexType)
    records = RecordReader(storage: storage, size: size)
    endOfCommits = size
    tail = nil
    var snapshot = Snapshot()
    snapshot.commit = writer.head
    snapshot.tiles = writer.tiles
    snapshot.unsealed = writer.unsealed
    self.snapshot = snapshot
  }

  /// Looks at a snapshot that was gathered in another way than from the last commit.
  init(_ storage: any Storage, header: FileHeader, size: UInt64, _ snapshot: Snapshot) {
    self.storage = storage
    self.size = size
    self.header = header
    self.snapshot = snapshot
    records = RecordReader(storage: storage, size: size)
    endOfCommits = size
    tail = nil
  }

  static func readHeader(_ storage: any Storage, size: UInt64) throws(TrackerError) -> FileHeader {
    var bytes: [UInt8] = []
    try storage.readExactly(
      at: 0, count: Int(min(size, UInt64(FileHeader.size))), within: size, into: &bytes)
    do throws(TrackerError) {
      return try FileHeader(bytes.span)
    } catch {
      throw error.inFile(storage.name)
    }
  }

  public func close() { storage.close() }

  /// What the last selection kept, by channel; empty where none was stored.
  public func keptSets() throws(TrackerError) -> [KeptSets] {
    try SnapshotLoader(locator: CommitLocator(records: records, indexType: indexType))
      .keptSets(
        snapshot.keptSetsRecord,
        pointCount: snapshot.tiles.reduce(0) { $0 &+ $1.statistics.pointCount })
  }

  // MARK: Records

  /// The rows of a tile. Recently used index sets are kept.
  public func indices(of entry: TileEntry) throws(TrackerError) -> IndexColumn {
    try indices(entry.indexSet, rowCount: entry.rowCount)
  }

  func indices(_ reference: IndexSetReference, rowCount: Int) throws(TrackerError) -> IndexColumn {
    try indices(reference, rowCount: rowCount, &coders.indexSets)
  }

  /// - Parameter decoder: its buffers are used.
  func indices(
    _ reference: IndexSetReference, rowCount: Int, _ decoder: inout IndexSetRecords
  ) throws(TrackerError) -> IndexColumn {
    switch reference {
    case .dense(let first):
      return .integers((0..<Int64(rowCount)).map { first + $0 })
    case .record(let offset):
      let column: IndexColumn
      if let kept = indexSets[offset] {
        column = kept
      } else {
        column = try readIndexSet(at: offset, &decoder)
        keep(column, at: offset)
      }
      try column.checkCount(rowCount, at: offset, name)
      return column
    }
  }

  private func readIndexSet(at offset: UInt64, _ decoder: inout IndexSetRecords)
    throws(TrackerError) -> IndexColumn
  {
    let known = indexSets
    let column = try decoder.read(at: offset, records) { known[$0] }
    try column.checkType(indexType, at: offset, name)
    return column
  }

  private func keep(_ column: IndexColumn, at offset: UInt64) {
    let size = Self.bytes(column)
    guard size <= indexSetMemory else { return }
    while indexSetBytes + size > indexSetMemory || indexSetOrder.count >= 64 {
      guard let dropped = indexSets.removeValue(forKey: indexSetOrder.removeFirst()) else { break }
      indexSetBytes -= Self.bytes(dropped)
    }
    indexSets[offset] = column
    indexSetOrder.append(offset)
    indexSetBytes += size
  }

  private static func bytes(_ column: IndexColumn) -> Int {
    switch column {
    case .integers(let values): 8 * values.count
    case .strings(let strings): 8 * strings.count + strings.bytes.count
    }
  }

  /// Decodes a tile.
  ///
  /// - Returns: its values column by column, rows ascending, absent cells left out; sources are checked,
  ///   too.
  /// - Throws: where the tile is damaged, or is not the one that the directory describes.
  public func readTile(_ entry: TileEntry) throws(TrackerError)
    -> (header: TileHeader, values: ValueBuffer, coding: ValueCoding)
  {
    try coders.tiles.read(entry, records)
  }

  /// Decodes what stands before a tile's values.
  public func readTileHeader(_ entry: TileEntry) throws(TrackerError) -> TileHeader {
    var coder = coders.headers.take() ?? TileCoder()
    defer { coders.headers = coder }
    try records.payload(.tile, at: entry.offset, into: &payload)
    do throws(TrackerError) {
      var reader = ByteReader(payload.bytes.span, subject: "tile")
      return try coder.decodeHeader(&reader)
    } catch {
      throw error.shifted(by: payload.offset).inFile(name)
    }
  }

  /// A directory entry for a tile that no directory lists, made from the tile itself; nil where it
  /// or its index set is damaged.
  ///
  /// - Throws: where reading fails: such a tile is not lost.
  func describeTile(at offset: UInt64) throws(TrackerError) -> TileEntry? {
    var coder = coders.headers.take() ?? TileCoder()
    defer { coders.headers = coder }
    do throws(TrackerError) {
      try records.payload(.tile, at: offset, into: &payload)
      let length = payload.bytes.count
      var reader = ByteReader(payload.bytes.span, subject: "tile")
      let header = try coder.decodeHeader(&reader)
      var values = ValueBuffer(header.valueType)
      _ = try coder.decodeValues(&reader, of: header, into: &values)
      let rows = try indices(header.indexSet, rowCount: header.rowCount)
      return TileEntry(
        channel: header.channel, valueType: header.valueType, offset: offset,
        payloadLength: UInt64(length), columns: header.columns, rowCount: header.rowCount,
        indexSet: header.indexSet, firstIndex: rows[0], lastIndex: rows[rows.count - 1],
        statistics: TileStatistics(values), identities: [], sources: header.sources)
    } catch {
      guard error.isAboutBytes else { throw error }
      return nil
    }
  }

  /// The records of an unsealed group, oldest first: later ones replace values of earlier ones.
  public func unsealedPoints(of group: UnsealedGroup) throws(TrackerError) -> [UnsealedPoints] {
    var coder = coders.unsealed.take() ?? UnsealedCoder()
    defer { coders.unsealed = coder }
    var found: [UnsealedPoints] = []
    var offset = group.newestRecord
    while offset != 0 {
      try records.payload(.unsealed, at: offset, into: &payload)
      do throws(TrackerError) {
        var reader = ByteReader(payload.bytes.span, subject: "unsealed points")
        let points = try coder.decode(&reader)
        guard points.channel == group.channel, points.epoch == group.epoch,
          points.valueType == group.valueType, points.indices.type == indexType,
          points.previous < offset, found.count < group.recordCount
        else {
          throw TrackerError(
            .malformed, "unsealed points", "they are not those that the commit names", offset: 0)
        }
        found.append(points)
        offset = points.previous
      } catch {
        throw error.shifted(by: payload.offset).inFile(name)
      }
    }
    let pointCount = found.reduce(0) { $0 + $1.indices.count }
    guard found.count == group.recordCount, pointCount == group.pointCount else {
      throw TrackerError(
        .malformed, "unsealed points",
        "\(found.count) records of \(pointCount) points, the commit names \(group.recordCount) of"
          + " \(group.pointCount)", file: name, offset: group.newestRecord)
    }
    found.reverse()
    return found
  }
}
