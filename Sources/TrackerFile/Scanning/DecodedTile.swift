import TrackerCodec
import TrackerModel

/// A tile's values, in their own width: many tiles are held at a time.
struct DecodedTile: Sendable {
  /// The rows that were decoded: all of the tile, or those wanted.
  let rowCount: Int
  let presence: Presence
  let values: ValueBuffer
  /// By value: who recorded it, as a place among the entry's identities, from 1, or 0 where it is not
  /// known. Empty where the tile does not say, or was not asked.
  let sources: [UInt32]
  /// The place of each column's first value.
  let starts: [Int]

  /// - Parameter values: of the header's cells that hold a point.
  init(_ header: TileHeader, _ values: ValueBuffer, _ sources: [UInt32] = []) {
    rowCount = header.rowCount
    presence = header.presence
    self.values = values
    self.sources = sources
    var starts: [Int] = []
    starts.reserveCapacity(header.columns.count)
    var start = 0
    for column in header.columns.indices {
      starts.append(start)
      start += header.presence.pointCount(
        in: column * header.rowCount..<(column + 1) * header.rowCount)
    }
    self.starts = starts
  }

  /// A tile all of whose cells hold a point, without sources.
  init(full values: ValueBuffer, rowCount: Int, columnCount: Int) {
    self.rowCount = rowCount
    presence = .all(rowCount * columnCount)
    self.values = values
    sources = []
    starts = (0..<columnCount).map { $0 * rowCount }
  }

  /// The first rows of one all of whose cells hold a point.
  func prefix(_ count: Int) -> DecodedTile {
    var part = ValueBuffer(values.type)
    part.reserveCapacity(count * starts.count)
    for start in starts { part.append(start..<start + count, of: values) }
    return DecodedTile(full: part, rowCount: count, columnCount: starts.count)
  }

  /// Whether every cell holds a point: then a column's values stand in the order of the rows.
  var isFull: Bool { presence.words == nil }

  /// Some rows of a column.
  struct ColumnPart {
    let tile: DecodedTile
    let rowCount: Int
    /// The cell of the first row.
    let cell: Int
    /// The place of the first of these rows' values.
    let first: Int
  }

  /// - Parameter next: the place of the first value of these rows.
  func part(column: Int, rows: Range<Int>, from next: Int) -> ColumnPart {
    ColumnPart(
      tile: self, rowCount: rows.count, cell: column * rowCount + rows.lowerBound, first: next)
  }
}

extension DecodedTile.ColumnPart {
  /// Copies the points to the cells of a matrix.
  ///
  /// - Parameters:
  ///   - start: the cell of the matrix's first row in their column.
  ///   - places: of the rows in the matrix.
  func copy(
    into values: inout ValueBuffer, _ presence: inout Presence, from start: Int,
    at places: RowPlaces
  ) {
    let all = first..<first + rowCount
    switch (places, tile.isFull) {
    case (.run(let row), true):
      values.copy(all, of: tile.values, to: start + row)
      presence.insert(start + row..<start + row + rowCount)
    case (.run(let row), false):
      presence.insert(cell..<cell + rowCount, of: tile.presence, at: start + row)
      forEachWord { (offset, place, bits) in
        values.spread(from: place, of: tile.values, to: start + row + offset, mask: bits)
      }
    case (.scattered(let row, let rows), true):
      values.scatter(all, of: tile.values, to: start + row, at: rows.span)
      presence.insert(rows.span, from: start + row)
    case (.scattered(let row, let rows), false):
      forEachPoint { (offset, place) in
        let cell = start + row + Int(rows[offset])
        values.set(cell, to: tile.values[place])
        presence.insert(cell)
      }
    }
  }

  /// Calls `body` with each point: its place among the rows, and its value's.
  @inline(__always)
  func forEachPoint(_ body: (_ row: Int, _ place: Int) -> Void) {
    forEachWord { (start, first, bits) in
      var (rest, place) = (bits, first)
      while rest != 0 {
        body(start + rest.trailingZeroBitCount, place)
        place += 1
        rest &= rest &- 1
      }
    }
  }

  /// Calls `body` with 64 rows at a time: the first of them, the place of their first value, and which
  /// of them have one.
  @inline(__always)
  private func forEachWord(_ body: (_ row: Int, _ place: Int, _ bits: UInt64) -> Void) {
    var (row, place) = (0, first)
    while row < rowCount {
      var bits = tile.presence.bits(from: cell + row)
      if rowCount - row < 64 { bits &= (1 << UInt64(rowCount - row)) - 1 }
      body(row, place, bits)
      place += bits.nonzeroBitCount
      row += 64
    }
  }
}

/// Where some rows stand among others.
enum RowPlaces {
  /// From this one on, without a gap.
  case run(Int)
  case scattered(first: Int, [Int32])

  @inline(__always)
  subscript(row: Int) -> Int {
    switch self {
    case .run(let first): first + row
    case .scattered(let first, let places): first + Int(places[row])
    }
  }
}
