import TrackerCodec
import TrackerModel

/// Reads index set records, following the one reference that such a record may hold.
struct IndexSetRecords {
  private var setCoder = IndexSetCoder()
  private var subsetCoder = SubsetCoder()

  /// The set in the record at `offset`.
  ///
  /// - Parameter known: sets read before, by their offsets.
  /// - Throws: `malformed` also where a base is not before its set or is a subset itself.
  mutating func read(
    at offset: UInt64, _ records: RecordReader, known: (UInt64) -> IndexColumn? = { _ in nil }
  ) throws(TrackerError) -> IndexColumn {
    var payload = Payload()
    try records.payload(.indexSet, at: offset, into: &payload)
    do throws(TrackerError) {
      guard let baseOffset = try SubsetCoder.base(of: payload.bytes.span) else {
        var reader = ByteReader(payload.bytes.span, subject: "index set")
        return try setCoder.decode(&reader)
      }
      guard baseOffset < offset else {
        throw TrackerError(.malformed, "index set", "its base is not before it", offset: 0)
      }
      let base: IndexColumn
      if let column = known(baseOffset) {
        base = column
      } else {
        var basePayload = Payload()
        try records.payload(.indexSet, at: baseOffset, into: &basePayload)
        var reader = ByteReader(basePayload.bytes.span, subject: "base of index set")
        base = try setCoder.decode(&reader)
      }
      var reader = ByteReader(payload.bytes.span, subject: "index set")
      return try subsetCoder.decode(&reader, base: base)
    } catch {
      throw error.shifted(by: payload.offset).inFile(records.storage.name)
    }
  }
}
