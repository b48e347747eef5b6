import TrackerCodec
import TrackerModel

/// What the directories of a file may take in memory.
///
/// Opening a file takes at most four times its size and 64 MiB, whatever its bytes claim: a directory
/// that would take more is refused before memory is taken. What writers make stays far below: a tile
/// takes more bytes in its record than in memory as an entry.
struct DirectoryMemory {
  /// Besides payloads, which are as long as they are in the file, and the process itself.
  private static let (factor, spare): (UInt64, UInt64) = (3, 40 << 20)

  /// What an array takes beside its elements.
  static let arrayBytes = 48

  private(set) var left: UInt64

  /// Of the four kept sets of a channel.
  private static let bytesPerPoint: UInt64 = 96

  /// - Parameter pointCount: of the history, where kept sets are read.
  init(fileSize: UInt64, pointCount: Int = 0) {
    let (bytes, overflow) = fileSize.multipliedReportingOverflow(by: Self.factor)
    let (more, points) = UInt64(pointCount).multipliedReportingOverflow(by: Self.bytesPerPoint)
    let (sum, sums) = bytes.addingReportingOverflow(more)
    left = overflow || points || sums ? .max : max(sum, sum &+ Self.spare)
  }

  /// Accounts for `count` things that are about to be decoded.
  ///
  /// - Throws: `limitExceeded`.
  mutating func take(_ count: Int, of bytes: Int, _ reader: borrowing ByteReader)
    throws(TrackerError)
  {
    let (wanted, overflow) = UInt64(count).multipliedReportingOverflow(by: UInt64(bytes))
    guard !overflow, wanted <= left else {
      throw TrackerError(
        .limitExceeded, reader.subject,
        "what it describes would take more memory than four times the file and 64 MiB",
        offset: UInt64(reader.position), remedy: "'tracker recover' saves what the records hold")
    }
    left -= wanted
  }

  mutating func take<Element>(_ count: Int, _ type: Element.Type, _ reader: borrowing ByteReader)
    throws(TrackerError)
  {
    try take(count, of: MemoryLayout<Element>.stride, reader)
  }
}
