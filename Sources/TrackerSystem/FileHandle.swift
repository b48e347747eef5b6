import Synchronization
public import TrackerModel

/// An open file, closed when the handle goes.
///
/// Any thread may read, and one at a time write; it is closed by whoever is the last to use it. A child
/// of `fork` may go on reading; writing and the lock belong to the process that opened the file (see
/// `WriterLock`).
public final class FileHandle: Sendable {
  public enum Mode: Sendable {
    case read
    case readWrite
    /// Fails where the path exists.
    case createNew
  }

  /// What stays the same when a file is renamed: tells whether two paths are one file.
  public struct Identity: Hashable, Sendable {
    var device: UInt64
    var inode: UInt64
  }

  /// What error texts call it: its path, or that which it will have.
  public let path: String
  private let openedPath: String
  let descriptor: Int32
  private let owner: Int32
  // Not behind a lock: one held by another thread at a fork would stay locked in the child.
  private let isClosed = Atomic(false)
  private let isLocked = Atomic(false)

  /// - Throws: `notFound`, `alreadyExists` or `system`; `notATrackerFile` for a folder.
  public convenience init(path: String, mode: Mode) throws(TrackerError) {
    try self.init(path: path, mode: mode, named: path)
  }

  /// - Parameter name: what error texts call it.
  init(path: String, mode: Mode, named name: String) throws(TrackerError) {
    self.path = name
    openedPath = path
    do throws(TrackerError) {
      descriptor = try Platform.open(path, mode)
    } catch {
      var named = error
      named.file = name
      throw named
    }
    owner = Platform.processID
  }

  deinit { close() }

  /// Closes the file and gives its lock back. Closing twice is harmless.
  public func close() {
    guard !isClosed.exchange(true, ordering: .sequentiallyConsistent) else { return }
    let wasLocked = isLocked.exchange(false, ordering: .sequentiallyConsistent)
    let lostInFork = wasLocked && Platform.processID != owner
    if wasLocked { WriterLock.forget(descriptor) }
    // In a forked child the lock's descriptor was closed already; its number may be another's now.
    if !lostInFork { Platform.close(descriptor) }
  }

  public func size() throws(TrackerError) -> UInt64 {
    try Platform.status(ofDescriptor: descriptor, path).size
  }

  public func identity() throws(TrackerError) -> Identity {
    let status = try Platform.status(ofDescriptor: descriptor, path)
    return Identity(device: status.device, inode: status.inode)
  }

  func isSame(as status: Platform.FileStatus) throws(TrackerError) -> Bool {
    try identity() == Identity(device: status.device, inode: status.inode)
  }

  public func isRegularFile() throws(TrackerError) -> Bool {
    try Platform.status(ofDescriptor: descriptor, path).isRegular
  }

  public static func identity(ofPath path: String) -> Identity? {
    guard let status = try? Platform.status(ofPath: path) else { return nil }
    return Identity(device: status.device, inode: status.inode)
  }

  /// Fills `buffer` from `offset` on and returns how many bytes there were: fewer only at the end
  /// of the file.
  public func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) throws(TrackerError)
    -> Int
  {
    var done = 0
    while done < buffer.count {
      var rest = buffer._mutatingExtracting(done...)
      let count = try Platform.read(descriptor, at: offset + UInt64(done), into: &rest, path)
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Reads the next bytes of a pipe or another stream, which have no offsets; 0 only at the end.
  public func readOn(into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int {
    try Platform.read(descriptor, into: &buffer, path)
  }

  /// Writes all of `bytes` at `offset`.
  public func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(TrackerError) {
    try checkOwner()
    try Platform.write(descriptor, at: offset, bytes, path)
  }

  /// Writes words in the machine's own byte order: for files that only this process reads.
  func write(words: Span<UInt64>, at offset: UInt64) throws(TrackerError) {
    try checkOwner()
    try Platform.write(descriptor, at: offset, words, path)
  }

  /// Fills `words` with what was written by `write(words:at:)`.
  ///
  /// - Throws: `system` where the file ends before.
  func read(words: inout MutableSpan<UInt64>, at offset: UInt64) throws(TrackerError) {
    try Platform.read(descriptor, at: offset, into: &words, path)
  }

  /// Returns once all that was written is durable.
  public func synchronize() throws(TrackerError) {
    try checkOwner()
    try Platform.synchronize(descriptor, path)
  }

  public func truncate(to size: UInt64) throws(TrackerError) {
    try checkOwner()
    try Platform.truncate(descriptor, to: size, path)
  }

  /// Takes the writer's lock, waiting up to `seconds` for another to give it back. Nothing where this handle
  /// has it.
  ///
  /// - Throws: `locked`, naming the holder where the system tells.
  public func lockForWriting(waitingUpTo seconds: Double) throws(TrackerError) {
    try checkOwner()
    if isLocked.load(ordering: .sequentiallyConsistent) { return }
    try WriterLock.take(descriptor, path, waitingUpTo: seconds)
    isLocked.store(true, ordering: .sequentiallyConsistent)
    // Whoever held the lock may have put another file in this one's place.
    let own = try identity()
    guard FileHandle.identity(ofPath: openedPath) ?? own == own else {
      throw TrackerError(
        .locked, "lock", "the file was replaced meanwhile", file: path, remedy: "open it again")
    }
  }

  /// Gives the writer's lock back; the file stays open. Nothing in a child of `fork`.
  func unlock() {
    guard Platform.processID == owner, isLocked.exchange(false, ordering: .sequentiallyConsistent)
    else { return }
    WriterLock.forget(descriptor)
    Platform.unlock(descriptor)
  }

  /// Whether another open file holds the writer's lock just now.
  ///
  /// A file system that has no locks tells nothing, and readers need none: false there.
  public func isLockedByWriter() throws(TrackerError) -> Bool {
    if isLocked.load(ordering: .sequentiallyConsistent) { return false }
    guard let isFree = try? Platform.tryLock(descriptor, .shared, path) else { return false }
    if isFree { Platform.unlock(descriptor) }
    return !isFree
  }

  private func checkOwner() throws(TrackerError) {
    guard !isClosed.load(ordering: .sequentiallyConsistent) else {
      throw TrackerError(.closed, "write", "the file is closed", file: path)
    }
    guard Platform.processID == owner else {
      throw TrackerError(
        .forkedProcess, "write", "the file was opened by process \(owner), the parent of this one",
        file: path, remedy: "record in the process that opened the tracker")
    }
  }
}
