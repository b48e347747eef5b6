import Foundation
import TrackerCodec

/// A gzipped JSON file of Tests/Fixtures.
enum FixtureFile {
  struct NotGzip: Error {}

  static func json(_ path: String) throws -> [String: Any] {
    let folder = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent()
    let file = folder.appendingPathComponent("Fixtures").appendingPathComponent(path)
    let text = try gunzip([UInt8](Data(contentsOf: file)))
    guard let object = try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any] else {
      throw CocoaError(.propertyListReadCorrupt)
    }
    return object
  }

  /// RFC 1952: a header, one raw deflate stream, a checksum and the length.
  private static func gunzip(_ bytes: [UInt8]) throws -> [UInt8] {
    guard bytes.count > 18, bytes[0] == 0x1F, bytes[1] == 0x8B, bytes[2] == 8, bytes[3] & ~8 == 0
    else { throw NotGzip() }
    var start = 10
    if bytes[3] & 8 != 0 {
      // The original file's name, ended by a zero.
      while bytes[start] != 0 { start += 1 }
      start += 1
    }
    let length = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    var text = [UInt8](repeating: 0, count: length)
    var span = text.mutableSpan
    try Inflater().inflate(bytes.span.extracting(start..<bytes.count - 8), into: &span)
    return text
  }
}
