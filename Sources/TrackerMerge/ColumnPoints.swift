import TrackerCodec
import TrackerFile
import TrackerModel

/// The points of one column in the rows that a tiler has gathered.
struct ColumnPoints {
  /// In the order of rows.
  private var values: ValueBuffer
  /// The row of each point; nil while they are the rows from the first one on, without a gap.
  private var rows: [Int32]?
  /// Who recorded each point, as the source's numbers; empty where it does not say.
  private(set) var origins: [UInt32] = []

  init(_ type: ValueType) { values = ValueBuffer(type) }

  var count: Int { values.count }

  /// Whether there is a point in each of the first `rowCount` rows, and in no other.
  func isWhole(through rowCount: Int) -> Bool { rows == nil && values.count == rowCount }

  /// Appends points of the rows that follow.
  ///
  /// - Precondition: the column is whole through the rows before them, and each cell holds a point.
  mutating func append(_ block: CellBlock, _ cells: Range<Int>) {
    values.append(cells, of: block.values)
    if !block.origins.isEmpty { origins.append(contentsOf: block.origins[cells]) }
  }

  /// Appends the points of those cells that hold one.
  ///
  /// - Parameter places: the row of each cell.
  mutating func append(_ block: CellBlock, _ cells: Range<Int>, _ places: ArraySlice<Int32>) {
    var rows = self.rows ?? (0..<Int32(values.count)).map { $0 }
    // Out of the column while it grows, so that it is not copied.
    self.rows = nil
    var start = 0
    while start < cells.count {
      var bits = block.presence.bits(from: cells.lowerBound + start)
      if cells.count - start < 64 { bits &= (1 << UInt64(cells.count - start)) - 1 }
      values.append(from: cells.lowerBound + start, of: block.values, mask: bits)
      let first = places.startIndex + start
      while bits != 0 {
        if !block.origins.isEmpty {
          origins.append(block.origins[cells.lowerBound + start + bits.trailingZeroBitCount])
        }
        rows.append(places[first + bits.trailingZeroBitCount])
        bits &= bits &- 1
      }
      start += 64
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
  /// Replaces `words` by bits, of which those of rows that have a point are 1, and those of other
  /// rows 0.
  func findRowsWithPoints(into words: inout [UInt64]) {
    words.removeAll(keepingCapacity: true)
    words.append(contentsOf: repeatElement(0, count: (rowCount + 63) / 64))
    for column in 0..<columnCount {
      let first = cell(row: 0, column: column)
      for place in words.indices { words[place] |= presence.bits(from: first + 64 * place) }
    }
  }

  /// Whether each cell of a range holds a point.
  func isFull(_ cells: Range<Int>) -> Bool {
    isFull || presence.pointCount(in: cells) == cells.count
  }
}
