// With Threads/Platform+Threads.swift the only file that imports the platform's C library. Everything
// above calls the functions here, so a port, a fault injector or an audit of system calls has one
// place to look at.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

import TrackerModel

/// The system calls that can fail, by the names used in error texts.
enum SystemCall: String {
  case open, read, write, sync, truncate, stat, lock, close, link, rename, remove, list
}

/// Thin, checked wrappers: EINTR is retried, errors are thrown with errno's text.
enum Platform {
  // MARK: Calls with errno

  /// Runs `body`, which returns -1 and sets errno on failure, until it is not interrupted.
  ///
  /// - Throws: `system` with the operation, the path and errno's text.
  @discardableResult
  static func check(
    _ call: SystemCall, _ path: String, offset: UInt64? = nil, remedy: String? = nil,
    _ body: () -> Int
  ) throws(TrackerError) -> Int {
    while true {
      let result = body()
      if result >= 0 { return result }
      let code = errno
      if code == EINTR { continue }
      throw failure(call, path, code, offset: offset, remedy: remedy)
    }
  }

  static func failure(
    _ call: SystemCall, _ path: String, _ code: Int32, offset: UInt64? = nil, remedy: String? = nil
  ) -> TrackerError {
    let kind: TrackerError.Code =
      switch code {
      case ENOENT: .notFound
      case EEXIST: .alreadyExists
      case EPIPE: .closedPipe
      default: .system
      }
    let hint: String? =
      switch code {
      case ENOSPC, EDQUOT: "free some space and run again; what was committed before is untouched"
      case EACCES, EPERM, EROFS: "check the permissions of the file and its folder"
      case ENOENT: "check the path"
      case EMFILE, ENFILE: "raise the limit of open files (ulimit -n)"
      case EEXIST, EPIPE: remedy
      default: remedy ?? "run again; if it stays so, look at the disk and the system's log"
      }
    // SAFETY: strerror returns a NUL-terminated text that stays valid until the next call on this
    // thread; it is copied at once.
    let text = unsafe String(cString: strerror(code))
    return TrackerError(
      kind, "\(call.rawValue) failed", text, file: path, offset: offset, remedy: hint)
  }

  // MARK: Files

  static func open(_ path: String, _ mode: FileHandle.Mode) throws(TrackerError) -> Int32 {
    let flags: Int32 =
      switch mode {
      case .read: O_RDONLY
      case .readWrite: O_RDWR
      case .createNew: O_RDWR | O_CREAT | O_EXCL
      }
    return Int32(
      try check(.open, path) { Int(openPath(path, flags)) })
  }

  /// How many files the system lets this process open; 256 where it does not tell.
  static var openFileLimit: Int {
    var limit = rlimit()
    // SAFETY: getrlimit fills the local structure.
    #if canImport(Glibc)
      let failed = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0
    #else
      let failed = unsafe getrlimit(RLIMIT_NOFILE, &limit) != 0
    #endif
    return failed ? 256 : Int(clamping: limit.rlim_cur)
  }

  static func close(_ descriptor: Int32) {
    _ = closeDescriptor(descriptor)
  }

  struct FileStatus: Equatable {
    var size: UInt64
    var device: UInt64
    var inode: UInt64
    var isRegular: Bool
    var isDirectory: Bool
  }

  static func status(ofDescriptor descriptor: Int32, _ path: String) throws(TrackerError)
    -> FileStatus
  {
    var buffer = stat()
    // SAFETY: fstat fills the local structure.
    try check(.stat, path) { Int(unsafe fstat(descriptor, &buffer)) }
    return FileStatus(buffer)
  }

  static func status(ofPath path: String) throws(TrackerError) -> FileStatus {
    var buffer = stat()
    // SAFETY: stat fills the local structure.
    try check(.stat, path) { Int(unsafe stat(path, &buffer)) }
    return FileStatus(buffer)
  }

  /// Asks for large pages under the memory of an array, where the system has them on demand.
  static func adviseLargePages<Element: BitwiseCopyable>(_ array: inout [Element]) {
    #if os(Linux)
      let size = array.capacity * MemoryLayout<Element>.stride
      // SAFETY: advice of this kind changes no content, whatever the pages hold; only whole pages within
      // the array's memory are named.
      unsafe array.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        let page = UInt(sysconf(Int32(_SC_PAGESIZE)))
        let address = UInt(bitPattern: base)
        let first = (address + page - 1) / page * page
        let end = (address + UInt(size)) / page * page
        guard first < end else { return }
        // 14: MADV_HUGEPAGE. Refused where the system lacks it, which is as well.
        _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: first), Int(end - first), 14)
      }
    #endif
  }

  /// Reads up to `buffer.count` bytes; 0 only at the end of the file.
  static func read(
    _ descriptor: Int32, at offset: UInt64, into buffer: inout MutableSpan<UInt8>, _ path: String
  ) throws(TrackerError) -> Int {
    guard let position = off_t(exactly: offset) else { return 0 }
    // SAFETY: pread writes at most `count` bytes into the span's memory.
    return unsafe try buffer.withUnsafeMutableBytes { (bytes) throws(TrackerError) -> Int in
      try check(.read, path, offset: offset) {
        unsafe pread(descriptor, bytes.baseAddress, bytes.count, position)
      }
    }
  }

  /// Reads the next bytes of a stream.
  static func read(
    _ descriptor: Int32, into buffer: inout MutableSpan<UInt8>, _ path: String
  ) throws(TrackerError) -> Int {
    // SAFETY: read writes at most `count` bytes into the span's memory.
    unsafe try buffer.withUnsafeMutableBytes { (bytes) throws(TrackerError) -> Int in
      try check(.read, path) { unsafe readStream(descriptor, bytes.baseAddress, bytes.count) }
    }
  }

  /// Fills all of `words`, in the machine's byte order.
  static func read(
    _ descriptor: Int32, at offset: UInt64, into words: inout MutableSpan<UInt64>, _ path: String
  ) throws(TrackerError) {
    // SAFETY: pread writes at most the count given into the span's memory, and any bytes are words.
    unsafe try words.withUnsafeMutableBytes { (bytes) throws(TrackerError) in
      var done = 0
      while done < bytes.count {
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
        let position = offset + UInt64(done)
        let count = try check(.read, path, offset: position) {
          unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(position))
        }
        guard count > 0 else {
          throw TrackerError(.system, "read", "a temporary file was cut short", file: path)
        }
        done += count
      }
    }
  }

  /// Writes all words at `offset`, in the machine's byte order.
  static func write(
    _ descriptor: Int32, at offset: UInt64, _ words: Span<UInt64>, _ path: String
  ) throws(TrackerError) {
    // SAFETY: the bytes of words are initialised, and stay for the call.
    unsafe try words.withUnsafeBytes { (buffer) throws(TrackerError) in
      unsafe try writeAll(descriptor, at: offset, buffer, path)
    }
  }

  /// Writes all bytes at `offset`, or at the stream's position where it is nil.
  static func write(
    _ descriptor: Int32, at offset: UInt64?, _ bytes: Span<UInt8>, _ path: String
  ) throws(TrackerError) {
    // SAFETY: the span's memory stays for the call.
    unsafe try bytes.withUnsafeBytes { (buffer) throws(TrackerError) in
      unsafe try writeAll(descriptor, at: offset, buffer, path)
    }
  }

  private static func writeAll(
    _ descriptor: Int32, at offset: UInt64?, _ buffer: UnsafeRawBufferPointer, _ path: String
  ) throws(TrackerError) {
    // SAFETY: (p)write reads at most the count given from the buffer.
    var done = 0
    while done < buffer.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
      if let offset {
        let position = offset + UInt64(done)
        done += try check(.write, path, offset: position) {
          unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(position))
        }
      } else {
        done += try check(.write, path) {
          unsafe writeStream(descriptor, rest.baseAddress, rest.count)
        }
      }
    }
  }

  static func synchronize(_ descriptor: Int32, _ path: String) throws(TrackerError) {
    // A failed fsync may have dropped the dirty pages, so it is never tried again here.
    try check(
      .sync, path, remedy: "the last checkpoint may not be durable; open the file again"
    ) { Int(fsync(descriptor)) }
  }

  static func truncate(_ descriptor: Int32, to size: UInt64, _ path: String) throws(TrackerError) {
    try check(.truncate, path, offset: size) { Int(ftruncate(descriptor, off_t(size))) }
  }

  static func rename(_ from: String, to: String) throws(TrackerError) {
    try check(.rename, to) { Int(renamePath(from, to)) }
  }

  /// Gives the file a second name; fails where `to` exists.
  static func link(_ from: String, to: String) throws(TrackerError) {
    try check(.link, to) { Int(linkPath(from, to)) }
  }

  /// The names in a folder, in no particular order, without `.` and `..`; those that are not valid
  /// UTF-8 are left out.
  static func names(inFolder path: String) throws(TrackerError) -> [String] {
    // SAFETY: opendir gives a stream of its own, closed below; the path is passed as a NUL-terminated
    // copy. readdir's entry is valid until the next call on this stream. Its name is copied at once, from
    // where it stands: the entry may be shorter than its declaration.
    var opened = unsafe opendir(path)
    while unsafe opened == nil, errno == EINTR { unsafe opened = opendir(path) }
    guard let folder = unsafe opened else { throw failure(.list, path, errno) }
    defer { _ = unsafe closedir(folder) }
    guard let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) else {
      preconditionFailure("entries of folders have names")
    }
    var names: [String] = []
    while true {
      // The only way to tell the end from a failure.
      errno = 0
      guard let entry = unsafe readdir(folder) else { break }
      let bytes = unsafe UnsafeRawPointer(entry) + nameOffset
      let name = unsafe String(validatingCString: bytes.assumingMemoryBound(to: CChar.self))
      if let name, name != ".", name != ".." { names.append(name) }
    }
    let code = errno
    guard code == 0 else { throw failure(.list, path, code) }
    return names
  }

  static func remove(_ path: String) throws(TrackerError) {
    // SAFETY: the path is passed as a NUL-terminated copy.
    try check(.remove, path) { Int(unsafe unlink(path)) }
  }

  /// Removes a file that must not stay, trying again where that fails: nobody else knows of it.
  static func removeTemporary(_ path: String) throws(TrackerError) {
    for _ in 0..<2 {
      do throws(TrackerError) { return try remove(path) } catch {
        if error.code == .notFound { return }
      }
    }
    try remove(path)
  }

  /// Makes the names in a folder durable.
  static func synchronizeFolder(_ path: String) throws(TrackerError) {
    let descriptor = Int32(
      try check(.open, path) { Int(openPath(path, O_RDONLY | O_DIRECTORY)) })
    defer { close(descriptor) }
    try check(
      .sync, path, remedy: "a new file in the folder may not be durable; run again"
    ) { Int(fsync(descriptor)) }
  }

  // MARK: Locks

  enum LockKind {
    case exclusive
    case shared
  }

  /// Takes the whole-file lock without waiting; false where another open file holds it.
  static func tryLock(_ descriptor: Int32, _ kind: LockKind, _ path: String) throws(TrackerError)
    -> Bool
  {
    let operation = (kind == .exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB
    while true {
      if flock(descriptor, operation) == 0 { return true }
      let code = errno
      if code == EWOULDBLOCK { return false }
      if code != EINTR {
        throw failure(
          .lock, path, code, remedy: "the file system must support flock; use a local one")
      }
    }
  }

  static func unlock(_ descriptor: Int32) {
    _ = flock(descriptor, LOCK_UN)
  }

  /// Runs `handler` first thing in every child that this process forks.
  static func atForkInChild(_ handler: @convention(c) () -> Void) {
    _ = pthread_atfork(nil, nil, handler)
  }

  // MARK: Signals

  /// What an interruption runs before the process ends.
  nonisolated(unsafe) private static var interruptionHandler: @convention(c) () -> Void = {}

  /// Runs `handler` on SIGINT, SIGTERM and SIGHUP, then lets the signal end the process.
  ///
  /// - Parameter handler: may only do what signal handlers may: no locks, no allocation.
  static func onInterruption(_ handler: @escaping @convention(c) () -> Void) {
    // SAFETY: written before the handlers are installed, and never again.
    unsafe interruptionHandler = handler
    for number in [SIGINT, SIGTERM, SIGHUP] {
      let previous = signal(number) { number in
        unsafe Platform.interruptionHandler()
        _ = signal(number, SIG_DFL)
        _ = raise(number)
      }
      // A signal that was to be ignored, as under nohup, stays so. SIG_IGN is the address 1.
      if unsafe unsafeBitCast(previous, to: Int.self) == 1 { _ = signal(number, SIG_IGN) }
    }
  }

  /// The address of a copy of a path that a signal handler may read.
  static func copyForSignals(_ path: String) -> UInt {
    // SAFETY: strdup gives memory of its own, freed by `freeForSignals`.
    UInt(bitPattern: unsafe strdup(path))
  }

  static func freeForSignals(_ address: UInt) {
    // SAFETY: the address came from `copyForSignals` and was taken out of its slot.
    unsafe free(UnsafeMutableRawPointer(bitPattern: address))
  }

  static func removeInSignalHandler(_ address: UInt) {
    // SAFETY: the address came from `copyForSignals`; unlink may be called in signal handlers.
    guard let path = unsafe UnsafePointer<CChar>(bitPattern: address) else { return }
    _ = unsafe unlink(path)
  }

  // MARK: Process, clock, terminal

  static var processID: Int32 { getpid() }

  static func exit(_ status: Int32) -> Never { exitProcess(status) }

  static func ignoreClosedPipes() {
    _ = signal(SIGPIPE, SIG_IGN)
  }

  static func environment(_ name: String) -> String? {
    // SAFETY: getenv's text is copied at once; this process sets no variables.
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  static func clock(monotonic: Bool) -> Double {
    var time = timespec()
    // SAFETY: clock_gettime fills the local structure.
    _ = unsafe clock_gettime(monotonic ? CLOCK_MONOTONIC : CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  static func sleep(seconds: Double) {
    guard seconds > 0 else { return }
    let whole = seconds.rounded(.down)
    var time = timespec(tv_sec: Int(whole), tv_nsec: Int((seconds - whole) * 1e9))
    var left = timespec()
    // SAFETY: nanosleep reads one local structure and writes the other.
    while unsafe nanosleep(&time, &left) != 0, errno == EINTR { time = left }
  }

  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  static func terminalWidth(_ descriptor: Int32) -> Int? {
    var size = winsize()
    // SAFETY: TIOCGWINSZ fills the local structure.
    guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
      return nil
    }
    return Int(size.ws_col)
  }

  /// The numbers of a device as /proc/locks prints them.
  static func deviceNumbers(_ device: UInt64) -> (major: UInt64, minor: UInt64) {
    (
      (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF,
      device & 0xFF | (device >> 12) & ~0xFF
    )
  }
}

extension Platform.FileStatus {
  fileprivate init(_ buffer: stat) {
    self.init(
      size: UInt64(max(0, buffer.st_size)), device: UInt64(truncatingIfNeeded: buffer.st_dev),
      inode: UInt64(buffer.st_ino), isRegular: buffer.st_mode & S_IFMT == S_IFREG,
      isDirectory: buffer.st_mode & S_IFMT == S_IFDIR)
  }
}

// Members of Platform hide C functions of the same name; these say which one is meant. Texts are
// passed as NUL-terminated copies for the length of the call.
private func openPath(_ path: String, _ flags: Int32) -> Int32 {
  unsafe open(path, flags | O_CLOEXEC, 0o666)
}
private func closeDescriptor(_ descriptor: Int32) -> Int32 { close(descriptor) }
private func exitProcess(_ status: Int32) -> Never { exit(status) }
private func renamePath(_ from: String, _ to: String) -> Int32 { unsafe rename(from, to) }
private func linkPath(_ from: String, _ to: String) -> Int32 { unsafe link(from, to) }
private func readStream(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int)
  -> Int
{
  unsafe read(descriptor, buffer, count)
}
private func writeStream(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
  unsafe write(descriptor, buffer, count)
}
