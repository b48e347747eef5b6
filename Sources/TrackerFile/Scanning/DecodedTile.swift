import TrackerCodec
import TrackerModel

/// A tile's values, in their own width: many tiles are held at a time.
struct DecodedTile: Sendable {
  /// The rows that were decoded: all of the tile, or those wanted.
  let rowCount: Int
  let presence: Presence
  let values: ValueBuffer
  /// The place of each column's first value.
  let starts: [Int]

  /// - Parameter values: of the header's cells that hold a point.
  init(_ header: TileHeader, _ values: ValueBuffer) {
    rowCount = header.rowCount
    presence = header.presence
    self.values = values
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

  /// Whether every cell holds a point: then a column's values stand in the order of the rows.
  var isFull: Bool { presence.words == nil }

  /// Calls `body` with each point of some rows of a column: its place among the rows, and its value's.
  ///
  /// - Parameter first: the place of the first of these rows' values.
  @inline(__always)
  func forEachPoint(
    column: Int, rows: Range<Int>, from first: Int, _ body: (_ row: Int, _ place: Int) -> Void
  ) {
    if isFull {
      for row in 0..<rows.count { body(row, first + row) }
      return
    }
    var place = first
    let base = column * rowCount + rows.lowerBound
    var start = 0
    while start < rows.count {
      var rest = presence.bits(from: base + start)
      if rows.count - start < 64 { rest &= (1 << UInt64(rows.count - start)) - 1 }
      while rest != 0 {
        body(start + rest.trailingZeroBitCount, place)
        place += 1
        rest &= rest &- 1
      }
      start += 64
    }
  }
}
