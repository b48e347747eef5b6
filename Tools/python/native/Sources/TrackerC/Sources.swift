import CTrackerState
import TrackerFile
import TrackerModel

/// Bytes that a caller's functions give: to be read only.
///
/// SAFETY: the caller says that its functions may be called by several threads at once, and stay until
/// every handle that was made from the source is released.
@safe final class CallerStorage: Storage, @unchecked Sendable {
  let name: String
  private let context: UnsafeMutableRawPointer?
  private let length: @convention(c) (UnsafeMutableRawPointer?) -> Int64
  private let readBytes:
    @convention(c) (UnsafeMutableRawPointer?, Int64, UnsafeMutableRawPointer?, Int64) -> Int64

  init(_ source: trk_source) throws {
    guard let length = unsafe source.length, let read = unsafe source.read else {
      throw Argument.invalid("a source's functions are NULL")
    }
    name = try unsafe Argument.text(source.name, "source.name") ?? "source"
    unsafe context = unsafe source.context
    unsafe self.length = unsafe length
    unsafe readBytes = unsafe read
  }

  func size() throws(TrackerError) -> UInt64 {
    guard let size = unsafe UInt64(exactly: length(context)) else {
      throw TrackerError(.system, "read", "its length cannot be told", file: name)
    }
    return size
  }

  func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int {
    guard let start = Int64(exactly: offset) else { return 0 }
    let context = unsafe context
    let readBytes = unsafe readBytes
    let count = unsafe buffer.withUnsafeMutableBytes { bytes in
      unsafe bytes.isEmpty ? 0 : readBytes(context, start, bytes.baseAddress, Int64(bytes.count))
    }
    guard (0...Int64(buffer.count)).contains(count) else {
      throw TrackerError(
        .system, "read", count < 0 ? "reading failed" : "\(count) bytes given for \(buffer.count)",
        file: name, offset: offset)
    }
    return Int(count)
  }

  private var readOnly: TrackerError {
    TrackerError(.system, "write", "it can only be read", file: name)
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(TrackerError) { throw readOnly }
  func truncate(to size: UInt64) throws(TrackerError) { throw readOnly }
  func synchronize() throws(TrackerError) { throw readOnly }
  func lockForWriting(waitingUpTo seconds: Double) throws(TrackerError) { throw readOnly }
  /// Nobody writes while it is read.
  func isLockedByWriter() -> Bool { false }
  func close() {}
}
