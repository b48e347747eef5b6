import TrackerModel
import TrackerCodec

/// A payload of a file and where it begins, for errors with offsets in the file.
public struct Payload: Sendable {
  public var bytes: [UInt8] = []
  public var offset: UInt64 = 0

  public init() {}
}

/// Reads records, checking bounds and checksums before anything is believed.
struct RecordReader: Sendable {
  let storage: any Storage
  /// The bytes that are there; those that a writer adds later are not looked at.
  let size: UInt64

  func header(at offset: UInt64) throws(TrackerError) -> RecordHeader {
    var bytes: [UInt8] = []
    do throws(TrackerError) {
      // Bytes of the file header and what follows it could be made to look like one.
      guard offset >= UInt64(FileHeader.size), offset < size,
        size - offset >= UInt64(RecordHeader.size)
      else {
        throw TrackerError(
          .malformed, "record", "no record can stand at \(offset) of \(size) bytes",
          offset: offset)
      }
      try storage.readExactly(at: offset, count: RecordHeader.size, within: size, into: &bytes)
      let header = try RecordHeader(bytes.span, at: offset)
      let room = size - offset - UInt64(RecordHeader.size)
      guard header.payloadLength <= room else {
        throw TrackerError(
          .truncated, "record", "a payload of \(header.payloadLength) bytes, \(room) are there",
          offset: offset)
      }
      guard header.payloadLength <= UInt64(Limits.maxRecordBytes) else {
        throw TrackerError(
          .limitExceeded, "record",
          "a payload of \(header.payloadLength) bytes, the limit is \(Limits.maxRecordBytes)",
          offset: offset)
      }
      return header
    } catch {
      throw error.inFile(storage.name)
    }
  }

  /// Reads the payload of the record at `offset`, of the kind expected.
  ///
  /// - Parameter checksum: what a reference says of the payload; nil where it says nothing.
  func payload(
    _ kind: RecordKind, at offset: UInt64, checksum: UInt32? = nil, into payload: inout Payload
  ) throws(TrackerError) {
    let header = try header(at: offset)
    guard header.kind == kind.rawValue else {
      throw TrackerError(
        .malformed, "record", "expected \(kind), found \(Self.name(header.kind))",
        file: storage.name, offset: offset)
    }
    try self.payload(of: header, at: offset, into: &payload)
    if let checksum, checksum != header.payloadChecksum {
      throw TrackerError(
        .checksumMismatch, "\(kind)",
        "checksum \(hex(header.payloadChecksum)), its reference says \(hex(checksum))",
        file: storage.name, offset: offset)
    }
  }

  func payload(of header: RecordHeader, at offset: UInt64, into payload: inout Payload)
    throws(TrackerError)
  {
    let start = offset + UInt64(RecordHeader.size)
    try storage.readExactly(
      at: start, count: Int(header.payloadLength), within: size, into: &payload.bytes)
    payload.offset = start
    let found = Checksum.crc32(payload.bytes.span)
    guard found == header.payloadChecksum else {
      throw TrackerError(
        .checksumMismatch, Self.name(header.kind),
        "checksum \(hex(found)), expected \(hex(header.payloadChecksum))", file: storage.name,
        offset: offset, remedy: "run 'tracker verify' to see what is damaged")
    }
  }

  static func name(_ kind: UInt8) -> String {
    RecordKind(rawValue: kind)?.description ?? "unknown record kind \(kind)"
  }
}
