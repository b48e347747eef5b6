import TrackerModel
import TrackerSystem

/// The rows that share a value in one step: their rank is known only when all of them are.
///
/// A few thousand are held in memory, more wait in a temporary file: a 0/1 metric has groups of half
/// of all rows.
struct TieGroup {
  private(set) var count = 0
  private var held: [UInt64] = []
  private var file: TemporaryFile?
  private let folder: String
  private let room: Int

  init(memory: Int, folder: String) {
    self.folder = folder
    room = Swift.max(64, memory / 64)
  }

  mutating func append(_ row: UInt32) throws(TrackerError) {
    if held.count == room {
      let file = try openFile()
      try file.append(held.span)
      held.removeAll(keepingCapacity: true)
    }
    held.append(UInt64(row))
    count += 1
  }

  private mutating func openFile() throws(TrackerError) -> TemporaryFile {
    if let file { return file }
    let new = try TemporaryFile(inFolder: folder)
    file = new
    return new
  }

  /// Calls `body` with every row, and empties the group.
  @inline(__always)
  mutating func drain(_ body: (UInt32) throws(TrackerError) -> Void) throws(TrackerError) {
    for row in held { try body(UInt32(truncatingIfNeeded: row)) }
    if let file, file.wordCount > 0 {
      let end = file.wordCount
      var start = 0
      while start < end {
        var words = exchange(&held, with: [])
        words.removeAll(keepingCapacity: true)
        words.append(contentsOf: repeatElement(0, count: min(room, end - start)))
        var target = words.mutableSpan
        try file.read(at: start, into: &target)
        for row in words { try body(UInt32(truncatingIfNeeded: row)) }
        start += words.count
        held = words
      }
      file.truncate(toWords: 0)
    }
    held.removeAll(keepingCapacity: true)
    count = 0
  }
}
