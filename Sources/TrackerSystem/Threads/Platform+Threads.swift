// Threads, locks and the count of cores: with Platform.swift the only file that imports the
// platform's C library.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension Platform {
  // MARK: Threads

  /// A thread as the system names it.
  @safe struct ThreadID: Sendable {
    #if canImport(Darwin)
      // SAFETY: an address that is only ever handed back to the system.
      nonisolated(unsafe) fileprivate var thread: pthread_t?
    #else
      fileprivate var thread = pthread_t()
    #endif
  }

  /// What a new thread takes over.
  private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Runs `body` on a thread of its own; nil where the system has none left.
  ///
  /// Signals are left to the threads that were there before.
  static func startThread(_ body: @escaping @Sendable () -> Void) -> ThreadID? {
    var id = ThreadID()
    var every = sigset_t()
    var before = sigset_t()
    // SAFETY: the calls fill and read local structures; a thread inherits its creator's mask.
    unsafe sigfillset(&every)
    unsafe pthread_sigmask(SIG_SETMASK, &every, &before)
    defer { _ = unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
    // SAFETY: the object's one reference goes to the thread, which takes it back as it begins.
    let argument = unsafe Unmanaged.passRetained(ThreadBody(body)).toOpaque()
    let status = unsafe pthread_create(
      &id.thread, nil,
      { argument in
        #if canImport(Darwin)
          let body = unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
          body.run()
        #else
          if let argument = unsafe argument {
            let body = unsafe Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
            body.run()
          }
        #endif
        return nil
      }, argument)
    guard status == 0 else {
      unsafe Unmanaged<ThreadBody>.fromOpaque(argument).release()
      return nil
    }
    return id
  }

  /// Waits until a thread has ended; once for each.
  static func join(_ id: ThreadID) {
    #if canImport(Darwin)
      guard let thread = unsafe id.thread else { return }
      _ = unsafe pthread_join(thread, nil)
    #else
      _ = pthread_join(id.thread, nil)
    #endif
  }

  // MARK: Locks between threads

  /// A mutex and a condition that its holders may wait for.
  ///
  /// The memory stays where it is from `init` to `destroy()`, as the system's locks demand.
  @safe struct Condition: Sendable {
    // SAFETY: POSIX lets every thread use both at any time between init and destroy.
    nonisolated(unsafe) private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    nonisolated(unsafe) private let condition: UnsafeMutablePointer<pthread_cond_t>

    init() {
      unsafe mutex = .allocate(capacity: 1)
      unsafe condition = .allocate(capacity: 1)
      unsafe mutex.initialize(to: pthread_mutex_t())
      unsafe condition.initialize(to: pthread_cond_t())
      unsafe pthread_mutex_init(mutex, nil)
      unsafe pthread_cond_init(condition, nil)
    }

    func lock() { _ = unsafe pthread_mutex_lock(mutex) }
    func unlock() { _ = unsafe pthread_mutex_unlock(mutex) }
    /// Gives the lock back until another calls `wakeAll()`, or for no reason at all.
    func wait() { _ = unsafe pthread_cond_wait(condition, mutex) }
    func wakeAll() { _ = unsafe pthread_cond_broadcast(condition) }

    /// - Precondition: no thread uses it any more.
    func destroy() {
      unsafe pthread_cond_destroy(condition)
      unsafe pthread_mutex_destroy(mutex)
      unsafe condition.deallocate()
      unsafe mutex.deallocate()
    }
  }

  // MARK: Cores

  /// How many cores are switched on.
  static var onlineCoreCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
