import Foundation
import Synchronization
import TrackerFile
import TrackerModel

/// A tracker in memory whose writes and syncs can be slow, held up, or fail.
final class FaultStorage: Storage {
  let name = "faults"
  private let memory = MemoryStorage()
  private let state = Mutex(State())

  private struct State {
    var calls = 0
    var failing: ClosedRange<Int>?
    var failsSyncs = false
    var isHeldUp = false
    var heldUpCount = 0
    var longestDelay = 0.0
    var syncedSize: UInt64 = 0
  }

  /// Writes and syncs so far.
  var calls: Int { state.withLock { $0.calls } }
  /// What was there when a sync last succeeded.
  var syncedSize: UInt64 { state.withLock { $0.syncedSize } }
  /// Calls that wait.
  var heldUpCount: Int { state.withLock { $0.heldUpCount } }

  /// The calls that fail, counted from 1; syncs only where told so.
  func fail(_ calls: ClosedRange<Int>?) { state.withLock { $0.failing = calls } }
  func failSyncs(_ fails: Bool) { state.withLock { $0.failsSyncs = fails } }
  func delay(upTo seconds: Double) { state.withLock { $0.longestDelay = seconds } }
  func holdUp(_ holds: Bool) { state.withLock { $0.isHeldUp = holds } }

  private func call(isSync: Bool) throws(TrackerError) {
    let (fails, delay) = state.withLock { state in
      state.calls += 1
      let isNamed = state.failing?.contains(state.calls) ?? false
      return (isSync ? state.failsSyncs : isNamed, state.longestDelay)
    }
    if delay > 0 { Thread.sleep(forTimeInterval: .random(in: 0...delay)) }
    state.withLock { $0.heldUpCount += 1 }
    while state.withLock({ $0.isHeldUp }) { Thread.sleep(forTimeInterval: 0.001) }
    state.withLock { $0.heldUpCount -= 1 }
    if fails { throw TrackerError(.system, "write", "injected", file: name) }
  }

  func size() throws(TrackerError) -> UInt64 { memory.size() }

  func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int {
    memory.read(at: offset, into: &buffer)
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(TrackerError) {
    try call(isSync: false)
    try memory.write(bytes, at: offset)
  }

  func truncate(to size: UInt64) throws(TrackerError) { memory.truncate(to: size) }

  func synchronize() throws(TrackerError) {
    try call(isSync: true)
    state.withLock { $0.syncedSize = memory.size() }
  }

  func lockForWriting(waitingUpTo seconds: Double) throws(TrackerError) {}
  func isLockedByWriter() throws(TrackerError) -> Bool { false }
  func close() {}
}
