public import TrackerModel
import TrackerCodec

/// The first 24 bytes of a file.
///
/// The magic is built as PNG's: a byte with the high bit set, the name, then line ends and a
/// control-Z that text-mode transfers damage.
public struct FileHeader: Sendable, Hashable {
  public static let size = 24
  static let magic: [UInt8] = [0x89, 0x54, 0x52, 0x4B, 0x0D, 0x0A, 0x1A, 0x0A]
  public static let currentMajor: UInt16 = 1
  public static let currentMinor: UInt16 = 0

  public var major: UInt16 = FileHeader.currentMajor
  public var minor: UInt16 = FileHeader.currentMinor
  public var indexType: IndexType

  public init(indexType: IndexType) { self.indexType = indexType }

  func encoded() -> [UInt8] {
    var bytes = Self.magic
    bytes.appendFixed(major)
    bytes.appendFixed(minor)
    bytes.append(indexType.rawValue)
    bytes.append(contentsOf: repeatElement(0, count: 7))
    bytes.appendFixed(Checksum.crc32(bytes.span))
    return bytes
  }

  /// - Throws: `notATrackerFile`, `unsupportedVersion`, `truncated`, `checksumMismatch` or
  ///   `malformed`.
  init(_ bytes: Span<UInt8>) throws(TrackerError) {
    let subject = "file header"
    for position in 0..<min(bytes.count, Self.magic.count)
    where bytes[position] != Self.magic[position] {
      let textMode = position >= 4
      throw TrackerError(
        .notATrackerFile, subject, "the magic differs", offset: UInt64(position),
        remedy: textMode
          ? "the file seems to have been copied in text mode: copy it again as binary"
          : "this is not a tracker file")
    }
    guard bytes.count >= Self.size else {
      throw TrackerError(
        .truncated, subject, "\(Self.size) bytes expected, \(bytes.count) found",
        offset: UInt64(bytes.count))
    }
    var reader = ByteReader(bytes, subject: subject)
    _ = try reader.readBytes(8, "magic")
    major = try reader.readFixed(UInt16.self, "major version")
    minor = try reader.readFixed(UInt16.self, "minor version")
    let typeByte = try reader.readUInt8("index type")
    _ = try reader.readBytes(7, "reserved")
    let expected = try reader.readFixed(UInt32.self, "checksum")
    let found = Checksum.crc32(bytes.extracting(0..<20))
    guard found == expected else {
      throw TrackerError(
        .checksumMismatch, subject, "checksum \(hex(found)), expected \(hex(expected))", offset: 20)
    }
    guard major == Self.currentMajor else {
      throw TrackerError(
        .unsupportedVersion, subject,
        "major version \(major), this reader knows \(Self.currentMajor)", offset: 8,
        remedy: "read it with a newer version")
    }
    guard let indexType = IndexType(rawValue: typeByte) else {
      throw TrackerError(.malformed, subject, "unknown index type \(typeByte)", offset: 12)
    }
    self.indexType = indexType
  }
}

func hex(_ value: UInt32) -> String {
  let digits = String(value, radix: 16)
  return "0x" + String(repeating: "0", count: 8 - digits.utf8.count) + digits
}
