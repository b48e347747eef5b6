import TrackerCodec
import TrackerModel

/// The place of a scan in the rows that some tiles of one source share.
final class RowCursor {
  let source: Int
  let indexSet: IndexSetReference
  private let column: IndexColumn
  private(set) var tiles: [ActiveTile] = []
  /// Rows passed.
  private(set) var position = 0
  /// Where the rows from `position` on stand in the current block.
  private(set) var places: [Int32] = []

  init(source: Int, indexSet: IndexSetReference, column: IndexColumn) {
    self.source = source
    self.indexSet = indexSet
    self.column = column
  }

  var rowCount: Int { column.count }
  var isExhausted: Bool { position == column.count }

  func add(_ tile: ActiveTile) { tiles.append(tile) }

  func upcoming(limit: Int) -> IndexColumn {
    column.slice(position..<min(position + limit, column.count))
  }

  func match(_ rows: IndexColumn) {
    places = RowUnion.places(of: column, from: position, in: rows)
  }

  /// The first of `places` where they have no gaps; nil where they have.
  var firstOfRun: Int? {
    // They ascend strictly.
    guard let first = places.first, let last = places.last,
      Int(last - first) == places.count - 1
    else { return nil }
    return Int(first)
  }

  /// Goes past the rows of the current block.
  func pass() {
    for tile in tiles { tile.pass(rows: places.count, from: position) }
    position += places.count
    places.removeAll(keepingCapacity: true)
  }
}

/// A decoded tile, held while its rows pass.
final class ActiveTile {
  let entry: TileEntry
  var offset: UInt64 { entry.offset }
  var columns: [TileColumn] { entry.columns }
  var rowCount: Int { content.rowCount }
  private let content: DecodedTile
  /// For each column, the place of its next value.
  private var next: [Int]

  init(_ entry: TileEntry, _ content: DecodedTile) {
    self.entry = entry
    self.content = content
    next = content.starts
  }

  private func bits(at place: Int) -> UInt64 {
    entry.valueType == .float32 ? Widening.widen(content.narrow[place]) : content.wide[place]
  }

  /// Calls `body` with the place among the `count` rows and the widened bits of each point.
  @inline(__always)
  func forEachPoint(
    column: Int, from position: Int, count: Int, _ body: (_ row: Int, _ bits: UInt64) -> Void
  ) {
    var place = next[column]
    if content.presence.words == nil {
      if entry.valueType == .float32 {
        for row in 0..<count { body(row, Widening.widen(content.narrow[place + row])) }
      } else {
        for row in 0..<count { body(row, content.wide[place + row]) }
      }
      return
    }
    let base = column * content.rowCount + position
    var first = 0
    while first < count {
      var rest = content.presence.bits(from: base + first)
      if count - first < 64 { rest &= (1 << UInt64(count - first)) - 1 }
      while rest != 0 {
        body(first + rest.trailingZeroBitCount, bits(at: place))
        place += 1
        rest &= rest &- 1
      }
      first += 64
    }
  }

  /// Copies the widened bits of the next `count` rows, where every cell of the tile holds a point;
  /// false where that is not so.
  func copyAll(column: Int, count: Int, to target: inout MutableSpan<UInt64>) -> Bool {
    guard content.presence.words == nil else { return false }
    let places = next[column]..<next[column] + count
    if entry.valueType == .float32 {
      let narrow = content.narrow
      let source = narrow.span.extracting(places)
      for row in 0..<count { target[row] = Widening.widen(source[row]) }
    } else {
      let wide = content.wide
      let source = wide.span.extracting(places)
      for row in 0..<count { target[row] = source[row] }
    }
    return true
  }

  func pass(rows: Int, from position: Int) {
    for column in columns.indices {
      let base = column * content.rowCount + position
      next[column] += content.presence.pointCount(in: base..<base + rows)
    }
  }
}
