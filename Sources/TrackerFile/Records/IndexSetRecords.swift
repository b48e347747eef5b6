import TrackerCodec
import TrackerModel

/// Reads index set records, following the one reference that such a record may hold.
struct IndexSetRecords {
  private var setCoder = IndexSetCoder()
  private var subsetCoder = SubsetCoder()
  /// Bases read last, the newest last, and what they may take.
  private var bases: [(storage: ObjectIdentifier, offset: UInt64, column: IndexColumn)] = []
  private let baseMemory: Int

  /// - Parameter baseMemory: bytes for bases that are kept between reads.
  init(baseMemory: Int = 0) { self.baseMemory = baseMemory }

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
      base = known(baseOffset) ?? kept(baseOffset, records)
      if base == nil {
        let column = try readBase(at: baseOffset, records)
        keep(column, baseOffset, records)
        base = column
      }
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

  private func kept(_ offset: UInt64, _ records: RecordReader) -> IndexColumn? {
    let storage = ObjectIdentifier(records.storage)
    return bases.first { $0.storage == storage && $0.offset == offset }?.column
  }

  private mutating func keep(_ column: IndexColumn, _ offset: UInt64, _ records: RecordReader) {
    guard baseMemory > 0 else { return }
    bases.append((ObjectIdentifier(records.storage), offset, column))
    var bytes = bases.reduce(0) { $0 + 8 * $1.column.count + $1.column.stringBytes }
    while bytes > baseMemory {
      let dropped = bases.removeFirst().column
      bytes -= 8 * dropped.count + dropped.stringBytes
    }
  }
}
