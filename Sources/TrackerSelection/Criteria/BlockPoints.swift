import TrackerCodec
import TrackerFile
import TrackerModel

/// How this layer reads blocks: all of it goes through here.
extension CellBlock {
  /// Calls `body` with the row and the widened bits of each point that a column has in some rows.
  @inline(__always)
  func forEachPoint(
    ofColumn column: Int, rows: Range<Int>, _ body: (_ row: Int, _ bits: UInt64) -> Void
  ) {
    let first = cell(row: 0, column: column)
    if values.type == .float32 {
      let bits = values.float32Bits
      let cells = bits.span
      forEachFilled(first, rows) { body($0, Widening.widen(cells[first + $0])) }
    } else {
      let bits = values.float64Bits
      let cells = bits.span
      forEachFilled(first, rows) { body($0, cells[first + $0]) }
    }
  }

  /// Copies the widened bits of some rows of a column, all of which have a point.
  func copyPoints(ofColumn column: Int, rows: Range<Int>, to target: inout [UInt64], at start: Int)
  {
    let first = cell(row: rows.lowerBound, column: column)
    var cells = target.mutableSpan
    var place = cells._mutatingExtracting(start..<start + rows.count)
    if values.type == .float32 {
      let bits = values.float32Bits
      let source = bits.span.extracting(first..<first + rows.count)
      for row in source.indices { place[row] = Widening.widen(source[row]) }
    } else {
      let bits = values.float64Bits
      let source = bits.span.extracting(first..<first + rows.count)
      for row in source.indices { place[row] = source[row] }
    }
  }

  @inline(__always)
  private func forEachFilled(_ first: Int, _ rows: Range<Int>, _ body: (_ row: Int) -> Void) {
    if isFull {
      for row in rows { body(row) }
      return
    }
    var start = rows.lowerBound
    while start < rows.upperBound {
      var rest = presence.bits(from: first + start)
      if rows.upperBound - start < 64 { rest &= (1 << UInt64(rows.upperBound - start)) - 1 }
      while rest != 0 {
        body(start + rest.trailingZeroBitCount)
        rest &= rest &- 1
      }
      start += 64
    }
  }

  /// The bits of the row's value with the highest step, or nil where it has none.
  func lastValue(ofRow row: Int) -> UInt64? {
    var column = columnCount - 1
    while column >= 0 {
      let cell = cell(row: row, column: column)
      if hasPoint(cell) { return bits(cell) }
      column -= 1
    }
    return nil
  }
}
