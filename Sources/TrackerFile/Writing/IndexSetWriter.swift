import TrackerCodec
import TrackerModel

/// Writes index sets once: a set that was written lately is referred to.
///
/// Remembers a hash of each of the last sets and verifies a match against the record itself, so that
/// memory does not grow with their size.
struct IndexSetWriter {
  private var offsets: [UInt64: UInt64] = [:]
  private var order: [UInt64] = []
  private var coder = IndexSetCoder()

  /// The offset of a record that holds these rows.
  mutating func write(_ rows: IndexColumn, to writer: TrackerWriter) throws(TrackerError)
    -> UInt64
  {
    try IndexSetCoder.check(rows)
    let key = Self.hash(rows)
    if let offset = offsets[key], try isStored(rows, at: offset, writer) { return offset }
    var payload: [UInt8] = []
    coder.encode(rows, into: &payload)
    let offset = try writer.append(.indexSet, payload.span).offset
    if offsets.updateValue(offset, forKey: key) == nil {
      order.append(key)
      if order.count > 4096 { offsets[order.removeFirst()] = nil }
    }
    return offset
  }

  private mutating func isStored(_ rows: IndexColumn, at offset: UInt64, _ writer: TrackerWriter)
    throws(TrackerError) -> Bool
  {
    // A failed append is written over: an offset beyond the end is none.
    guard offset < writer.position else { return false }
    let records = RecordReader(storage: writer.storage, size: writer.position)
    var payload = Payload()
    do throws(TrackerError) {
      try records.payload(.indexSet, at: offset, into: &payload)
      var reader = ByteReader(payload.bytes.span, subject: "index set")
      return try coder.decode(&reader) == rows
    } catch {
      guard error.isAboutBytes else { throw error }
      return false
    }
  }

  /// FNV-1a over whole words; equal columns give equal hashes in every process.
  private static func hash(_ rows: IndexColumn) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func mix(_ word: UInt64) {
      hash = (hash ^ word) &* 0x0000_0100_0000_01B3
      hash ^= hash >> 29
    }
    switch rows {
    case .integers(let values): for value in values { mix(UInt64(bitPattern: value)) }
    case .strings(let column):
      for byte in column.bytes { mix(UInt64(byte)) }
      for offset in column.offsets { mix(UInt64(offset)) }
    }
    return hash
  }
}
