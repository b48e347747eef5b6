import TrackerModel

/// One stretch of a file: a whole record, or bytes that are none.
enum FileRegion: Sendable, Hashable {
  case record(kind: UInt8, offset: UInt64, length: UInt64)
  /// A record whose header verifies but whose payload does not.
  case damagedRecord(kind: UInt8, offset: UInt64, length: UInt64)
  /// Bytes in which no record begins.
  case damagedBytes(offset: UInt64, length: UInt64)
}

/// Walks all of a file, going on behind damage.
///
/// Headers name their own offset in their checksum, so that nothing inside a payload passes for a
/// record. Complexity: O(file), and O(damaged bytes) for the search.
struct RecordWalk {
  private let records: RecordReader
  private var offset = UInt64(FileHeader.size)

  init(_ records: RecordReader) { self.records = records }

  mutating func next() throws(TrackerError) -> FileRegion? {
    guard offset < records.size else { return nil }
    let start = offset
    do throws(TrackerError) {
      let header = try records.header(at: start)
      let length = UInt64(RecordHeader.size) + header.payloadLength
      offset = start + length
      var payload = Payload()
      do throws(TrackerError) {
        try records.payload(of: header, at: start, into: &payload)
        return .record(kind: header.kind, offset: start, length: length)
      } catch {
        guard error.isAboutBytes else { throw error }
        return .damagedRecord(kind: header.kind, offset: start, length: length)
      }
    } catch {
      guard error.isAboutBytes else { throw error }
    }
    offset = try nextHeader(after: start) ?? records.size
    return .damagedBytes(offset: start, length: offset - start)
  }

  /// The next offset at which a record header verifies.
  private func nextHeader(after start: UInt64) throws(TrackerError) -> UInt64? {
    let marker = RecordHeader.marker
    var block: [UInt8] = []
    var base = start + 1
    while base + UInt64(RecordHeader.size) <= records.size {
      let count = Int(min(1 << 18, records.size - base))
      try records.storage.readExactly(at: base, count: count, within: records.size, into: &block)
      for position in 0...max(0, count - marker.count)
      where block[position] == marker[0] && position + marker.count <= count
        && block[position..<position + marker.count].elementsEqual(marker)
      {
        let candidate = base + UInt64(position)
        do throws(TrackerError) {
          _ = try records.header(at: candidate)
          return candidate
        } catch {
          guard error.isAboutBytes else { throw error }
        }
      }
      if count < 1 << 18 { return nil }
      base += UInt64(count - marker.count + 1)
    }
    return nil
  }
}
