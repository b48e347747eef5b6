public import TrackerModel
public import TrackerSystem

/// A tracker in a file that is only read, and need not stay open: there may be any number of them.
public final class PooledFileStorage: Storage {
  public let file: PooledFile
  public var name: String { file.path }

  public init(path: String) throws(TrackerError) { file = try PooledFile(path: path) }

  public func size() throws(TrackerError) -> UInt64 { try file.handle().size() }

  public func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) throws(TrackerError)
    -> Int
  { try file.handle().read(at: offset, into: &buffer) }

  public func isLockedByWriter() throws(TrackerError) -> Bool {
    try file.handle().isLockedByWriter()
  }

  public func close() { file.close() }

  public func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(TrackerError) {
    throw isReadOnly("write")
  }

  public func truncate(to size: UInt64) throws(TrackerError) { throw isReadOnly("truncate") }

  public func synchronize() throws(TrackerError) { throw isReadOnly("sync") }

  public func lockForWriting(waitingUpTo seconds: Double) throws(TrackerError) {
    throw isReadOnly("lock")
  }

  private func isReadOnly(_ operation: String) -> TrackerError {
    TrackerError(.closed, operation, "the file was opened to be read only", file: name)
  }
}
