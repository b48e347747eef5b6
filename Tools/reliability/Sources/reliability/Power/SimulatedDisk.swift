import TrackerFile
import TrackerModel

/// A checkpoint that was being made: the file as it was when it was to be synced.
final class Attempt: @unchecked Sendable {
  let image: [UInt8]
  /// What the file may hold by its last commit; checked once, when the attempt is first found.
  let contents: [Content]
  var checked: Result<Content, Violation>?

  init(_ image: [UInt8], _ contents: [Content]) {
    self.image = image
    self.contents = contents
  }
}

/// What a writer did to the disk, in order.
enum DiskOperation {
  case write([UInt8], at: Int)
  case truncate(Int)
  case synchronize
  case failToSynchronize(seed: UInt64, isForgotten: Bool)
  /// The commit that is to be synced next.
  case attempt(Attempt)
  /// `checkpoint()` returned: the last attempt is durable.
  case returned
}

/// A storage on a simulated disk, which keeps the list of what was done to it and can fail.
///
/// One thread uses it.
final class SimulatedDisk: Storage, @unchecked Sendable {
  let name = "simulated disk"
  private(set) var file: DiskFile
  private(set) var operations: [DiskOperation] = []
  /// What the next commit will hold, and what the last one did.
  var contents: [Content] = []
  /// Counts down to a call that fails; nil for none.
  var callsUntilFailure: Int?
  private var random: SeededGenerator
  /// A disk that says it has synced what it has not: shows that the checks find what is lost.
  var lies = false

  init(_ bytes: [UInt8], seed: UInt64) {
    file = DiskFile(bytes)
    random = SeededGenerator(seed)
  }

  func noteReturned() { operations.append(.returned) }

  private func fails() -> Bool {
    guard let left = callsUntilFailure else { return false }
    callsUntilFailure = left > 0 ? left - 1 : nil
    return left == 0
  }

  private func failure(_ operation: String, at offset: UInt64? = nil) -> TrackerError {
    TrackerError(.system, "\(operation) failed", "injected", file: name, offset: offset)
  }

  func size() throws(TrackerError) -> UInt64 {
    if fails() { throw failure("stat") }
    return UInt64(file.cache.count)
  }

  func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int {
    let size = file.cache.count
    guard offset < UInt64(size) else { return 0 }
    let start = Int(offset)
    let count = min(buffer.count, size - start)
    for place in 0..<count { buffer[place] = file.cache[start + place] }
    return count
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(TrackerError) {
    let fails = fails()
    // A call that fails may have written a part, or even everything.
    let count = fails ? random.below(bytes.count + 1) : bytes.count
    var part: [UInt8] = []
    part.reserveCapacity(count)
    for place in 0..<count { part.append(bytes[place]) }
    if count > 0 {
      file.write(part, at: Int(offset))
      operations.append(.write(part, at: Int(offset)))
      noteCommit()
    }
    if fails { throw failure("write", at: offset) }
  }

  /// Whether or not the call that wrote it says so, or a sync follows: a commit may be there from now on.
  private func noteCommit() {
    guard file.cache.suffix(8).elementsEqual(Self.endMark) else { return }
    operations.append(.attempt(Attempt(file.cache, contents)))
  }

  private static let endMark: [UInt8] = [0x8B, 0x54, 0x72, 0x45, 0x6E, 0x64, 0x0D, 0x0A]

  func truncate(to size: UInt64) throws(TrackerError) {
    if fails() { throw failure("truncate", at: size) }
    file.truncate(to: Int(size))
    operations.append(.truncate(Int(size)))
    noteCommit()
  }

  func synchronize() throws(TrackerError) {
    if fails() {
      let seed = random.next()
      let isForgotten = random.isOne(in: 2)
      var choices = SeededGenerator(seed)
      file.failToSynchronize(isForgotten: isForgotten, &choices)
      operations.append(.failToSynchronize(seed: seed, isForgotten: isForgotten))
      throw failure("sync")
    }
    if lies { return }
    file.synchronize()
    operations.append(.synchronize)
  }

  func lockForWriting(waitingUpTo seconds: Double) {}
  func isLockedByWriter() -> Bool { false }
  func close() {}
}

/// Something that must never happen, with all that is needed to see it again.
struct Violation: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
