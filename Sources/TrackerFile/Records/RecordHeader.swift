import TrackerModel
import TrackerCodec

/// What a record holds. Raw values are the Spec's; readers skip those they do not know.
public enum RecordKind: UInt8, Sendable, CustomStringConvertible {
  case indexSet = 1
  case tile = 2
  case unsealed = 3
  case parameters = 4
  case keptSets = 5
  case commit = 6

  public var description: String {
    switch self {
    case .indexSet: "index set"
    case .tile: "tile"
    case .unsealed: "unsealed points"
    case .parameters: "parameters"
    case .keptSets: "kept sets"
    case .commit: "commit"
    }
  }
}

/// The 24 bytes before each record's payload.
///
/// The checksum of the header covers the record's own offset, so that bytes of another record, left
/// behind by a crash or standing inside a payload, never pass for one here.
public struct RecordHeader: Sendable, Hashable {
  public static let size = 24
  static let marker: [UInt8] = [0x8A, 0x54, 0x72, 0x0A]

  public var kind: UInt8
  public var payloadLength: UInt64
  public var payloadChecksum: UInt32

  public var knownKind: RecordKind? { RecordKind(rawValue: kind) }

  /// - Parameters:
  ///   - payload, rest: the payload, which is both end to end.
  init(kind: RecordKind, payload: Span<UInt8>, rest: Span<UInt8>) {
    self.kind = kind.rawValue
    payloadLength = UInt64(payload.count + rest.count)
    payloadChecksum = Checksum.crc32(rest, continuing: Checksum.crc32(payload))
  }

  func encoded(at offset: UInt64) -> [UInt8] {
    var bytes = Self.marker
    bytes.append(kind)
    bytes.append(contentsOf: repeatElement(0, count: 3))
    bytes.appendFixed(payloadLength)
    bytes.appendFixed(payloadChecksum)
    bytes.appendFixed(Self.checksum(bytes.span, at: offset))
    return bytes
  }

  private static func checksum(_ bytes: Span<UInt8>, at offset: UInt64) -> UInt32 {
    var place: [UInt8] = []
    place.appendFixed(offset)
    return Checksum.crc32(bytes, continuing: Checksum.crc32(place.span))
  }

  /// - Parameter bytes: the 24 bytes at `offset`.
  /// - Throws: `malformed` or `checksumMismatch`, with offsets in the file.
  init(_ bytes: Span<UInt8>, at offset: UInt64) throws(TrackerError) {
    do throws(TrackerError) {
      var reader = ByteReader(bytes, subject: "record header")
      for byte in Self.marker {
        guard try reader.readUInt8("marker") == byte else {
          throw TrackerError(.malformed, "record header", "no record begins here", offset: 0)
        }
      }
      kind = try reader.readUInt8("kind")
      _ = try reader.readBytes(3, "flags")
      payloadLength = try reader.readFixed(UInt64.self, "payload length")
      payloadChecksum = try reader.readFixed(UInt32.self, "payload checksum")
      let expected = try reader.readFixed(UInt32.self, "header checksum")
      let found = Self.checksum(bytes.extracting(0..<20), at: offset)
      guard found == expected else {
        throw TrackerError(
          .checksumMismatch, "record header", "checksum \(hex(found)), expected \(hex(expected))",
          offset: 0)
      }
    } catch {
      throw error.shifted(by: offset)
    }
  }
}
