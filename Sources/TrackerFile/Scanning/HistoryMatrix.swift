public import TrackerCodec
public import TrackerModel
import TrackerSystem

/// One channel, or some of its steps, as columns in memory: what reads everything reads this.
///
/// Rows and columns without any point are not there, so a matrix depends only on the points, not on
/// the tiles that held them.
public struct HistoryMatrix: Sendable, Hashable {
  /// Ascending.
  public private(set) var rows: IndexColumn
  /// Ascending. A step with two epochs has two columns, each point being in one.
  public private(set) var columns: [TileColumn]
  /// The value of cell `column * rows.count + row`, in the channel's type; 0 where there is no point.
  public private(set) var values: ValueBuffer
  /// Which cells hold a point; `words` is nil where all do.
  public private(set) var presence: Presence

  /// Cells without a point may hold anything until `settle` makes them 0.
  private var isUnfilled = false

  /// A matrix without points.
  ///
  /// - Parameter isToBeFull: whether each cell will most likely get a point. Then cells are not filled with
  ///   zeros first.
  init(rows: IndexColumn, columns: [TileColumn], _ type: ValueType, isToBeFull: Bool) {
    self.rows = rows
    self.columns = columns
    let count = rows.count * columns.count
    presence = .none(count)
    isUnfilled = isToBeFull
    // In large pages: page by page, the first touch takes as long as a kernel of decoding.
    switch type {
    case .float32:
      values = ValueBuffer(float32Bits: Self.buffer(count, isUnfilled: isToBeFull))
    case .float64:
      values = ValueBuffer(float64Bits: Self.buffer(count, isUnfilled: isToBeFull))
    }
  }

  private static func buffer<Word: FixedWidthInteger & BitwiseCopyable>(
    _ count: Int, isUnfilled: Bool
  ) -> [Word] {
    if isUnfilled { return LargePages.unfilled(count) }
    var words: [Word] = []
    LargePages.reserve(count, in: &words)
    words.append(contentsOf: repeatElement(0, count: count))
    return words
  }

  /// Reads a source to its end: what a union of trackers gives, say. For a channel of one tracker
  /// `TrackerReader.matrix` is faster.
  ///
  /// Memory: twice the result, as the number of rows is not known before.
  /// - Parameter maxCells: how large the result may become: rows times columns, of which few may hold
  ///   points.
  /// - Throws: what reading throws; `limitExceeded` where the result would be larger.
  public init(_ source: any HistorySource, maxCells: Int = 1 << 31) throws(TrackerError) {
    var rows = IndexColumn(type: source.rows.type)
    var found: Set<TileColumn> = []
    var parts: [(block: CellBlock, columns: [TileColumn: Int])] = []
    while try source.advance() {
      rows.append(rows: 0..<source.rows.count, of: source.rows) { _ in true }
      found.formUnion(source.columns)
      let (cells, overflow) = rows.count.multipliedReportingOverflow(by: found.count)
      guard !overflow, cells <= maxCells else {
        throw TrackerError(
          .limitExceeded, "matrix", "more than \(maxCells) cells",
          remedy: "read fewer steps, or the points row by row")
      }
      let places = source.columns.enumerated().map { ($1, $0) }
      parts.append((source.block.compacted(), Dictionary(uniqueKeysWithValues: places)))
    }
    self.rows = rows
    columns = found.sorted()
    values = ValueBuffer(source.valueType)
    values.reserveCapacity(rows.count * columns.count)
    presence = .none(rows.count * columns.count)
    for column in columns {
      for (block, columns) in parts {
        if let place = columns[column] {
          let cells = block.cells(ofColumn: place)
          presence.insert(cells, of: block.presence, at: values.count)
          values.append(cells, of: block.values)
        } else {
          values.appendZeros(block.rowCount)
        }
      }
    }
    settle()
  }

  /// The block that a source stands at, as a matrix of its own. Complexity: O(cells of the block).
  public init(blockOf source: any HistorySource) {
    let block = source.block.compacted()
    rows = source.rows
    columns = source.columns
    values = block.values
    presence = block.presence
    settle()
  }

  public func cell(row: Int, column: Int) -> Int { column * rows.count + row }

  /// The cells of a column.
  public func cells(ofColumn column: Int) -> Range<Int> {
    column * rows.count..<(column + 1) * rows.count
  }

  // MARK: Filling

  /// Puts the points of some rows of a tile's column in their place.
  ///
  /// - Parameters:
  ///   - position: of the column in the tile.
  ///   - twins: other columns of the step: points there are replaced.
  mutating func set(
    column: Int, twins: Range<Int>, to tile: DecodedTile, _ position: Int, at places: RowPlaces
  ) {
    let part = tile.part(column: position, rows: 0..<tile.rowCount, from: tile.starts[position])
    part.copy(into: &values, &presence, from: cell(row: 0, column: column), at: places)
    for twin in twins where twin != column {
      let base = cell(row: 0, column: twin)
      part.forEachPoint { row, _ in
        let cell = base + places[row]
        guard presence[cell] else { return }
        presence.remove(cell)
        values.set(cell, to: 0)
      }
    }
  }

  /// Lets `body` put a point in each cell of some columns and rows.
  ///
  /// - Precondition: no column has a twin.
  mutating func fill(
    columns: Range<Int>, rows range: Range<Int>,
    _ body: (inout ValueBuffer, MatrixPlaces) throws(TrackerError) -> Void
  ) throws(TrackerError) {
    let first = cell(row: range.lowerBound, column: columns.lowerBound)
    try body(&values, MatrixPlaces(first: first, stride: rows.count))
    for column in columns {
      let start = cell(row: range.lowerBound, column: column)
      presence.insert(start..<start + range.count)
    }
  }

  /// Drops rows and columns without a point. Complexity: O(cells / 64) where there are none.
  mutating func settle() {
    presence = presence.canonical
    let wasUnfilled = exchange(&isUnfilled, with: false)
    guard presence.words != nil else { return }
    if wasUnfilled {
      for cell in 0..<values.count where !presence[cell] { values.set(cell, to: 0) }
    }
    let rowCount = rows.count
    var hasPoint = BitSet(count: rowCount)
    var keptColumns: [Int] = []
    for column in columns.indices {
      let cells = cells(ofColumn: column)
      if presence.pointCount(in: cells) > 0 { keptColumns.append(column) }
      hasPoint.formUnion(presence, from: cells.lowerBound)
    }
    let keptRows = (0..<rowCount).filter { hasPoint[$0] }
    guard keptRows.count < rowCount || keptColumns.count < columns.count else { return }
    var kept = Presence.none(keptRows.count * keptColumns.count)
    var next = 0
    for column in keptColumns {
      // Runs of rows move at once.
      var start = 0
      while start < keptRows.count {
        var end = start + 1
        while end < keptRows.count, keptRows[end] == keptRows[end - 1] + 1 { end += 1 }
        let from = column * rowCount + keptRows[start]
        let cells = from..<from + end - start
        values.move(cells, to: next)
        kept.insert(cells, of: presence, at: next)
        next += cells.count
        start = end
      }
    }
    values.resize(to: next)
    presence = kept.canonical
    rows = rows.selecting(keptRows)
    columns = keptColumns.map { columns[$0] }
  }
}

/// Which rows have a point in any column.
private struct BitSet {
  private var words: [UInt64]
  private let count: Int

  init(count: Int) {
    self.count = count
    words = [UInt64](repeating: 0, count: (count + 63) / 64)
  }

  subscript(row: Int) -> Bool { words[row >> 6] >> UInt64(row & 63) & 1 == 1 }

  mutating func formUnion(_ presence: Presence, from cell: Int) {
    for place in words.indices { words[place] |= presence.bits(from: cell + 64 * place) }
  }
}
