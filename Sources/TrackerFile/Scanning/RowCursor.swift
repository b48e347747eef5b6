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
  private let rowCount: Int
  private let presence: Presence
  // Held in their own width: many tiles are held at a time.
  private var narrow: [UInt32] = []
  private var wide: [UInt64] = []
  /// For each column, the place of its next value.
  private var next: [Int]

  /// - Parameter values: bits in the tile's value type.
  init(_ entry: TileEntry, _ header: TileHeader, _ values: [UInt64]) {
    self.entry = entry
    rowCount = header.rowCount
    presence = header.presence
    switch entry.valueType {
    case .float32: narrow = values.map { UInt32(truncatingIfNeeded: $0) }
    case .float64: wide = values
    }
    next = []
    var start = 0
    for column in columns.indices {
      next.append(start)
      start += presence.pointCount(in: column * rowCount..<(column + 1) * rowCount)
    }
  }

  private func bits(at place: Int) -> UInt64 {
    entry.valueType == .float32 ? Widening.widen(narrow[place]) : wide[place]
  }

  /// Calls `body` with the place among the `count` rows and the widened bits of each point.
  @inline(__always)
  func forEachPoint(
    column: Int, from position: Int, count: Int, _ body: (_ row: Int, _ bits: UInt64) -> Void
  ) {
    var place = next[column]
    if presence.words == nil {
      if entry.valueType == .float32 {
        for row in 0..<count { body(row, Widening.widen(narrow[place + row])) }
      } else {
        for row in 0..<count { body(row, wide[place + row]) }
      }
      return
    }
    let base = column * rowCount + position
    var first = 0
    while first < count {
      var rest = presence.bits(from: base + first)
      if count - first < 64 { rest &= (1 << UInt64(count - first)) - 1 }
      while rest != 0 {
        body(first + rest.trailingZeroBitCount, bits(at: place))
        place += 1
        rest &= rest &- 1
      }
      first += 64
    }
  }

  func pass(rows: Int, from position: Int) {
    for column in columns.indices {
      let base = column * rowCount + position
      next[column] += presence.pointCount(in: base..<base + rows)
    }
  }
}
