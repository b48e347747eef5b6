import TrackerModel

/// Makes what was written to a file durable while more is written, so that the end need not wait for all
/// of it. One owner.
final class SyncAhead {
  private let handle: FileHandle
  private var thread: SystemThread?
  private var end: UInt64 = 0
  private let state = Monitor(State())

  private struct State: Sendable {
    var isRunning = false
    var failure: TrackerError?
  }

  /// Less is not worth a thread.
  static let usualBytesAtOnce: UInt64 = 32 << 20
  private let bytesAtOnce: UInt64

  init(_ handle: FileHandle, bytesAtOnce: UInt64 = usualBytesAtOnce) {
    self.handle = handle
    self.bytesAtOnce = bytesAtOnce
  }

  deinit { wait() }

  /// Begins where enough was written since the last time.
  ///
  /// - Parameter position: how far the file is written.
  /// - Throws: what went wrong until now: what follows would be written for nothing.
  func wrote(to position: UInt64) throws(TrackerError) {
    guard position - end >= bytesAtOnce, state.isHere, !state.change({ $0.isRunning })
    else { return }
    try finish()
    end = position
    state.change { $0.isRunning = true }
    thread = SystemThread { [handle, state] in
      var failure: TrackerError?
      do throws(TrackerError) { try handle.synchronize() } catch { failure = error }
      state.change {
        $0.isRunning = false
        // An error is told once: whoever asks again would hear that all is well.
        $0.failure = $0.failure ?? failure
      }
    }
    // Without a thread the end waits for all.
    if thread == nil { state.change { $0.isRunning = false } }
  }

  /// - Throws: what went wrong until now.
  func finish() throws(TrackerError) {
    wait()
    // In a child of the process another thread may have held the lock for good.
    guard state.isHere else { return }
    if let failure = state.change({ $0.failure }) { throw failure }
  }

  private func wait() { thread.take()?.join() }
}
