import TrackerFile
import TrackerModel

/// Bytes as they were found, to be read.
final class ImageStorage: Storage {
  let name = "image"
  let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  func size() -> UInt64 { UInt64(bytes.count) }

  func read(at offset: UInt64, into buffer: inout MutableSpan<UInt8>) -> Int {
    guard offset < UInt64(bytes.count) else { return 0 }
    let start = Int(offset)
    let count = min(buffer.count, bytes.count - start)
    for place in 0..<count { buffer[place] = bytes[start + place] }
    return count
  }

  func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(TrackerError) { throw readOnly }
  func truncate(to size: UInt64) throws(TrackerError) { throw readOnly }
  func synchronize() throws(TrackerError) { throw readOnly }
  func lockForWriting(waitingUpTo seconds: Double) throws(TrackerError) { throw readOnly }
  func isLockedByWriter() -> Bool { false }
  func close() {}

  private var readOnly: TrackerError { TrackerError(.closed, "write", "only to be read") }
}
