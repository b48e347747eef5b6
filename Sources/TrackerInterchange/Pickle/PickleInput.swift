import TrackerModel

/// The bytes of a pickle in order, a block at a time.
struct PickleInput {
  let file: any RandomAccessBytes
  let size: UInt64
  private var block: [UInt8]
  /// Bytes of the block that were read, and how many of them are behind.
  private var filled = 0
  private var place = 0
  /// Where the block begins in the file.
  private var base: UInt64 = 0

  /// The most that `need` may ask for.
  static let mostNeeded = 1 << 12

  init(_ file: any RandomAccessBytes) throws(TrackerError) {
    self.file = file
    size = try file.size()
    block = Array(repeating: 0, count: Int(min(1 << 18, max(size, 16))))
  }

  /// The place of the next byte.
  var offset: UInt64 { base + UInt64(place) }
  var remaining: UInt64 { size - min(size, offset) }

  /// Sees to it that so many bytes can be taken; false where the file ends before.
  @inline(__always)
  mutating func need(_ count: Int) throws(TrackerError) -> Bool {
    if filled - place >= count { return true }
    return try refill(count)
  }

  @inline(never)
  private mutating func refill(_ count: Int) throws(TrackerError) -> Bool {
    for position in place..<filled { block[position - place] = block[position] }
    base += UInt64(place)
    filled -= place
    place = 0
    let file = file
    while filled < count {
      let next = base + UInt64(filled)
      let start = filled
      var span = block.mutableSpan
      var room = span._mutatingExtracting(start...)
      let read = try file.read(at: next, into: &room)
      if read == 0 { return false }
      filled += read
    }
    return true
  }

  /// The next byte.
  ///
  /// - Precondition: it was seen to that it is there, as with all that take.
  @inline(__always)
  mutating func takeByte() -> UInt8 {
    defer { place += 1 }
    return block[place]
  }

  /// A little-endian integer of 1 to 8 bytes.
  @inline(__always)
  mutating func takeInteger(_ width: Int) -> UInt64 {
    var value: UInt64 = 0
    for position in 0..<width { value |= UInt64(block[place + position]) << UInt64(8 * position) }
    place += width
    return value
  }

  /// The bits of a big-endian float64.
  @inline(__always)
  mutating func takeFloat() -> UInt64 {
    var value: UInt64 = 0
    for position in 0..<8 { value = value << 8 | UInt64(block[place + position]) }
    place += 8
    return value
  }

  mutating func take(_ count: Int, into bytes: inout [UInt8]) {
    bytes.append(contentsOf: block[place..<place + count])
    place += count
  }

  /// Leaves out bytes without reading them.
  mutating func skip(_ count: UInt64) {
    if count <= UInt64(filled - place) {
      place += Int(count)
    } else {
      base = offset + count
      (filled, place) = (0, 0)
    }
  }

  /// Replaces `line` by the bytes up to the next line feed, and passes that.
  ///
  /// - Returns: false where none follows within `limit` bytes.
  mutating func takeLine(into line: inout [UInt8], limit: Int) throws(TrackerError) -> Bool {
    line.removeAll(keepingCapacity: true)
    while line.count < limit {
      guard try need(1) else { return false }
      var end = place
      while end < filled, block[end] != UInt8(ascii: "\n") { end += 1 }
      line.append(contentsOf: block[place..<end])
      let isWhole = end < filled
      place = isWhole ? end + 1 : end
      if isWhole { return line.count <= limit }
    }
    return false
  }
}
