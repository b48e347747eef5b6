import CTrackerState
import Glibc
import Synchronization
import TrackerModel

/// What a handle stands for.
///
/// SAFETY: the mutex is the object's own, on the heap because threads know it by its address.
@safe class Object {
  class var kind: String { "handle" }

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  fileprivate let forks = Forks.count

  init() { unsafe pthread_mutex_init(mutex, nil) }

  deinit {
    // SAFETY: nobody else knows the object any more; in a child of `fork` it may be locked for good,
    // but there no object of the parent ends.
    unsafe pthread_mutex_destroy(mutex)
    unsafe mutex.deallocate()
  }

  /// One thread at a time.
  func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return try body()
  }
}

/// How often this process was forked from one that had loaded the library.
enum Forks {
  private static let counter = Atomic<UInt32>(0)
  static var count: UInt32 { counter.load(ordering: .relaxed) }

  /// Whoever forks holds the registry's lock meanwhile, so that it is free in the child.
  static let handlers: Void = {
    pthread_atfork(
      { Handles.lock() },
      { Handles.unlock() },
      {
        Forks.counter.add(1, ordering: .relaxed)
        Handles.unlock()
      })
  }()
}

/// The live handles. A number is never given out twice: its lower half is a slot, its upper half counts
/// how often that was used.
enum Handles {
  private struct Slot {
    var object: Object?
    var use: UInt32 = 1
  }

  // SAFETY: used under the lock alone.
  private nonisolated(unsafe) static var slots: [Slot] = []
  private nonisolated(unsafe) static var free: [UInt32] = []
  /// Not `Synchronization.Mutex`: only this one may be unlocked by a child of `fork`.
  private nonisolated(unsafe) static let mutex = {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    unsafe pthread_mutex_init(mutex, nil)
    return unsafe mutex
  }()

  fileprivate static func lock() { unsafe pthread_mutex_lock(mutex) }
  fileprivate static func unlock() { unsafe pthread_mutex_unlock(mutex) }

  static func insert(_ object: Object) throws -> trk_handle {
    _ = Forks.handlers
    lock()
    defer { unlock() }
    if let slot = unsafe free.popLast() {
      unsafe slots[Int(slot)].object = object
      return unsafe trk_handle(slots[Int(slot)].use) << 32 | trk_handle(slot)
    }
    guard unsafe slots.count < 1 << 24 else {
      throw Failure(TRK_LIMIT_EXCEEDED, "too many handles: release some")
    }
    unsafe slots.append(Slot(object: object))
    return unsafe 1 << 32 | trk_handle(slots.count - 1)
  }

  private static func find(_ handle: trk_handle) throws -> Object {
    lock()
    defer { unlock() }
    let slot = Int(handle & 0xFFFF_FFFF)
    guard unsafe slot < slots.count, unsafe slots[slot].use == UInt32(handle >> 32),
      let object = unsafe slots[slot].object
    else {
      throw Failure(
        TRK_INVALID_HANDLE, handle == 0 ? "the handle is zero" : "no such handle: it was released")
    }
    return object
  }

  /// Lends what a handle stands for to one thread at a time.
  static func with<Kind: Object, Result>(
    _ handle: trk_handle, as kind: Kind.Type, _ body: (Kind) throws -> Result
  ) throws -> Result {
    let object = try find(handle)
    guard let wanted = object as? Kind else {
      throw Failure(
        TRK_WRONG_HANDLE, "the handle is a \(type(of: object).kind), not a \(Kind.kind)")
    }
    guard object.forks == Forks.count else {
      throw Failure(
        TRK_FORKED_PROCESS,
        "the \(Kind.kind) was made by the parent of this process; use it there")
    }
    return try object.withLock { try body(wanted) }
  }

  static func remove(_ handle: trk_handle) throws {
    let object = try find(handle)
    lock()
    let slot = Int(handle & 0xFFFF_FFFF)
    let isThere = unsafe slots[slot].use == UInt32(handle >> 32) && slots[slot].object != nil
    if isThere {
      unsafe slots[slot].object = nil
      unsafe slots[slot].use &+= 1
      // A slot whose uses are counted to the end is not used again.
      if unsafe slots[slot].use != 0 { unsafe free.append(UInt32(slot)) }
    }
    unlock()
    guard isThere else { throw Failure(TRK_INVALID_HANDLE, "no such handle: it was released") }
    // A parent's object stays: to end it is the parent's.
    if object.forks != Forks.count { _ = unsafe Unmanaged.passRetained(object) }
  }
}

@c @implementation
public func trk_release(_ handle: trk_handle) -> trk_status {
  status { try Handles.remove(handle) }
}
