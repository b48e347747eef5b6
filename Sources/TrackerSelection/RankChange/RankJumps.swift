import TrackerModel
import TrackerSystem

/// The largest jump of each of some rows, from their ranks in the order of steps.
struct RankJumps {
  /// Bytes a row.
  static let size = 16
  /// For each row its rank in the last step that had one, negative where none had, and its largest jump:
  /// together, because rows come in any order and each is another line of memory.
  private var pairs: [Double]

  init(rowCount: Int) {
    pairs = Array(repeating: 0, count: 2 * rowCount)
    for row in 0..<rowCount { pairs[2 * row] = -1 }
  }

  /// Ranks that wait to be noted: one after the other, memory answers for several at a time.
  private var waiting: [(row: Int, rank: Double)] = []
  private static let batch = 1024

  @inline(__always)
  mutating func note(_ rank: Double, ofRow row: Int) {
    waiting.append((row, rank))
    if waiting.count == Self.batch { noteWaiting() }
  }

  private mutating func noteWaiting() {
    // Taken out, because a span of it borrows all of self.
    var held = exchange(&waiting, with: [])
    Self.note(held.span, in: &pairs)
    held.removeAll(keepingCapacity: true)
    waiting = held
  }

  private static func note(_ batch: Span<(row: Int, rank: Double)>, in pairs: inout [Double]) {
    var target = pairs.mutableSpan
    for number in batch.indices {
      let (row, rank) = batch[number]
      let place = 2 * row
      let before = target[place]
      target[place] = rank
      let jump = before >= 0 ? abs(rank - before) : 0
      target[place + 1] = Swift.max(target[place + 1], jump)
    }
  }

  /// Notes the rank of every row in one step, negative for those without one.
  mutating func note(_ ranks: Span<Double>) {
    var target = pairs.mutableSpan
    for row in ranks.indices {
      let rank = ranks[row]
      let (before, largest) = (target[2 * row], target[2 * row + 1])
      let jump = before >= 0 ? abs(rank - before) : 0
      target[2 * row] = rank >= 0 ? rank : before
      target[2 * row + 1] = rank >= 0 ? Swift.max(largest, jump) : largest
    }
  }

  /// The largest jump of each row, after the last rank.
  consuming func finish() -> [Double] {
    noteWaiting()
    return stride(from: 1, to: pairs.count, by: 2).map { pairs[$0] }
  }
}

/// Ranks of more rows than memory has room for, kept in a temporary file by ranges of rows.
struct RankBuckets {
  let rowsPerBucket: Int
  private let rowCount: Int
  private let room: Int
  private let file: TemporaryFile
  private var waiting: [[UInt64]]
  /// By bucket: where its rows and ranks stand in the file, in the order of steps.
  private var parts: [[Range<Int>]]

  init(rowCount: Int, rowsPerBucket: Int, memory: Int, folder: String) throws(TrackerError) {
    self.rowCount = rowCount
    self.rowsPerBucket = rowsPerBucket
    let count = (rowCount + rowsPerBucket - 1) / rowsPerBucket
    room = max(64, memory / 32 / count) / 2 * 2
    file = try TemporaryFile(inFolder: folder)
    waiting = Array(repeating: [], count: count)
    parts = Array(repeating: [], count: count)
  }

  @inline(__always)
  mutating func note(_ rank: Double, ofRow row: Int) throws(TrackerError) {
    let bucket = row / rowsPerBucket
    waiting[bucket].append(UInt64(row))
    waiting[bucket].append(rank.bitPattern)
    if waiting[bucket].count >= room { try write(bucket) }
  }

  private mutating func write(_ bucket: Int) throws(TrackerError) {
    // Taken out, because a span of it needs a place of its own.
    var held = exchange(&waiting[bucket], with: [])
    let first = try file.append(held.span)
    parts[bucket].append(first..<first + held.count)
    held.removeAll(keepingCapacity: true)
    waiting[bucket] = held
  }

  /// After the last rank.
  mutating func finish() throws(TrackerError) {
    for bucket in waiting.indices where !waiting[bucket].isEmpty { try write(bucket) }
    waiting = []
  }

  /// The jumps of one bucket's rows.
  func jumps(ofBucket bucket: Int) throws(TrackerError) -> [Double] {
    let first = bucket * rowsPerBucket
    var jumps = RankJumps(rowCount: min(rowsPerBucket, rowCount - first))
    var words: [UInt64] = []
    for part in parts[bucket] {
      words.removeAll(keepingCapacity: true)
      words.append(contentsOf: repeatElement(0, count: part.count))
      var target = words.mutableSpan
      try file.read(at: part.lowerBound, into: &target)
      for place in stride(from: 0, to: words.count, by: 2) {
        jumps.note(Double(bitPattern: words[place + 1]), ofRow: Int(words[place]) - first)
      }
    }
    return jumps.finish()
  }
}
