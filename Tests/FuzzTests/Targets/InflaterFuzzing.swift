import TrackerModel

@testable import TrackerCodec

/// The own inflater of literals beside zlib's.
enum InflaterFuzzing {
  /// Two bytes that say how long the output is, then a stream.
  static func compare(_ bytes: [UInt8]) {
    guard bytes.count >= 2 else { return }
    let count = Int(bytes[0]) | Int(bytes[1] & 15) << 8
    let stream = bytes.span.extracting(2...)
    var own = [UInt8](repeating: 0xA5, count: count)
    var inflater = LiteralInflater()
    var room = own.mutableSpan
    let isRead = inflater.inflate(stream, into: &room)
    // zlib decides on all else; asking it each time would take most of the time.
    guard isRead else { return }
    var expected = [UInt8](repeating: 0x5A, count: count)
    var target = expected.mutableSpan
    do throws(TrackerError) {
      try Inflater().inflate(stream, into: &target)
    } catch {
      require(false, "zlib refuses a stream that was read: \(error)")
    }
    require(own == expected, "streams of literals give what zlib gives")
  }
}
