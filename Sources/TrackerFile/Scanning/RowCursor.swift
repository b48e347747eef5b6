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
  /// Its rows that are in the current block.
  var currentRows: Range<Int> { position..<position + places.count }

  func add(_ tile: ActiveTile) { tiles.append(tile) }

  func upcoming(limit: Int) -> IndexColumn {
    column.slice(position..<min(position + limit, column.count))
  }

  func match(_ rows: IndexColumn) {
    places = RowUnion.places(of: column, from: position, in: rows)
  }

  /// The same, as a run where they have no gaps.
  var rowPlaces: RowPlaces {
    // They ascend strictly.
    guard let first = places.first, let last = places.last,
      Int(last - first) == places.count - 1
    else { return .scattered(first: 0, places) }
    return .run(Int(first))
  }

  /// Goes past the rows of the current block.
  func pass() {
    for tile in tiles { tile.pass(currentRows) }
    position += places.count
    places.removeAll(keepingCapacity: true)
  }
}

/// A decoded tile, held while its rows pass.
final class ActiveTile {
  let entry: TileEntry
  let content: DecodedTile
  /// For each column, the place of its next value.
  private(set) var next: [Int]

  var offset: UInt64 { entry.offset }
  var columns: [TileColumn] { entry.columns }
  var rowCount: Int { content.rowCount }

  init(_ entry: TileEntry, _ content: DecodedTile) {
    self.entry = entry
    self.content = content
    next = content.starts
  }

  func pass(_ rows: Range<Int>) {
    for column in columns.indices {
      let base = column * content.rowCount
      next[column] += content.presence.pointCount(
        in: base + rows.lowerBound..<base + rows.upperBound)
    }
  }
}
