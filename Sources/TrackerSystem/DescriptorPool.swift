import Synchronization
public import TrackerModel

/// Keeps so many of the files that are read open, and opens others anew when they are read again: there
/// may be more files than the system lets a process open. Any thread may use it.
public final class DescriptorPool: Sendable {
  /// Of the process: up to 256 files, and less than half of what the system allows (`ulimit -n`).
  public static let shared = DescriptorPool(
    capacity: min(256, max(4, Platform.openFileLimit / 2 - 8)))

  private let capacity: Int
  private let owner = Platform.processID
  private let state = Mutex(State())

  private struct State {
    var open: [Int: (handle: FileHandle, lastUse: UInt64)] = [:]
    var nextNumber = 0
    var clock: UInt64 = 0
  }

  init(capacity: Int) { self.capacity = capacity }

  /// Takes up a file that was opened, and returns its number.
  func insert(_ handle: FileHandle) -> Int {
    // The handle that goes is closed outside the lock.
    let (number, _) = state.withLock { state in
      state.nextNumber += 1
      return (state.nextNumber, Self.put(handle, state.nextNumber, &state, capacity))
    }
    return number
  }

  /// The open file of a number; nil where it was closed, or where this is a child of the process that
  /// opened it.
  func handle(_ number: Int) -> FileHandle? {
    // Another thread may have held the lock at a fork, and holds it for good in the child.
    guard Platform.processID == owner else { return nil }
    return state.withLock { state in
      state.clock += 1
      state.open[number]?.lastUse = state.clock
      return state.open[number]?.handle
    }
  }

  /// Keeps a file that was opened anew.
  func keep(_ handle: FileHandle, _ number: Int) {
    guard Platform.processID == owner else { return }
    _ = state.withLock { Self.put(handle, number, &$0, capacity) }
  }

  func remove(_ number: Int) {
    guard Platform.processID == owner else { return }
    _ = state.withLock { $0.open.removeValue(forKey: number)?.handle }
  }

  /// Returns the file that goes for it.
  private static func put(
    _ handle: FileHandle, _ number: Int, _ state: inout State, _ capacity: Int
  ) -> FileHandle? {
    var dropped: FileHandle?
    if state.open.count >= capacity, state.open[number] == nil,
      let oldest = state.open.min(by: { $0.value.lastUse < $1.value.lastUse })?.key
    {
      dropped = state.open.removeValue(forKey: oldest)?.handle
    }
    state.clock += 1
    state.open[number] = (handle, state.clock)
    return dropped
  }
}

/// A file to be read that need not stay open. Any thread may read.
public final class PooledFile: Sendable {
  public let path: String
  private let pool: DescriptorPool
  private let number: Int
  private let identity: FileHandle.Identity
  private let isClosed = Atomic(false)

  /// - Throws: what opening a `FileHandle` throws; `notATrackerFile` where it is not a regular file.
  public init(path: String, _ pool: DescriptorPool = .shared) throws(TrackerError) {
    let handle = try FileHandle(path: path, mode: .read)
    guard try handle.isRegularFile() else {
      throw TrackerError(
        .notATrackerFile, "open", "not a regular file", file: path,
        remedy: "give the path of a tracker file")
    }
    self.path = path
    self.pool = pool
    identity = try handle.identity()
    number = pool.insert(handle)
  }

  deinit { close() }

  public func close() {
    guard !isClosed.exchange(true, ordering: .sequentiallyConsistent) else { return }
    pool.remove(number)
  }

  /// The file, open; who uses it keeps it open.
  ///
  /// - Throws: `notFound` or `system` where it cannot be opened again, or is another file by now.
  public func handle() throws(TrackerError) -> FileHandle {
    guard !isClosed.load(ordering: .sequentiallyConsistent) else {
      throw TrackerError(.closed, "read", "the file is closed", file: path)
    }
    if let open = pool.handle(number) { return open }
    let handle = try FileHandle(path: path, mode: .read)
    guard try handle.identity() == identity else {
      throw TrackerError(
        .system, "read", "the file was replaced while it was being read", file: path,
        remedy: "run again")
    }
    pool.keep(handle, number)
    return handle
  }
}
