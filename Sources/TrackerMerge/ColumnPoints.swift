import TrackerCodec
import TrackerFile
import TrackerModel

/// The points of one column in the rows that a tiler has gathered.
struct ColumnPoints {
  /// In the order of rows.
  private var values: ValueBuffer
  /// The row of each point; nil while they are the rows from the first one on, without a gap.
  private var rows: [Int32]?

  init(_ type: ValueType) { values = ValueBuffer(type) }

  var count: Int { values.count }

  /// Whether there is a point in each of the first `rowCount` rows, and in no other.
  func isWhole(through rowCount: Int) -> Bool { rows == nil && values.count == rowCount }

  /// Appends points of the rows that follow.
  ///
  /// - Precondition: the column is whole through the rows before them, and each cell holds a point.
  mutating func append(_ block: CellBlock, _ cells: Range<Int>) {
    values.append(cells, of: block.values)
  }

  /// Appends the points of those cells that hold one.
  ///
  /// - Parameter places: the row of each cell.
  mutating func append(_ block: CellBlock, _ cells: Range<Int>, _ places: ArraySlice<Int32>) {
    var rows = self.rows ?? (0..<Int32(values.count)).map { $0 }
    // Out of the column while it grows, so that it is not copied.
    self.rows = nil
    for (cell, row) in zip(cells, places) where block.hasPoint(cell) {
      rows.append(row)
      values.append(block.bits(cell))
    }
    self.rows = rows
  }

  /// Marks the points' cells, the first of which is `first`.
  func insertRows(into presence: inout Presence, from first: Int) {
    guard let rows else { return presence.insert(first..<first + values.count) }
    for row in rows { presence.insert(first + Int(row)) }
  }

  func appendValues(to other: inout ValueBuffer) { other.append(0..<values.count, of: values) }
}

extension CellBlock {
  /// Replaces `hasPoint` by a 1 for each row that has a point, and a 0 for the others.
  func findRowsWithPoints(into hasPoint: inout [UInt8]) {
    hasPoint.removeAll(keepingCapacity: true)
    hasPoint.append(contentsOf: repeatElement(isFull && columnCount > 0 ? 1 : 0, count: rowCount))
    guard !isFull else { return }
    for column in 0..<columnCount {
      let first = cell(row: 0, column: column)
      for row in 0..<rowCount where self.hasPoint(first + row) { hasPoint[row] = 1 }
    }
  }

  /// Whether each cell of a range holds a point.
  func isFull(_ cells: Range<Int>) -> Bool {
    isFull || presence.pointCount(in: cells) == cells.count
  }
}
