import TrackerCodec
import TrackerModel

/// Reads tiles and checks that they are those that a directory describes; keeps its buffers. One owner.
struct TileReader {
  private var payload = Payload()
  private var coder = TileCoder()

  /// Reads a tile's header and values.
  mutating func read(_ entry: TileEntry, _ records: RecordReader) throws(TrackerError)
    -> (header: TileHeader, values: ValueBuffer, coding: ValueCoding)
  {
    let buffer = ValueBuffer(entry.valueType)
    let (header, values, coding) = try read(entry, rows: nil, records, into: buffer)
    guard let coding else { preconditionFailure("whole tiles say how they are coded") }
    return (header, values, coding)
  }

  /// Reads some rows of a tile, all of which it has.
  ///
  /// - Parameter buffer: memory for the values, whatever it holds.
  mutating func decode(
    _ entry: TileEntry, rows: RowSelection, _ records: RecordReader,
    into buffer: consuming ValueBuffer
  ) throws(TrackerError) -> DecodedTile {
    let wanted = rows.rows(of: entry.rowCount)
    let (header, values, _) = try read(entry, rows: wanted, records, into: buffer)
    // Where most of the tile was decoded, its memory is not kept for a part.
    return DecodedTile(header, wanted == nil ? values : values.compacted())
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

  /// The header is the one that a tile of just those rows would have, but for its index set.
  private mutating func read(
    _ entry: TileEntry, rows: [Int]?, _ records: RecordReader, into buffer: consuming ValueBuffer
  ) throws(TrackerError) -> (TileHeader, ValueBuffer, ValueCoding?) {
    var values = buffer
    let (header, coding) = try read(entry, records) {
      (coder, reader, header) throws(TrackerError) -> (TileHeader, ValueCoding?) in
      if let rows {
        return (try coder.decodeValues(&reader, of: header, rows: rows, into: &values), nil)
      }
      return (header, try coder.decodeValues(&reader, of: header, into: &values))
    }
    return (header, values, coding)
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
        header.indexSet == entry.indexSet,
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
