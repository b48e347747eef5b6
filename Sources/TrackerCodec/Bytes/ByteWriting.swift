public import TrackerModel

/// The writing counterpart of `ByteReader`.
extension [UInt8] {
  public mutating func appendFixed<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) {
    for byte in 0..<Value.bitWidth / 8 {
      append(UInt8(truncatingIfNeeded: value >> (8 * byte)))
    }
  }

  public mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  public mutating func appendVarint(_ value: Int) {
    precondition(value >= 0, "counts are not negative")
    appendVarint(UInt64(value))
  }

  public mutating func appendSigned(_ value: Int64) {
    appendVarint(ZigZag.encode(value))
  }

  public mutating func appendName(_ name: Name) {
    appendVarint(name.utf8.count)
    append(contentsOf: name.utf8)
  }

  public mutating func append(_ bytes: Span<UInt8>) {
    let start = count
    // Zeros first, then over them: two passes of vectors, where appending takes a check a byte.
    append(contentsOf: repeatElement(0, count: bytes.count))
    var target = mutableSpan
    var room = target._mutatingExtracting(start...)
    for position in bytes.indices { room[position] = bytes[position] }
  }
}

/// Signed integers as unsigned ones whose size follows the magnitude: 0, -1, 1, -2, … → 0, 1, 2, 3, …
public enum ZigZag {
  @inlinable
  public static func encode(_ value: Int64) -> UInt64 {
    UInt64(bitPattern: (value << 1) ^ (value >> 63))
  }

  @inlinable
  public static func decode(_ value: UInt64) -> Int64 {
    Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }
}
