public import TrackerModel

/// A cursor over bytes from outside: every read is checked, and a failed one moves nothing.
///
/// Errors carry offsets counted from the first byte given; `TrackerError.shifted(by:)` makes them
/// offsets in a file.
public struct ByteReader: ~Escapable {
  @usableFromInline let bytes: Span<UInt8>
  /// Bytes read so far.
  public private(set) var position = 0
  /// What error texts call the bytes, such as "tile".
  public let subject: String

  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>, subject: String) {
    self.bytes = bytes
    self.subject = subject
  }

  public var remaining: Int { bytes.count - position }

  public func malformed(_ detail: String) -> TrackerError {
    TrackerError(.malformed, subject, detail, offset: UInt64(position))
  }

  /// Whether the next bytes are the same as some that were read.
  func repeats(_ start: Int, _ length: Int) -> Bool {
    guard length <= remaining else { return false }
    for place in 0..<length where bytes[start + place] != bytes[position + place] { return false }
    return true
  }

  private func need(_ count: Int, _ what: String) throws(TrackerError) {
    guard count <= remaining else {
      throw TrackerError(
        .truncated, subject, "\(what) needs \(count) bytes, \(remaining) are left",
        offset: UInt64(position))
    }
  }

  @_lifetime(self: copy self)
  public mutating func readUInt8(_ what: String) throws(TrackerError) -> UInt8 {
    try need(1, what)
    defer { position += 1 }
    return bytes[position]
  }

  /// A little-endian integer of fixed width.
  @_lifetime(self: copy self)
  public mutating func readFixed<Value: FixedWidthInteger & UnsignedInteger>(
    _ type: Value.Type, _ what: String
  ) throws(TrackerError) -> Value {
    let width = Value.bitWidth / 8
    try need(width, what)
    // Concrete, then converted: other modules call this unspecialized, where each step costs a call.
    var value: UInt64 = 0
    for byte in 0..<width { value |= UInt64(bytes[position + byte]) << UInt64(8 * byte) }
    position += width
    return Value(truncatingIfNeeded: value)
  }

  /// An LEB128 integer: 7 bits a byte, low bits first; at most 10 bytes, no longer than needed.
  @_lifetime(self: copy self)
  public mutating func readVarint(_ what: String) throws(TrackerError) -> UInt64 {
    // Most are of one byte.
    if position < bytes.count, bytes[position] < 0x80 {
      position += 1
      return UInt64(bytes[position - 1])
    }
    var value: UInt64 = 0
    var length = 0
    while length < 10 {
      guard position + length < bytes.count else { break }
      let byte = bytes[position + length]
      if length == 9, byte > 1 { throw malformed("\(what) exceeds 64 bits") }
      value |= UInt64(byte & 0x7F) << (7 * length)
      length += 1
      if byte & 0x80 == 0 {
        // One value, one encoding: equal content must give equal bytes.
        if byte == 0, length > 1 { throw malformed("\(what) is longer than needed") }
        position += length
        return value
      }
    }
    throw TrackerError(
      .truncated, subject, "\(what) ends within an integer", offset: UInt64(position))
  }

  /// A varint that must not exceed `limit`.
  @_lifetime(self: copy self)
  public mutating func readCount(_ what: String, limit: Int) throws(TrackerError) -> Int {
    let start = position
    let value = try readVarint(what)
    guard value <= UInt64(limit) else {
      position = start
      throw TrackerError(
        .limitExceeded, subject, "\(what) is \(value), the limit is \(limit)",
        offset: UInt64(start))
    }
    return Int(value)
  }

  /// A signed integer in zigzag form: 0, -1, 1, -2, …
  @_lifetime(self: copy self)
  public mutating func readSigned(_ what: String) throws(TrackerError) -> Int64 {
    ZigZag.decode(try readVarint(what))
  }

  /// The next `count` bytes, uncopied.
  @_lifetime(copy self)
  public mutating func readBytes(_ count: Int, _ what: String) throws(TrackerError) -> Span<UInt8> {
    try need(count, what)
    let start = position
    position += count
    return bytes.extracting(start..<start + count)
  }

  /// A name: a length, then UTF-8.
  @_lifetime(self: copy self)
  public mutating func readName(_ what: String) throws(TrackerError) -> Name {
    let start = position
    let count = try readCount("length of \(what)", limit: Limits.maxNameBytes)
    let bytes = try readBytes(count, what)
    var copy: [UInt8] = []
    copy.reserveCapacity(count)
    for position in bytes.indices { copy.append(bytes[position]) }
    guard let name = Name(utf8: copy) else {
      position = start
      throw malformed("\(what) is not valid UTF-8")
    }
    return name
  }
}
