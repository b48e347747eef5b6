import TrackerModel

/// The last index sets that came again, with their rows: those of a shard come in every epoch, and are
/// found by looking at them, neither hashed nor read from the file. 4 MiB at most.
struct RecentIndexSets {
  private static let maxBytes = 1 << 22
  private static let maxSets = 64

  private var sets: [(rows: IndexColumn, offset: UInt64)] = []
  private var bytes = 0

  /// The offset of the record of these rows. Complexity: O(sets), and O(rows) where one is as long.
  func offset(of rows: IndexColumn) -> UInt64? {
    sets.last { $0.rows.count == rows.count && $0.rows == rows }?.offset
  }

  mutating func append(_ rows: IndexColumn, at offset: UInt64) {
    let size = Self.size(rows)
    guard size <= Self.maxBytes else { return }
    sets.append((rows, offset))
    bytes += size
    while bytes > Self.maxBytes || sets.count > Self.maxSets {
      bytes -= Self.size(sets.removeFirst().rows)
    }
  }

  /// Forgets those whose records are written over.
  mutating func remove(from offset: UInt64) {
    sets.removeAll { $0.offset >= offset }
    bytes = sets.reduce(0) { $0 + Self.size($1.rows) }
  }

  private static func size(_ rows: IndexColumn) -> Int { rows.stringBytes + 8 * rows.count }
}
