public import TrackerModel

/// Reads newline-delimited JSON from a stream: one object a line, its scalar members by name.
///
/// Strict (RFC 8259, valid UTF-8, no lone surrogates, no member twice). Numbers stay as their bytes,
/// so that whoever wants them decides how they are rounded. Arrays and objects within are checked
/// and skipped. Empty lines and a byte order mark are skipped. A line has at most
/// `InterchangeLimits.maxRecordBytes`.
public struct JSONReader {
  /// One member of the object, as ranges of `bytes`.
  public struct Member: Sendable, Hashable {
    /// The name, escapes decoded.
    public internal(set) var name: Range<Int>
    /// The text of a string, escapes decoded; or the value as written.
    public internal(set) var value: Range<Int>
    public internal(set) var kind: JSONKind
    var nameHasEscapes: Bool
    var valueHasEscapes: Bool
  }

  private var window: TextWindow
  private let name: String
  private var lineLength = 0
  private var atStart = true

  public private(set) var members: [Member] = []
  /// The line, from 1, of the object.
  public private(set) var line: UInt64 = 0

  public init(_ source: any ByteSource) {
    window = TextWindow(source)
    name = source.name
  }

  /// The bytes that the members' ranges are in.
  public var bytes: Span<UInt8> {
    @_lifetime(borrow self) get { window.bytes.span }
  }

  /// Bytes of the source before the line.
  public var bytesRead: UInt64 { window.consumed }

  /// Moves to the next object; false at the end.
  public mutating func readObject() throws(TrackerError) -> Bool {
    while try readLine() {
      let content = window.range.lowerBound..<window.range.lowerBound + lineLength
      // Taken out, because a span of the window borrows all of self.
      var found: [Member] = []
      swap(&found, &members)
      do {
        defer { swap(&found, &members) }
        guard try Self.scan(window.bytes.span, content, into: &found) else { continue }
      } catch {
        var shown = self.error(error.detail)
        shown.offset = window.consumed + UInt64(error.position)
        throw shown
      }
      decodeEscapes()
      try rejectDuplicates()
      return true
    }
    return false
  }

  private static func scan(
    _ bytes: Span<UInt8>, _ line: Range<Int>, into members: inout [Member]
  ) throws(TextFault) -> Bool {
    var scanner = JSONScanner(bytes, line)
    return try scanner.scanObject(into: &members)
  }

  /// An error about the current object.
  public func error(_ detail: String, remedy: String? = nil) -> TrackerError {
    TrackerError(
      .badInput, "NDJSON line \(line)", detail, file: name, offset: window.consumed, remedy: remedy)
  }

  private mutating func readLine() throws(TrackerError) -> Bool {
    window.consume(lineLength)
    lineLength = 0
    if atStart {
      atStart = false
      try window.skipByteOrderMark()
    }
    line += 1
    var searched = 0
    while true {
      if let length = lengthOfLine(after: searched) {
        lineLength = length
        return true
      }
      searched = window.range.count
      if window.isAtEnd {
        lineLength = searched
        return searched > 0
      }
      guard try window.extend() else {
        throw self.error("the line is longer than \(InterchangeLimits.maxRecordBytes) bytes")
      }
    }
  }

  /// The bytes up to the first line feed that is not among the `searched` ones, and itself.
  private func lengthOfLine(after searched: Int) -> Int? {
    let unread = window.bytes.span.extracting(window.range)
    var position = searched
    while position < unread.count {
      if unread[position] == UInt8(ascii: "\n") { return position + 1 }
      position += 1
    }
    return nil
  }

  private mutating func decodeEscapes() {
    for index in members.indices {
      if members[index].nameHasEscapes {
        members[index].name = JSONEscape.decode(&window.bytes, members[index].name)
      }
      if members[index].valueHasEscapes {
        members[index].value = JSONEscape.decode(&window.bytes, members[index].value)
      }
    }
  }

  /// Two members of one name mean different things to different readers.
  private func rejectDuplicates() throws(TrackerError) {
    let bytes = window.bytes.span
    // At most maxColumns members, so the square of their number is small.
    for later in members.indices {
      let name = bytes.extracting(members[later].name)
      for earlier in 0..<later where members[earlier].name.count == name.count {
        if Self.areEqual(name, bytes.extracting(members[earlier].name)) {
          throw error("the member \(UTF8Text.shown(name)) stands twice")
        }
      }
    }
  }

  private static func areEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    for position in left.indices where left[position] != right[position] { return false }
    return true
  }
}
