import TrackerCodec
import TrackerModel

/// Finds the marks that end commits, from the end of a file backwards.
///
/// Reads each byte at most about once, however many bytes look like marks.
struct EndMarkSearch {
  /// A mark, and the record that it says it ends.
  struct Candidate {
    var recordOffset: UInt64
    var end: UInt64
  }

  private let records: RecordReader
  /// Marks that end behind this were seen.
  private var end: UInt64
  private var block: [UInt8] = []
  /// Where the block begins in the file.
  private var start: UInt64

  init(_ records: RecordReader) {
    self.records = records
    end = records.size
    start = records.size
  }

  private static let size = UInt64(Commit.trailerSize)
  private static let blockSize: UInt64 = 1 << 18

  mutating func next() throws(TrackerError) -> Candidate? {
    let magic = Commit.trailerMagic
    while end >= Self.size {
      // A mark is looked at where it ends: its 16 bytes must be in the block.
      if end < start + Self.size { try readBlock() }
      let markStart = Int(end - start) - Commit.trailerSize
      let found = end
      end -= 1
      guard block[markStart + 8] == magic[0],
        block[markStart + 8..<markStart + 16].elementsEqual(magic)
      else { continue }
      var reader = ByteReader(
        block.span.extracting(markStart..<markStart + 8), subject: "commit end mark")
      let offset = try reader.readFixed(UInt64.self, "offset")
      if try isCommit(at: offset, endingAt: found) {
        return Candidate(recordOffset: offset, end: found)
      }
    }
    return nil
  }

  /// Whether a record header at `offset` verifies and ends where the mark does.
  private func isCommit(at offset: UInt64, endingAt end: UInt64) throws(TrackerError) -> Bool {
    guard offset >= UInt64(FileHeader.size), offset < end else { return false }
    do throws(TrackerError) {
      let header = try records.header(at: offset)
      return header.knownKind == .commit
        && offset + UInt64(RecordHeader.size) + header.payloadLength == end
    } catch {
      guard error.isAboutBytes else { throw error }
      return false
    }
  }

  /// Reads the block that ends with the mark that is looked at next. The first is just a mark long:
  /// nearly always it is the one.
  private mutating func readBlock() throws(TrackerError) {
    let width = block.isEmpty ? Self.size : Self.blockSize
    start = end > width ? end - width : 0
    try records.storage.readExactly(
      at: start, count: Int(end - start), within: records.size, into: &block)
  }
}
