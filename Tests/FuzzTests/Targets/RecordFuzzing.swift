import TrackerCodec
import TrackerModel

@testable import TrackerFile

/// The two headers of the container level.
enum RecordFuzzing {
  static func readFileHeader(_ bytes: [UInt8]) {
    guard let header = try? FileHeader(bytes.span) else { return }
    let again = header.encoded()
    require((try? FileHeader(again.span)) == header, "a file header reads as it was written")
  }

  /// The record's offset in 8 bytes, then its header.
  static func readRecordHeader(_ bytes: [UInt8]) {
    guard bytes.count >= 32 else { return }
    let offset = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
    let header = bytes.span.extracting(8..<32)
    guard let read = try? RecordHeader(header, at: offset) else { return }
    let again = read.encoded(at: offset)
    require((try? RecordHeader(again.span, at: offset)) == read, "a header reads as it was written")
    require(
      (try? RecordHeader(header, at: offset ^ 1)) == nil, "a header counts at its own offset only")
  }
}
