import TrackerCodec
import TrackerModel

/// Writes and reads what a directory says of one tile, but for its channel and identities, which stand in
/// tables (see `CommitTables`).
enum DirectoryEntryCoder {
  /// The bytes of the smallest entry, with its channel and identity set: of one column, without points.
  static let minBytes = 12

  static func encode(_ entry: TileEntry, into bytes: inout [UInt8]) {
    bytes.appendVarint(entry.offset)
    bytes.appendVarint(entry.payloadLength)
    ColumnListCoder.encode(entry.columns, into: &bytes)
    bytes.appendVarint(entry.rowCount)
    bytes.append(TileFlags(entry.indexSet, entry.sources).byte)
    switch entry.indexSet {
    case .dense: CommitFields.append(entry.firstIndex, &bytes)
    case .record(let offset):
      bytes.appendVarint(offset)
      CommitFields.append(entry.firstIndex, &bytes)
      CommitFields.append(entry.lastIndex, &bytes)
    }
    let statistics = entry.statistics
    bytes.appendVarint(statistics.pointCount)
    bytes.appendVarint(statistics.nanCount)
    // Without a value that is not NaN there is no minimum, maximum or sum.
    if let min = statistics.min, let max = statistics.max {
      bytes.appendFixed(min)
      bytes.appendFixed(max)
      bytes.appendFixed(statistics.sum.bitPattern)
    }
  }

  @_lifetime(reader: copy reader)
  static func decode(
    _ reader: inout ByteReader, _ typed: CommitTables.TypedChannel, _ indexType: IndexType,
    _ lastColumns: inout ColumnListCoder.Last, _ memory: inout DirectoryMemory
  ) throws(TrackerError) -> TileEntry {
    let offset = try reader.readVarint("offset of tile")
    let payloadLength = try reader.readVarint("length of tile")
    if try ColumnListCoder.decode(&reader, last: &lastColumns) {
      try memory.take(lastColumns.columns.count, TileColumn.self, reader)
      try memory.take(1, of: DirectoryMemory.arrayBytes, reader)
    }
    let columns = lastColumns.columns
    let rowCount = try reader.readCount("rows of tile", limit: Limits.maxTileRows)
    guard rowCount > 0 else { throw reader.malformed("a tile has no row") }
    let byte = try reader.readUInt8("tile flags")
    guard let flags = TileFlags(byte: byte) else {
      throw reader.malformed("unknown tile flags \(byte)")
    }
    let indexSet: IndexSetReference
    let first: InstanceIndex
    let last: InstanceIndex
    if !flags.hasIndexSetRecord {
      guard indexType == .int64 else { throw reader.malformed("a dense range of strings") }
      let start = try reader.readSigned("first index")
      guard start <= Int64.max - Int64(rowCount - 1) else {
        throw reader.malformed("a dense range exceeds Int64")
      }
      indexSet = .dense(first: start)
      first = .integer(start)
      last = .integer(start + Int64(rowCount - 1))
    } else {
      indexSet = .record(offset: try reader.readVarint("offset of index set"))
      first = try CommitFields.readIndex(&reader, indexType)
      last = try CommitFields.readIndex(&reader, indexType)
      guard rowCount == 1 ? first == last : first < last else {
        throw reader.malformed("the first index of a tile does not sort before the last")
      }
    }
    var statistics = TileStatistics()
    statistics.pointCount = try reader.readCount("points", limit: rowCount * columns.count)
    statistics.nanCount = try reader.readCount("NaN values", limit: statistics.pointCount)
    if statistics.nanCount < statistics.pointCount {
      statistics.min = try reader.readFixed(UInt64.self, "minimum")
      statistics.max = try reader.readFixed(UInt64.self, "maximum")
      statistics.sum = Double(bitPattern: try reader.readFixed(UInt64.self, "sum"))
    }
    return TileEntry(
      channel: typed.channel, valueType: typed.valueType, offset: offset,
      payloadLength: payloadLength, columns: columns, rowCount: rowCount, indexSet: indexSet,
      firstIndex: first, lastIndex: last, statistics: statistics, identities: [],
      sources: flags.sources)
  }
}
