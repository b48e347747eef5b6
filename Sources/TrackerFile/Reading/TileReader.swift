import TrackerCodec
import TrackerModel

/// Reads tiles and checks that they are those that a directory describes; keeps its buffers. One owner.
struct TileReader {
  private var payload = Payload()
  private var coder = TileCoder()

  /// Reads a tile's header and values, and checks its sources.
  mutating func read(_ entry: TileEntry, _ records: RecordReader) throws(TrackerError)
    -> (header: TileHeader, values: ValueBuffer, coding: ValueCoding)
  {
    let buffer = ValueBuffer(entry.valueType)
    let found = try read(entry, rows: nil, readsSources: true, records, into: buffer)
    guard let coding = found.coding else {
      preconditionFailure("whole tiles say how they are coded")
    }
    return (found.header, found.values, coding)
  }

  /// Reads some rows of a tile, all of which it has.
  ///
  /// - Parameters:
  ///   - readsSources: whether who recorded each point is read, too.
  ///   - buffer: memory for the values, whatever it holds.
  mutating func decode(
    _ entry: TileEntry, rows: RowSelection, readsSources: Bool = false, _ records: RecordReader,
    into buffer: consuming ValueBuffer
  ) throws(TrackerError) -> DecodedTile {
    let wanted = rows.rows(of: entry.rowCount)
    let found = try read(entry, rows: wanted, readsSources: readsSources, records, into: buffer)
    // Where most of the tile was decoded, its memory is not kept for a part.
    return DecodedTile(
      found.header, wanted == nil ? found.values : found.values.compacted(), found.sources)
  }

  private struct Content {
    /// The one that a tile of just the rows read would have, but for its index set.
    var header: TileHeader
    var values: ValueBuffer
    var coding: ValueCoding?
    var sources: [UInt32] = []
  }

  /// Puts the values of a tile, each cell of which holds one, in their places of a matrix.
  ///
  /// - Throws: what reading throws; then any of their places may hold anything.
  mutating func decode(
    _ entry: TileEntry, _ records: RecordReader, into matrix: inout ValueBuffer,
    at places: MatrixPlaces
  ) throws(TrackerError) {
    try read(entry, records) { (coder, reader, header) throws(TrackerError) in
      guard header.presence.words == nil else {
        throw reader.malformed("a full tile lists which cells hold points")
      }
      try coder.decodeValues(&reader, of: header, into: &matrix, at: places)
    }
  }

  private mutating func read(
    _ entry: TileEntry, rows: [Int]?, readsSources: Bool, _ records: RecordReader,
    into buffer: consuming ValueBuffer
  ) throws(TrackerError) -> Content {
    var values = buffer
    var content = try read(entry, records) {
      (coder, reader, header) throws(TrackerError) -> Content in
      var content = Content(header: header, values: ValueBuffer(header.valueType))
      if let rows {
        content.header = try coder.decodeValues(&reader, of: header, rows: rows, into: &values)
      } else {
        content.coding = try coder.decodeValues(&reader, of: header, into: &values)
      }
      // A tile that no directory lists has places of identities that nobody knows.
      if readsSources, header.sources != .none, !entry.identities.isEmpty {
        content.sources = try coder.decodeSources(
          &reader, of: header, rows: rows, identityCount: entry.identities.count)
      }
      return content
    }
    content.values = values
    return content
  }

  /// Calls `body` with a reader that stands before the values of a tile that is the one described.
  private mutating func read<Result>(
    _ entry: TileEntry, _ records: RecordReader,
    _ body: (inout TileCoder, inout ByteReader, TileHeader) throws(TrackerError) -> Result
  ) throws(TrackerError) -> Result {
    try records.payload(.tile, at: entry.offset, into: &payload)
    // Spans borrow the whole reader, so the buffer leaves it for the call.
    var held = Payload()
    swap(&held, &payload)
    defer { swap(&held, &payload) }
    do throws(TrackerError) {
      var reader = ByteReader(held.bytes.span, subject: "tile")
      let header = try coder.decodeHeader(&reader)
      guard header.channel == entry.channel, header.valueType == entry.valueType,
        header.columns == entry.columns, header.rowCount == entry.rowCount,
        header.indexSet == entry.indexSet, header.sources == entry.sources,
        UInt64(held.bytes.count) == entry.payloadLength,
        header.presence.pointCount == entry.statistics.pointCount
      else {
        throw TrackerError(
          .malformed, "tile", "it is not the one that the directory describes", offset: 0)
      }
      return try body(&coder, &reader, header)
    } catch {
      throw error.shifted(by: held.offset).inFile(records.storage.name)
    }
  }
}
