import TrackerCodec
import TrackerModel

/// The place of a scan in the rows that some tiles of one source share, within one window.
final class RowCursor {
  let source: Int
  /// The place of its rows among the window's parts.
  let part: Int
  /// Of the rows among the window's.
  private let places: PartPlaces
  private(set) var tiles: [ActiveTile] = []
  /// Rows passed.
  private var position = 0
  /// Its rows that are in the current block.
  private(set) var currentRows = 0..<0
  /// Where those stand in the block.
  private(set) var rowPlaces = RowPlaces.run(0)

  init(source: Int, part: Int, places: PartPlaces) {
    self.source = source
    self.part = part
    self.places = places
  }

  var isExhausted: Bool { position == places.count }

  func add(_ tile: ActiveTile) { tiles.append(tile) }

  /// Finds its rows among some of the window's. Complexity: O(log rows) and O(rows found).
  func match(_ rows: Range<Int>) {
    switch places {
    case .run(let first, let count):
      let end = max(position, min(count, rows.upperBound - first))
      currentRows = position..<end
      rowPlaces = .run(first + position - rows.lowerBound)
    case .listed(let listed):
      let end = Self.lowerBound(of: rows.upperBound, in: listed, from: position)
      currentRows = position..<end
      guard let first = listed[position..<end].first, let last = listed[position..<end].last
      else { return }
      // They ascend strictly.
      rowPlaces =
        Int(last - first) == end - position - 1
        ? .run(Int(first) - rows.lowerBound)
        : .scattered(first: -rows.lowerBound, Array(listed[position..<end]))
    case .marked(let origin, let marks):
      let start = max(0, rows.lowerBound - origin)
      let found = start..<max(start, min(marks.ends.upperBound + 1, rows.upperBound - origin))
      let count = marks.count(in: found)
      currentRows = position..<position + count
      let places = Array<Int32>(capacity: count) { target in
        marks.forEach(in: found) { target.append(Int32(truncatingIfNeeded: $0)) }
      }
      guard let lowest = places.first, let highest = places.last else { return }
      let base = origin - rows.lowerBound
      rowPlaces =
        Int(highest - lowest) == count - 1
        ? .run(base + Int(lowest)) : .scattered(first: base, places)
    }
  }

  /// The first place from `start` on that is not below `row`: in steps that double, then halve.
  private static func lowerBound(of row: Int, in places: [Int32], from start: Int) -> Int {
    var (low, step) = (start, 1)
    while low + step <= places.count, Int(places[low + step - 1]) < row {
      low += step
      step *= 2
    }
    var high = min(low + step - 1, places.count)
    while low < high {
      let middle = (low + high) / 2
      if Int(places[middle]) < row { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Goes past the rows of the current block.
  func pass() {
    for tile in tiles { tile.pass(currentRows) }
    position = currentRows.upperBound
    currentRows = position..<position
  }
}

/// A decoded tile, held while its rows pass.
final class ActiveTile {
  let entry: TileEntry
  let content: DecodedTile
  /// For each column its place among the window's; negative for those that are not scanned.
  let columnPlaces: [Int32]
  /// Who recorded its points.
  let origins: TileOrigins
  /// For each column, the place of its next value.
  private(set) var next: [Int]

  var offset: UInt64 { entry.offset }

  init(
    _ entry: TileEntry, _ content: DecodedTile, _ columnPlaces: [Int32], _ origins: TileOrigins
  ) {
    self.entry = entry
    self.content = content
    self.columnPlaces = columnPlaces
    self.origins = origins
    next = content.starts
  }

  func pass(_ rows: Range<Int>) {
    for column in next.indices {
      let base = column * content.rowCount
      next[column] += content.presence.pointCount(
        in: base + rows.lowerBound..<base + rows.upperBound)
    }
  }
}
