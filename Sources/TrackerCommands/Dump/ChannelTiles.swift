import TrackerCodec
import TrackerFile
import TrackerModel

/// One channel's tiles in several files, by number.
///
/// A directory says in few bytes that many tiles have many columns: whatever is gathered of them here are
/// numbers of 4 bytes, never entries.
struct ChannelTiles {
  private let files: [[TileEntry]]
  /// Where the tiles of each file begin among all.
  private let starts: [Int]

  init(_ channel: Channel, of readers: [TrackerReader]) {
    files = readers.map { $0.snapshot.tiles(of: channel) }
    var (starts, count) = ([Int](), 0)
    for tiles in files {
      starts.append(count)
      count += tiles.count
    }
    self.starts = starts
  }

  var numbers: Range<Int32> {
    0..<Int32(clamping: files.reduce(0) { $0 + $1.count })
  }

  /// The file that a tile stands in. O(log files).
  func file(of number: Int32) -> Int {
    var (low, high) = (0, files.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= Int(number) { low = middle } else { high = middle }
    }
    // Files without tiles begin where the next one does: the last of those has the tile.
    return low
  }

  subscript(number: Int32) -> TileEntry {
    let place = file(of: number)
    return files[place][Int(number) - starts[place]]
  }

  /// One tile for each index set record and each dense range, by first index, file and offset.
  func withDistinctRows() -> [Int32] {
    let sorted = numbers.sorted { comesBefore($0, $1) }
    var distinct: [Int32] = []
    for number in sorted {
      if let last = distinct.last, rows(of: number) == rows(of: last) { continue }
      distinct.append(number)
    }
    return distinct
  }

  private struct Rows: Equatable {
    var first: InstanceIndex
    var last: InstanceIndex
    /// Where they stand; -1 and 0 for a dense range, which is the same in all files.
    var file: Int
    var offset: UInt64
  }

  private func rows(of number: Int32) -> Rows {
    let tile = self[number]
    switch tile.indexSet {
    case .dense: return Rows(first: tile.firstIndex, last: tile.lastIndex, file: -1, offset: 0)
    case .record(let offset):
      return Rows(
        first: tile.firstIndex, last: tile.lastIndex, file: file(of: number), offset: offset)
    }
  }

  private func comesBefore(_ number: Int32, _ other: Int32) -> Bool {
    let (rows, others) = (rows(of: number), rows(of: other))
    if rows.first != others.first { return rows.first < others.first }
    if rows.last != others.last { return rows.last < others.last }
    return (rows.file, rows.offset, number) < (others.file, others.offset, other)
  }

  /// Pairs of tile and step that are gathered at once.
  private static let pairsAtOnce = 1 << 20

  /// Calls `body` with each step that several tiles have, ascending, and those tiles by first index.
  ///
  /// Reads all tiles' columns once, and once more for every 2²⁰ pairs of tile and step.
  func forEachSharedStep(
    _ body: (_ step: Int64, _ tiles: [Int32]) throws(TrackerError) -> Void
  ) throws(TrackerError) {
    var counts: [Int64: Int] = [:]
    for number in numbers {
      forEachStep(of: self[number].columns[...]) { counts[$0, default: 0] += 1 }
    }
    let shared = counts.filter { $0.value > 1 }.sorted { $0.key < $1.key }
    guard !shared.isEmpty else { return }
    let byRow = numbers.sorted { (self[$0].firstIndex, $0) < (self[$1].firstIndex, $1) }
    var first = 0
    while first < shared.count {
      var (end, pairs) = (first, 0)
      repeat {
        pairs += shared[end].value
        end += 1
      } while end < shared.count && pairs < Self.pairsAtOnce
      let steps = shared[first..<end].map(\.key)
      var lists = [[Int32]](repeating: [], count: steps.count)
      for number in byRow {
        let columns = self[number].columns
        let begin = Self.place(of: steps[0], in: columns.count) { columns[$0].step }
        forEachStep(of: columns[begin...].prefix { $0.step <= steps[steps.count - 1] }) { step in
          let place = Self.place(of: step, in: steps.count) { steps[$0] }
          if place < steps.count, steps[place] == step { lists[place].append(number) }
        }
      }
      for (step, list) in zip(steps, lists) { try body(step, list) }
      first = end
    }
  }

  /// Columns ascend by step; twins stand side by side and count once.
  private func forEachStep(of columns: ArraySlice<TileColumn>, _ body: (Int64) -> Void) {
    var last: Int64?
    for column in columns where column.step != last {
      body(column.step)
      last = column.step
    }
  }

  /// Where the first of `count` ascending things is that is not below `step`.
  private static func place(of step: Int64, in count: Int, _ thing: (Int) -> Int64) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if thing(middle) < step { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
