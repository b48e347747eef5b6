import TrackerCodec
import TrackerModel

/// Reads tiles and checks that they are those that a directory describes; keeps its buffers. One owner.
struct TileReader {
  private var payload = Payload()
  private var coder = TileCoder()

  /// - Parameter values: replaced by the bits of the tile's values.
  mutating func read(
    _ entry: TileEntry, _ records: RecordReader, into values: inout [UInt64]
  ) throws(TrackerError) -> (header: TileHeader, coding: ValueCoding) {
    try read(entry, records) { (coder, reader, header) throws(TrackerError) in
      (header, try coder.decodeValues(&reader, of: header, into: &values))
    }
  }

  /// Reads some rows of a tile.
  ///
  /// - Parameters:
  ///   - rows: ascending, each once; nil for all.
  ///   - values: replaced by the bits of their values.
  /// - Returns: the header that a tile of just those rows would have, but for its index set.
  mutating func read(
    _ entry: TileEntry, rows: [Int]?, _ records: RecordReader, into values: inout [UInt64]
  ) throws(TrackerError) -> TileHeader {
    guard let rows else { return try read(entry, records, into: &values).header }
    return try read(entry, records) { (coder, reader, header) throws(TrackerError) in
      try coder.decodeValues(&reader, of: header, rows: rows, into: &values)
    }
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
