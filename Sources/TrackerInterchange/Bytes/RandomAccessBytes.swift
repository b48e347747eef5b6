public import TrackerModel
public import TrackerSystem

/// Bytes that can be read anywhere, as archives need it.
public protocol RandomAccessBytes: AnyObject {
  func size() throws(TrackerError) -> UInt64
  /// Fills `buffer` from `offset` on; fewer bytes only at the end.
  func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int
}

extension FileHandle: RandomAccessBytes {}

/// An archive in memory.
public final class MemoryBytes: RandomAccessBytes {
  private let bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public func size() throws(TrackerError) -> UInt64 { UInt64(bytes.count) }

  public func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) throws(TrackerError)
    -> Int
  {
    guard offset < UInt64(bytes.count) else { return 0 }
    let start = Int(offset)
    let count = min(buffer.count, bytes.count - start)
    for position in 0..<count { buffer[position] = bytes[start + position] }
    return count
  }
}
