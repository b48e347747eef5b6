public import TrackerModel

/// Where a tracker's bytes are: a file, memory, or a fault injector over either.
///
/// Any thread may read; one at a time writes, truncates and synchronizes. Offsets count from the first
/// byte of the header.
public protocol Storage: AnyObject, Sendable {
  /// What error texts call it.
  var name: String { get }

  func size() throws(TrackerError) -> UInt64

  /// Fills `buffer` from `offset` on; returns fewer bytes only at the end.
  func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int

  /// Writes all of `bytes` at `offset`, growing the storage as needed.
  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(TrackerError)

  func truncate(to size: UInt64) throws(TrackerError)

  /// Returns once everything written is durable.
  func synchronize() throws(TrackerError)

  /// Becomes the one writer, waiting up to `seconds` for another to end.
  func lockForWriting(waitingUpTo seconds: Double) throws(TrackerError)

  /// Whether another is writing just now.
  func isLockedByWriter() throws(TrackerError) -> Bool

  /// Gives locks and descriptors back.
  func close()
}

extension Storage {
  /// The `count` bytes at `offset`.
  ///
  /// - Throws: `truncated` where there are fewer, before memory is taken.
  func readExactly(at offset: UInt64, count: Int, within size: UInt64, into buffer: inout [UInt8])
    throws(TrackerError)
  {
    guard offset <= size, UInt64(count) <= size - offset else {
      throw TrackerError(
        .truncated, "read", "\(count) bytes expected, the file has \(size) in all", file: name,
        offset: offset)
    }
    if buffer.count > count {
      buffer.removeLast(buffer.count - count)
    } else if buffer.count < count {
      buffer.append(contentsOf: repeatElement(0, count: count - buffer.count))
    }
    var span = buffer.mutableSpan
    let found = try read(at: offset, into: &span)
    guard found == count else {
      throw TrackerError(
        .truncated, "read", "\(count) bytes expected, \(found) found: the file has shrunk",
        file: name, offset: offset)
    }
  }
}
