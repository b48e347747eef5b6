import Synchronization
import TrackerModel

/// The advisory lock that makes its holder a file's one writer.
///
/// `flock` belongs to the open file, which a forked child shares: a child that outlives its killed
/// parent would keep the file locked. So every child closes the descriptors of all locks right
/// after the fork, before any of its own code runs.
enum WriterLock {
  /// Waits up to `seconds` for the lock of an open file.
  static func take(_ descriptor: Int32, _ path: String, waitingUpTo seconds: Double)
    throws(TrackerError)
  {
    // Known to the fork handler before the lock is taken, so that no child can slip in between.
    guard LockedDescriptors.insert(descriptor) else {
      throw TrackerError(
        .limitExceeded, "lock", "this process writes to 1024 trackers already", file: path,
        remedy: "close some")
    }
    do throws(TrackerError) {
      try wait(descriptor, path, seconds)
    } catch {
      LockedDescriptors.remove(descriptor)
      throw error
    }
  }

  private static func wait(_ descriptor: Int32, _ path: String, _ seconds: Double)
    throws(TrackerError)
  {
    let deadline = Platform.clock(monotonic: true) + seconds
    while try !Platform.tryLock(descriptor, .exclusive, path) {
      guard Platform.clock(monotonic: true) < deadline else {
        let holder = holder(of: descriptor, path).map { "process \($0)" } ?? "another process"
        throw TrackerError(
          .locked, "lock", "\(holder) is writing to this file", file: path,
          remedy: "stop it or wait until it ends; each worker needs a file of its own")
      }
      Platform.sleep(seconds: 0.05)
    }
  }

  /// Gives the lock back to be released by closing the descriptor.
  static func forget(_ descriptor: Int32) { LockedDescriptors.remove(descriptor) }

  /// The process that holds the lock, as far as the system tells.
  private static func holder(of descriptor: Int32, _ path: String) -> String? {
    guard let status = try? Platform.status(ofDescriptor: descriptor, path),
      let table = try? readWholeFile(path: "/proc/locks", limit: 1 << 20)
    else { return nil }
    let device = Platform.deviceNumbers(status.device)
    func hex(_ value: UInt64) -> String {
      let text = String(value, radix: 16)
      return text.utf8.count < 2 ? "0" + text : text
    }
    let key = "\(hex(device.major)):\(hex(device.minor)):\(status.inode)"
    for line in String(decoding: table, as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count >= 6, fields[1] == "FLOCK", fields[3] == "WRITE", fields[5] == key else {
        continue
      }
      let process = String(fields[4])
      let name = (try? readWholeFile(path: "/proc/\(process)/comm", limit: 256)).map {
        String(decoding: $0.prefix { $0 != 0x0A }, as: UTF8.self)
      }
      return name.map { "\(process) (\($0))" } ?? process
    }
    return nil
  }
}

/// The descriptors that hold or ask for locks, in slots that the fork handler may read at any moment.
///
/// No mutex: one held by another thread at the fork would stay locked in the child for good.
private enum LockedDescriptors {
  private static let slots = Slots()
  private static let handler: Void = Platform.atForkInChild {
    LockedDescriptors.slots.closeAll()
  }

  private struct Slots: ~Copyable, Sendable {
    // -1 marks a free slot.
    let descriptors = InlineArray<1024, Atomic<Int32>> { _ in Atomic(-1) }

    func closeAll() {
      for slot in descriptors.indices {
        let descriptor = descriptors[slot].exchange(-1, ordering: .relaxed)
        if descriptor >= 0 { Platform.close(descriptor) }
      }
    }

    func replace(_ old: Int32, by new: Int32) -> Bool {
      for slot in descriptors.indices
      where descriptors[slot].compareExchange(
        expected: old, desired: new, ordering: .sequentiallyConsistent
      ).exchanged {
        return true
      }
      return false
    }
  }

  /// False where all slots are taken.
  static func insert(_ descriptor: Int32) -> Bool {
    _ = handler
    return slots.replace(-1, by: descriptor)
  }

  static func remove(_ descriptor: Int32) {
    _ = slots.replace(descriptor, by: -1)
  }
}
