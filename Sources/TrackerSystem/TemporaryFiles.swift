import Synchronization

/// The outputs that are being written under temporary names, which an interrupted command removes.
///
/// The library leaves signals alone; executables ask for this.
public enum TemporaryFiles {
  private static let slots = Slots()

  private struct Slots: ~Copyable, Sendable {
    // Addresses of NUL-terminated paths; 0 marks a free slot. Read by a signal handler: no locks.
    let paths = InlineArray<64, Atomic<UInt>> { _ in Atomic(0) }
  }

  /// Remembers a path; nil where all slots are taken, which only costs the removal.
  static func insert(_ path: String) -> Int? {
    let address = Platform.copyForSignals(path)
    for slot in slots.paths.indices
    where slots.paths[slot].compareExchange(
      expected: 0, desired: address, ordering: .sequentiallyConsistent
    ).exchanged {
      return slot
    }
    Platform.freeForSignals(address)
    return nil
  }

  /// Forgets a path that was renamed or removed.
  static func remove(_ slot: Int) {
    Platform.freeForSignals(slots.paths[slot].exchange(0, ordering: .sequentiallyConsistent))
  }

  /// Lets SIGINT, SIGTERM and SIGHUP remove unfinished outputs before they end the process.
  public static func removeOnInterruption() {
    _ = slots.paths.count
    Platform.onInterruption {
      for slot in TemporaryFiles.slots.paths.indices {
        let address = TemporaryFiles.slots.paths[slot].load(ordering: .relaxed)
        if address != 0 { Platform.removeInSignalHandler(address) }
      }
    }
  }
}
