public import TrackerModel

/// Where exports and prints go: bytes in order.
public protocol ByteSink: AnyObject {
  /// What error texts call it.
  var name: String { get }
  func write(_ bytes: Span<UInt8>) throws(TrackerError)
  /// Hands on what is still held back.
  func flush() throws(TrackerError)
}

/// A file that appears at its path whole, or not at all.
///
/// Written under a temporary name in the same folder, synced, then renamed; dropped without
/// `commit()` it leaves nothing behind. What a killed process left of the same output goes when the next one
/// begins (see `Leftovers`).
public final class OutputFile: ByteSink {
  public let path: String
  public var name: String { path }
  /// The temporary file, for those who write it through another layer.
  public let temporaryPath: String
  public let handle: FileHandle
  private let overwriting: Bool
  private var isFinished = false
  private var interruptionSlot: Int?
  private var buffer: [UInt8] = []
  private let syncs: SyncAhead
  /// Where the next byte goes.
  public private(set) var position: UInt64 = 0

  /// - Throws: `alreadyExists` where the path exists and `overwriting` is false.
  public init(path: String, overwriting: Bool) throws(TrackerError) {
    if let status = try? Platform.status(ofPath: path) {
      guard !status.isDirectory else {
        throw TrackerError(.alreadyExists, "output", "is a folder", file: path)
      }
      guard overwriting else { throw Self.exists(path) }
      // Better now than after all the work; the lock itself is taken when the file is replaced.
      if status.isRegular { try Self.lock(path).close() }
    }
    self.path = path
    self.overwriting = overwriting
    Leftovers.remove(besides: path)
    let temporary = try TemporaryOutput(besides: path)
    temporaryPath = temporary.path
    handle = temporary.handle
    syncs = SyncAhead(handle)
    interruptionSlot = temporary.interruptionSlot
    buffer.reserveCapacity(Self.blockSize)
  }

  private static let blockSize = 1 << 18

  deinit { if !isFinished { discard() } }

  public func write(_ bytes: Span<UInt8>) throws(TrackerError) {
    if buffer.count + bytes.count > Self.blockSize { try flush() }
    // Not copied first where that takes longer than another call of the system.
    if buffer.isEmpty, bytes.count >= Self.blockSize / 4 {
      let offset = position
      try handle.write(bytes, at: offset)
      position += UInt64(bytes.count)
      try syncs.wrote(to: position)
    } else {
      for position in bytes.indices { buffer.append(bytes[position]) }
    }
  }

  public func flush() throws(TrackerError) {
    guard !buffer.isEmpty else { return }
    // Taken out of the class for the call, so that its storage is neither shared nor copied.
    var held: [UInt8] = []
    swap(&held, &buffer)
    try handle.write(held.span, at: position)
    position += UInt64(held.count)
    held.removeAll(keepingCapacity: true)
    swap(&held, &buffer)
    try syncs.wrote(to: position)
  }

  /// Makes the file durable and gives it its name.
  public func commit() throws(TrackerError) { try commit(keepingOpen: false) }

  /// The same for a file that is written on: `handle` stays open, and with it the writer's lock.
  ///
  /// - Throws: where only the last step failed, which makes the name durable, the file is there; it is
  ///   removed then, unless it replaced another.
  public func commit(keepingOpen: Bool) throws(TrackerError) {
    var isInPlace = false
    do throws(TrackerError) {
      try flush()
      try syncs.finish()
      try handle.synchronize()
      if overwriting {
        // Whoever is writing to the file that goes would go on unseen, and lose it all.
        let replaced = (try? Platform.status(ofPath: path))?.isRegular == true
        let lock = replaced ? try Self.lock(path) : nil
        defer { lock?.close() }
        try Platform.rename(temporaryPath, to: path)
      } else {
        try linkIntoPlace()
      }
      isInPlace = true
      finish(keepingOpen: keepingOpen)
      try Platform.synchronizeFolder(Paths.folder(of: path))
    } catch {
      if !isFinished { discard() }
      // What failed must not be there all the same; what was replaced is gone for good.
      if isInPlace, !overwriting { try? Platform.removeTemporary(path) }
      var named = error
      named.file = path
      throw named
    }
  }

  /// Takes the temporary name away: a file that only this process uses, and that goes with it.
  public func removeName() throws(TrackerError) {
    do throws(TrackerError) {
      try Platform.removeTemporary(temporaryPath)
    } catch {
      var named = error
      named.file = path
      throw named
    }
    // Nobody can find it any more.
    handle.unlock()
  }

  /// Leaves nothing behind.
  public func discard() {
    guard !isFinished else { return }
    try? Platform.removeTemporary(temporaryPath)
    // Before the file is closed under it.
    try? syncs.finish()
    finish(keepingOpen: false)
  }

  private func finish(keepingOpen: Bool) {
    isFinished = true
    if !keepingOpen { handle.close() }
    interruptionSlot.map(TemporaryFiles.remove)
    interruptionSlot = nil
  }

  /// A link fails where the path has come to exist meanwhile; a rename would replace it.
  private func linkIntoPlace() throws(TrackerError) {
    do throws(TrackerError) {
      try Platform.link(temporaryPath, to: path)
    } catch {
      if error.code == .alreadyExists { throw Self.exists(path) }
      // A file system without hard links: the check at the start has to do.
      if (try? Platform.status(ofPath: path)) != nil { throw Self.exists(path) }
      return try Platform.rename(temporaryPath, to: path)
    }
    do throws(TrackerError) {
      try Platform.removeTemporary(temporaryPath)
    } catch {
      // Under two names it would be replaced under one only.
      try? Platform.removeTemporary(path)
      throw error
    }
  }

  /// The file at `path`, held as its one writer until closed.
  private static func lock(_ path: String) throws(TrackerError) -> FileHandle {
    let file = try openForLock(path)
    // A moment's wait: a process that is being spawned may hold any lock for that long.
    try file.lockForWriting(waitingUpTo: 1)
    return file
  }

  /// Over NFS only a descriptor that can write takes an exclusive lock. A file that may not be written can be
  /// replaced all the same, where its folder may: then the lock must do with reading.
  private static func openForLock(_ path: String) throws(TrackerError) -> FileHandle {
    do throws(TrackerError) {
      return try FileHandle(path: path, mode: .readWrite)
    } catch {
      return try FileHandle(path: path, mode: .read)
    }
  }

  private static func exists(_ path: String) -> TrackerError {
    TrackerError(
      .alreadyExists, "output", "the file exists", file: path,
      remedy: "choose another name, or overwrite it with --force")
  }
}
