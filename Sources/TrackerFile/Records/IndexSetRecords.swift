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
    let name = records.storage.name
    var baseOffset: UInt64?
    do throws(TrackerError) {
      baseOffset = try SubsetCoder.base(of: payload.bytes.span)
      if let baseOffset, baseOffset >= offset {
        throw TrackerError(.malformed, "index set", "its base is not before it", offset: 0)
      }
    } catch {
      throw error.shifted(by: payload.offset).inFile(name)
    }
    // Errors name the record at fault: a base is one of its own.
    var base: IndexColumn?
    if let baseOffset {
      base = known(baseOffset)
      if base == nil { base = try readBase(at: baseOffset, records) }
    }
    do throws(TrackerError) {
      var reader = ByteReader(payload.bytes.span, subject: "index set")
      guard let base else { return try setCoder.decode(&reader) }
      return try subsetCoder.decode(&reader, base: base)
    } catch {
      throw error.shifted(by: payload.offset).inFile(name)
    }
  }

  private mutating func readBase(at offset: UInt64, _ records: RecordReader) throws(TrackerError)
    -> IndexColumn
  {
    var payload = Payload()
    try records.payload(.indexSet, at: offset, into: &payload)
    do throws(TrackerError) {
      var reader = ByteReader(payload.bytes.span, subject: "base of index set")
      return try setCoder.decode(&reader)
    } catch {
      throw error.shifted(by: payload.offset).inFile(records.storage.name)
    }
  }
}
