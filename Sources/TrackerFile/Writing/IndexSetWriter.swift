import TrackerCodec
import TrackerModel

/// Writes index sets once: a set that was written lately is referred to.
///
/// Remembers a hash of each of the last sets and verifies a match against the record itself, so that
/// memory does not grow with their number; and the indices of some: the last that came again,
/// and bases of others.
struct IndexSetWriter {
  private var offsets: [UInt64: UInt64] = [:]
  private var order: [UInt64] = []
  private var coder = IndexSetCoder()
  private var subsetCoder = SubsetCoder()
  private var stored = IndexSetRecords()
  private var bases = IndexSetBases()
  private var recent = RecentIndexSets()

  /// The offset of a record that holds these rows.
  mutating func write(_ rows: IndexColumn, to writer: TrackerWriter) throws(TrackerError)
    -> UInt64
  {
    if let offset = recent.offset(of: rows) { return offset }
    try IndexSetCoder.check(rows)
    let key = Self.hash(rows)
    if let offset = offsets[key], try isStored(rows, at: offset, writer) {
      // It came twice: a third time is likely.
      recent.append(rows, at: offset)
      return offset
    }
    let offset = try append(rows, to: writer)
    if offsets.updateValue(offset, forKey: key) == nil {
      order.append(key)
      if order.count > 4096 { offsets[order.removeFirst()] = nil }
    }
    return offset
  }

  /// Forgets what is written over.
  mutating func rollBack(to offset: UInt64) {
    bases.remove(from: offset)
    recent.remove(from: offset)
  }

  private mutating func append(_ rows: IndexColumn, to writer: TrackerWriter)
    throws(TrackerError) -> UInt64
  {
    if rows.count >= IndexSetBases.minRows, let place = bases.place(for: rows) {
      return try append(rows, base: place, to: writer)
    }
    var payload: [UInt8] = []
    coder.encode(rows, into: &payload)
    let offset = try writer.append(.indexSet, payload.span).offset
    // Sets of a byte an index or less are near their entropy already.
    if rows.count >= IndexSetBases.minRows, payload.count > rows.count {
      bases.append(
        IndexSetBases.Base(offset: offset, indices: rows, bytes: payload.count, seen: rows))
    }
    return offset
  }

  private mutating func append(
    _ rows: IndexColumn, base place: Int, to writer: TrackerWriter
  ) throws(TrackerError) -> UInt64 {
    var base = bases[place]
    var divided = rows.divided(by: base.indices)
    if divided.others.count > 0 {
      let seen = base.seen.union(divided.others)
      let isWithinLimits =
        seen.count <= Limits.maxTileRows && seen.stringBytes <= Limits.maxIndexSetStringBytes
      if base.bytesOfOthers > base.bytes, isWithinLimits {
        var payload: [UInt8] = []
        coder.encode(seen, into: &payload)
        base = IndexSetBases.Base(
          offset: try writer.append(.indexSet, payload.span).offset, indices: seen,
          bytes: payload.count, seen: seen)
        divided = rows.divided(by: seen)
      } else if isWithinLimits {
        base.seen = seen
      }
    }
    var payload: [UInt8] = []
    base.bytesOfOthers += subsetCoder.encode(
      base: base.offset, rows: divided.rows, others: divided.others, into: &payload)
    let offset = try writer.append(.indexSet, payload.span).offset
    bases[place] = base
    return offset
  }

  private mutating func isStored(_ rows: IndexColumn, at offset: UInt64, _ writer: TrackerWriter)
    throws(TrackerError) -> Bool
  {
    // A failed append is written over: an offset beyond the end is none.
    guard offset < writer.position else { return false }
    let records = RecordReader(storage: writer.storage, size: writer.position)
    do throws(TrackerError) {
      return try stored.read(at: offset, records) == rows
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
    case .integers(let values):
      // Four at a time: one product need not wait for the one before.
      let values = values.span
      var (a, b, c, d): (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
      func mixRow(_ row: Int, into lane: inout UInt64) {
        lane = (lane ^ UInt64(bitPattern: values[row])) &* 0x0000_0100_0000_01B3
        lane ^= lane >> 29
      }
      let whole = values.count & ~3
      for row in stride(from: 0, to: whole, by: 4) {
        mixRow(row, into: &a)
        mixRow(row + 1, into: &b)
        mixRow(row + 2, into: &c)
        mixRow(row + 3, into: &d)
      }
      for row in whole..<values.count { mixRow(row, into: &a) }
      for lane in [a, b, c, d] { mix(lane) }
    case .strings(let column):
      for byte in column.bytes { mix(UInt64(byte)) }
      for offset in column.offsets { mix(UInt64(offset)) }
    }
    return hash
  }
}
