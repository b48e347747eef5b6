import Synchronization
import TrackerFile
import TrackerModel

/// A file that counts the bytes read from it.
final class CountingStorage: Storage {
  private let file: FileStorage
  private let counter = Atomic(0)
  var bytesRead: Int { counter.load(ordering: .relaxed) }

  init(_ file: FileStorage) { self.file = file }

  var name: String { file.name }
  func size() throws(TrackerError) -> UInt64 { try file.size() }

  func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int {
    let count = try file.read(at: offset, into: &buffer)
    counter.add(count, ordering: .relaxed)
    return count
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(TrackerError) {
    try file.write(bytes, at: offset)
  }

  func truncate(to size: UInt64) throws(TrackerError) { try file.truncate(to: size) }
  func synchronize() throws(TrackerError) { try file.synchronize() }

  func lockForWriting(waitingUpTo seconds: Double) throws(TrackerError) {
    try file.lockForWriting(waitingUpTo: seconds)
  }

  func isLockedByWriter() throws(TrackerError) -> Bool { try file.isLockedByWriter() }
  func close() { file.close() }
}
