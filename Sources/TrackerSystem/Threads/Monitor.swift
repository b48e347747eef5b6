/// State that threads share: one at a time has it, and may wait until another has changed it.
///
/// A child of `fork` must not touch it: the thread that held the lock at the fork does not exist
/// there. `isHere` tells.
public final class Monitor<State: Sendable>: Sendable {
  private let condition = Platform.Condition()
  // SAFETY: read and written only between `lock()` and `unlock()`.
  private nonisolated(unsafe) var state: State
  private let owner = Platform.processID

  public init(_ state: State) { unsafe self.state = state }

  deinit {
    // In a forked child a lock may be held for good: its memory is left alone.
    if isHere { condition.destroy() }
  }

  /// Whether this is the process that made the monitor.
  public var isHere: Bool { Platform.processID == owner }

  /// Runs `body` with the state; others that wait look at it again afterwards.
  public func change<Result>(_ body: (inout State) -> Result) -> Result {
    condition.lock()
    defer {
      condition.wakeAll()
      condition.unlock()
    }
    return unsafe body(&state)
  }

  /// Waits until `body` makes something of the state, and returns it.
  ///
  /// `body` is called again after each change by another; it must change nothing where it returns nil.
  public func wait<Result>(_ body: (inout State) -> Result?) -> Result {
    condition.lock()
    defer {
      condition.wakeAll()
      condition.unlock()
    }
    while true {
      if let result = unsafe body(&state) { return result }
      condition.wait()
    }
  }
}
