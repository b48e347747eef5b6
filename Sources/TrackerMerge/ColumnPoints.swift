import TrackerCodec
import TrackerFile
import TrackerModel

/// The points of one column in the rows that a tiler has gathered.
struct ColumnPoints {
  /// Widened to float64, in the order of rows.
  private var bits: [UInt64] = []
  /// The row of each point; nil while they are the rows from the first one on, without a gap.
  private var rows: [Int32]?

  var count: Int { bits.count }

  /// Whether there is a point in each of the first `rowCount` rows, and in no other.
  func isWhole(through rowCount: Int) -> Bool { rows == nil && bits.count == rowCount }

  /// Appends points of the rows that follow.
  ///
  /// - Precondition: the column is whole through the rows before them.
  mutating func append(_ more: ArraySlice<UInt64>) { bits.append(contentsOf: more) }

  /// Appends the points of those cells that hold one.
  ///
  /// - Parameter places: the row of each cell.
  mutating func append(_ block: CellBlock, _ cells: Range<Int>, _ places: ArraySlice<Int32>) {
    var rows = self.rows ?? (0..<Int32(bits.count)).map { $0 }
    // Out of the column while it grows, so that it is not copied.
    self.rows = nil
    for (cell, row) in zip(cells, places) where block.isFilled[cell] == 1 {
      rows.append(row)
      bits.append(block.bits[cell])
    }
    self.rows = rows
  }

  /// Marks the points' cells, the first of which is `first`.
  func insertRows(into presence: inout Presence, from first: Int) {
    guard let rows else {
      for row in bits.indices { presence.insert(first + row) }
      return
    }
    for row in rows { presence.insert(first + Int(row)) }
  }

  /// Appends the values' bits in a type that holds them exactly.
  func appendValues(as type: ValueType, to values: inout [UInt64]) {
    guard type == .float32 else {
      values.append(contentsOf: bits)
      return
    }
    let start = values.count
    values.append(contentsOf: repeatElement(0, count: bits.count))
    let source = bits.span
    var target = values.mutableSpan
    for place in source.indices {
      target[start + place] = UInt64(Widening.narrowWidened(source[place]))
    }
  }
}

extension CellBlock {
  /// Replaces `hasPoint` by a 1 for each row that has a point, and a 0 for the others.
  func findRowsWithPoints(into hasPoint: inout [UInt8]) {
    hasPoint.removeAll(keepingCapacity: true)
    hasPoint.append(contentsOf: repeatElement(0, count: rowCount))
    let source = isFilled.span
    var target = hasPoint.mutableSpan
    for column in 0..<columnCount {
      let cells = source.extracting(column * rowCount..<(column + 1) * rowCount)
      for row in cells.indices { target[row] |= cells[row] }
    }
  }

  /// Whether each cell of a range holds a point.
  func isFull(_ cells: Range<Int>) -> Bool {
    let source = isFilled.span.extracting(cells)
    var all: UInt8 = 1
    for cell in source.indices { all &= source[cell] }
    return all == 1
  }
}
