import TrackerCodec
import TrackerModel

/// Fields of several parts of a commit.
enum CommitFields {
  // MARK: Writing

  static func append(
    _ step: Int64?, _ epoch: Int64?, _ wallTime: UInt64?, _ bytes: inout [UInt8]
  ) {
    if let step { bytes.appendSigned(step) }
    if let epoch { bytes.appendSigned(epoch) }
    if let wallTime { bytes.appendVarint(wallTime) }
  }

  static func append(_ index: InstanceIndex, _ bytes: inout [UInt8]) {
    switch index {
    case .integer(let value): bytes.appendSigned(value)
    case .string(let name):
      bytes.appendVarint(name.utf8.count)
      bytes.append(contentsOf: name.utf8)
    }
  }

  // MARK: Reading

  /// A count of things that take at least a byte each.
  @_lifetime(reader: copy reader)
  static func count(_ reader: inout ByteReader, _ what: String, limit: Int)
    throws(TrackerError) -> Int
  {
    try reader.readCount("number of \(what)", limit: min(limit, reader.remaining))
  }

  /// A number below `count`.
  @_lifetime(reader: copy reader)
  static func place(_ reader: inout ByteReader, _ what: String, in count: Int)
    throws(TrackerError) -> Int
  {
    let number = try reader.readVarint(what)
    guard number < UInt64(count) else {
      throw reader.malformed("\(what) \(number) of \(count)")
    }
    return Int(number)
  }

  @_lifetime(reader: copy reader)
  static func number(_ reader: inout ByteReader, _ what: String) throws(TrackerError)
    -> UInt32
  {
    let value = try reader.readVarint(what)
    guard let number = UInt32(exactly: value) else {
      throw reader.malformed("\(what) \(value) exceeds 32 bits")
    }
    return number
  }

  @_lifetime(reader: copy reader)
  static func readReference(
    _ reader: inout ByteReader, _ isPresent: Bool, below limit: UInt64
  ) throws(TrackerError) -> RecordReference? {
    guard isPresent else { return nil }
    let offset = try reader.readVarint("offset of a record")
    // Only backwards: no chain of references can run in a circle.
    guard offset < limit else {
      throw reader.malformed("a reference to \(offset), at or after \(limit)")
    }
    return RecordReference(
      offset: offset, checksum: try reader.readFixed(UInt32.self, "checksum"))
  }

  @_lifetime(reader: copy reader)
  static func readMoment(_ reader: inout ByteReader, _ flags: UInt64)
    throws(TrackerError) -> (step: Int64?, epoch: Int64?, wallTime: UInt64?)
  {
    let step = flags & CommitFlags.step != 0 ? try reader.readSigned("step") : nil
    let epoch = flags & CommitFlags.epoch != 0 ? try reader.readSigned("epoch") : nil
    let wallTime = flags & CommitFlags.wallTime != 0 ? try reader.readVarint("wall time") : nil
    return (step, epoch, wallTime)
  }

  @_lifetime(reader: copy reader)
  static func readIndex(_ reader: inout ByteReader, _ type: IndexType)
    throws(TrackerError) -> InstanceIndex
  {
    switch type {
    case .int64: return .integer(try reader.readSigned("index"))
    case .string:
      let length = try reader.readCount("length of index", limit: Limits.maxIndexBytes)
      let span = try reader.readBytes(length, "index")
      var bytes: [UInt8] = []
      bytes.append(span)
      guard let name = Name(utf8: bytes) else {
        throw reader.malformed("an index is not valid UTF-8")
      }
      return .string(name)
    }
  }
}
