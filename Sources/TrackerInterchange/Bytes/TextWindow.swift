import TrackerModel

/// The part of a source that is being read, in one reused buffer.
///
/// Readers parse what the window holds, ask for more where a record does not end in it, and mark
/// what they are done with. Bytes move only when the window is extended, so ranges in `bytes` stay
/// good until then.
struct TextWindow {
  private let source: any ByteSource
  var bytes: [UInt8]
  /// The unread bytes.
  private(set) var range = 0..<0
  private(set) var isAtEnd = false
  /// Bytes before `range`, counted from the start of the source.
  private(set) var consumed: UInt64 = 0

  private static let blockSize = 1 << 18

  init(_ source: any ByteSource) {
    self.source = source
    bytes = [UInt8](repeating: 0, count: Self.blockSize)
  }

  mutating func consume(_ count: Int) {
    range = range.lowerBound + count..<range.upperBound
    consumed += UInt64(count)
  }

  /// Makes the unread bytes more, or `isAtEnd` true; returns false where they are as many as one
  /// record may have already.
  ///
  /// Fills the buffer, so that the caller, which parses the record anew, does so a few times only.
  mutating func extend() throws(TrackerError) -> Bool {
    let held = range.count
    if held > InterchangeLimits.maxRecordBytes { return false }
    if range.lowerBound > 0 {
      for offset in 0..<held { bytes[offset] = bytes[range.lowerBound + offset] }
    }
    range = 0..<held
    if held == bytes.count {
      bytes.append(contentsOf: repeatElement(0, count: bytes.count))
    }
    while !isAtEnd, range.upperBound < bytes.count {
      let count = try Self.read(source, into: &bytes, from: range.upperBound)
      if count == 0 { isAtEnd = true }
      range = 0..<range.upperBound + count
    }
    return true
  }

  private static func read(_ source: any ByteSource, into bytes: inout [UInt8], from start: Int)
    throws(TrackerError) -> Int
  {
    var all = bytes.mutableSpan
    var room = all._mutatingExtracting(start...)
    return try source.read(into: &room)
  }

  /// Passes over the mark that some programs put before UTF-8 text. Called before anything is read.
  mutating func skipByteOrderMark() throws(TrackerError) {
    _ = try extend()
    if range.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { consume(3) }
  }
}

/// What is wrong with a record, at a position counted from its start.
struct TextFault: Error {
  var position: Int
  var detail: String
}
