import TrackerFile

/// How this layer reads blocks: all of it goes through here.
extension CellBlock {
  /// Calls `body` with the row and the widened bits of each point that a column has in some rows.
  @inline(__always)
  func forEachPoint(
    ofColumn column: Int, rows: Range<Int>, _ body: (_ row: Int, _ bits: UInt64) -> Void
  ) {
    let first = cell(row: 0, column: column)
    for row in rows where isFilled[first + row] == 1 { body(row, bits[first + row]) }
  }

  /// The bits of the row's value with the highest step, or nil where it has none.
  func lastValue(ofRow row: Int) -> UInt64? {
    var column = columnCount - 1
    while column >= 0 {
      let cell = cell(row: row, column: column)
      if isFilled[cell] == 1 { return bits[cell] }
      column -= 1
    }
    return nil
  }
}
