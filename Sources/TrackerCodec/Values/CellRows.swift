/// Which row each value of a tile stands in: values are listed column by column, absent cells left
/// out.
public struct CellRows: Sendable {
  public let rowCount: Int
  /// Where each column's values begin, and behind the last where they end.
  let starts: [Int]
  /// The row of each value; empty where every cell holds one.
  private let rows: [UInt32]
  let isFull: Bool

  var columnCount: Int { starts.count - 1 }
  public var count: Int { starts[starts.count - 1] }

  /// - Parameter rows: nil where every cell holds a value.
  init(rowCount: Int, starts: [Int], rows: [UInt32]?) {
    self.rowCount = rowCount
    self.starts = starts
    self.rows = rows ?? []
    isFull = rows == nil
  }

  /// The values of a column.
  func range(of column: Int) -> Range<Int> { starts[column]..<starts[column + 1] }

  /// The rows of a column's values.
  struct Column: ~Escapable {
    private let rows: Span<UInt32>
    private let isFull: Bool

    @_lifetime(copy rows)
    fileprivate init(_ rows: Span<UInt32>, isFull: Bool) {
      self.rows = rows
      self.isFull = isFull
    }

    /// The row of a value, counted from the column's first.
    @inline(__always)
    subscript(position: Int) -> Int { isFull ? position : Int(rows[position]) }
  }

  @_lifetime(borrow self)
  func rows(of column: Int) -> Column {
    Column(rows.span.extracting(isFull ? 0..<0 : range(of: column)), isFull: isFull)
  }

  /// The rows of all values; empty where every cell holds one.
  var allRows: Span<UInt32> {
    @_lifetime(borrow self)
    get { rows.span }
  }

  /// A column of its own, every cell filled.
  public init(column count: Int) {
    self.init(rowCount: count, starts: [0, count], rows: nil)
  }

  public init(rowCount: Int, columnCount: Int, presence: Presence) {
    guard let words = presence.words else {
      let starts = (0...columnCount).map { $0 * rowCount }
      self.init(rowCount: rowCount, starts: starts, rows: nil)
      return
    }
    var starts: [Int] = []
    starts.reserveCapacity(columnCount + 1)
    var rows: [UInt32] = []
    rows.reserveCapacity(presence.pointCount)
    starts.append(0)
    var end = rowCount
    for (position, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        let cell = position << 6 + rest.trailingZeroBitCount
        while cell >= end {
          starts.append(rows.count)
          end += rowCount
        }
        rows.append(UInt32(truncatingIfNeeded: cell - (end - rowCount)))
        rest &= rest - 1
      }
    }
    while starts.count <= columnCount { starts.append(rows.count) }
    self.init(rowCount: rowCount, starts: starts, rows: rows)
  }
}
