public import TrackerModel

/// Reads comma-separated values (RFC 4180) record by record from a stream.
///
/// Fields are ranges of a buffer that is reused for the next record. Lines end in LF or CRLF, the
/// last one with or without either; a byte order mark is skipped, and so are empty lines. A record
/// has at most `InterchangeLimits.maxRecordBytes`.
public struct CSVReader {
  /// Where a field's bytes lie, quotes removed.
  public struct Field: Sendable, Hashable {
    public internal(set) var range: Range<Int>
    /// Tells an empty text, written as `""`, from nothing.
    public internal(set) var isQuoted: Bool
    var hasDoubledQuotes = false
  }

  private var window: TextWindow
  private let name: String
  private var recordLength = 0
  private var linesInRecord: UInt64 = 0
  private var atStart = true

  public private(set) var fields: [Field] = []
  /// The line, from 1, on which the record begins.
  public private(set) var line: UInt64 = 1

  public init(_ source: any ByteSource) {
    window = TextWindow(source)
    name = source.name
  }

  /// The bytes that the fields' ranges are in.
  public var bytes: Span<UInt8> {
    @_lifetime(borrow self) get { window.bytes.span }
  }

  /// Bytes of the source before the record.
  public var bytesRead: UInt64 { window.consumed }

  /// Moves to the next record; false at the end.
  ///
  /// - Throws: `badInput` for a quote that is not closed, or is not around a whole field, for a lone
  ///   carriage return and for a record beyond the limits.
  public mutating func readRecord() throws(TrackerError) -> Bool {
    while true {
      window.consume(recordLength)
      line += linesInRecord
      (recordLength, linesInRecord) = (0, 0)
      if atStart {
        atStart = false
        try window.skipByteOrderMark()
      }
      guard let found = try scan() else { return false }
      (recordLength, linesInRecord) = found
      if fields.count == 1, fields[0].range.isEmpty, !fields[0].isQuoted { continue }
      unescape()
      return true
    }
  }

  /// An error about the current record.
  public func error(_ detail: String, remedy: String? = nil) -> TrackerError {
    TrackerError(
      .badInput, "CSV line \(line)", detail, file: name, offset: window.consumed, remedy: remedy)
  }

  /// Finds the fields of the record at the front of the window, extending it until it is whole.
  private mutating func scan() throws(TrackerError) -> (length: Int, lines: UInt64)? {
    // Taken out, because a span of the window borrows all of self.
    var found: [Field] = []
    swap(&found, &fields)
    defer { swap(&found, &fields) }
    while true {
      if window.range.isEmpty, window.isAtEnd { return nil }
      do {
        if let extent = try Self.scan(
          window.bytes.span, window.range, isWhole: window.isAtEnd, into: &found)
        {
          return extent
        }
      } catch {
        var shown = self.error(error.detail)
        shown.offset = window.consumed + UInt64(error.position)
        throw shown
      }
      guard try window.extend() else {
        throw self.error(
          "the record is longer than \(InterchangeLimits.maxRecordBytes) bytes",
          remedy: "look for a quote that is not closed")
      }
    }
  }

  /// The record at the front of `range`: its length with its line end, and the line ends in it.
  /// Nil where it does not end there and more bytes may follow.
  private static func scan(
    _ bytes: Span<UInt8>, _ range: Range<Int>, isWhole: Bool, into fields: inout [Field]
  ) throws(TextFault) -> (length: Int, lines: UInt64)? {
    fields.removeAll(keepingCapacity: true)
    let (start, end) = (range.lowerBound, range.upperBound)
    var position = start
    var lines: UInt64 = 0
    while true {
      var field = Field(range: position..<position, isQuoted: false)
      if position < end, bytes[position] == UInt8(ascii: "\"") {
        guard let quoted = try scanQuoted(bytes, position..<end, start, isWhole, &lines) else {
          return nil
        }
        field = quoted
        position = quoted.range.upperBound + 1
      } else {
        let first = position
        // Everything that ends a field is at most a comma; digits and letters are above it.
        while position < end {
          let byte = bytes[position]
          if byte <= UInt8(ascii: ","), endsField(byte) { break }
          position += 1
        }
        field.range = first..<position
      }
      guard position < end || isWhole else { return nil }
      fields.append(field)
      guard fields.count <= InterchangeLimits.maxColumns else {
        throw TextFault(
          position: position - start,
          detail: "a record has more than \(InterchangeLimits.maxColumns) fields")
      }
      guard position < end else { return (position - start, lines) }
      switch bytes[position] {
      case UInt8(ascii: ","):
        position += 1
      case UInt8(ascii: "\n"):
        return (position + 1 - start, lines + 1)
      case UInt8(ascii: "\r"):
        guard position + 1 < end else {
          if isWhole { return (position + 1 - start, lines) }
          return nil
        }
        guard bytes[position + 1] == UInt8(ascii: "\n") else {
          throw TextFault(
            position: position - start,
            detail: "a carriage return without a line feed outside quotes")
        }
        return (position + 2 - start, lines + 1)
      default:
        throw TextFault(
          position: position - start,
          detail: field.isQuoted
            ? "expected a comma or a line end after a closing quote"
            : "a quote within a field that is not quoted")
      }
    }
  }

  @inline(__always)
  private static func endsField(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
      || byte == UInt8(ascii: "\"")
  }

  /// The field within the quotes that open `range`.
  private static func scanQuoted(
    _ bytes: Span<UInt8>, _ range: Range<Int>, _ start: Int, _ isWhole: Bool,
    _ lines: inout UInt64
  ) throws(TextFault) -> Field? {
    var position = range.lowerBound + 1
    var doubled = false
    while position < range.upperBound {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\n") { lines += 1 }
      if byte == UInt8(ascii: "\"") {
        guard position + 1 < range.upperBound else {
          // The next byte decides whether this quote closes the field.
          guard isWhole else { return nil }
          break
        }
        if bytes[position + 1] != UInt8(ascii: "\"") { break }
        doubled = true
        position += 1
      }
      position += 1
    }
    if position >= range.upperBound {
      guard isWhole else { return nil }
      throw TextFault(position: range.lowerBound - start, detail: "a quote is not closed")
    }
    return Field(
      range: range.lowerBound + 1..<position, isQuoted: true, hasDoubledQuotes: doubled)
  }

  /// Makes doubled quotes single ones, in place.
  private mutating func unescape() {
    for index in fields.indices where fields[index].hasDoubledQuotes {
      let range = fields[index].range
      var target = range.lowerBound
      var position = range.lowerBound
      while position < range.upperBound {
        let byte = window.bytes[position]
        window.bytes[target] = byte
        target += 1
        position += byte == UInt8(ascii: "\"") ? 2 : 1
      }
      fields[index].range = range.lowerBound..<target
    }
  }
}
