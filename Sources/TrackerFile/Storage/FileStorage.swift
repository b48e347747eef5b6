public import TrackerModel
public import TrackerSystem

/// A tracker in a file.
public final class FileStorage: Storage {
  public let handle: FileHandle
  public let name: String

  /// Opened for writing, what killed writers left beside the file is removed (see `Leftovers`).
  public init(path: String, mode: FileHandle.Mode) throws(TrackerError) {
    // Before the lock: what was killed on giving a file its name left the same file under two.
    if mode == .readWrite { Leftovers.remove(besides: path) }
    handle = try FileHandle(path: path, mode: mode)
    name = path
    guard try handle.isRegularFile() else {
      throw TrackerError(
        .notATrackerFile, "open", "not a regular file", file: path,
        remedy: "give the path of a tracker file")
    }
  }

  /// A file that is being written under another name than its own.
  public init(handle: FileHandle, name: String) {
    self.handle = handle
    self.name = name
  }

  public func size() throws(TrackerError) -> UInt64 { try handle.size() }

  public func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) throws(TrackerError)
    -> Int
  { try handle.read(at: offset, into: &buffer) }

  public func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(TrackerError) {
    try handle.write(bytes, at: offset)
  }

  public func truncate(to size: UInt64) throws(TrackerError) { try handle.truncate(to: size) }

  public func synchronize() throws(TrackerError) { try handle.synchronize() }

  public func lockForWriting(waitingUpTo seconds: Double) throws(TrackerError) {
    try handle.lockForWriting(waitingUpTo: seconds)
  }

  public func isLockedByWriter() throws(TrackerError) -> Bool { try handle.isLockedByWriter() }

  public func close() { handle.close() }
}
