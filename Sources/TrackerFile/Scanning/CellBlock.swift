import TrackerModel

/// The points of some rows in some columns: a dense matrix with a flag for each cell.
///
/// Cell `column * rowCount + row`. Values are widened to float64 bits.
public struct CellBlock: Sendable {
  public private(set) var rowCount = 0
  public private(set) var columnCount = 0
  public var bits: [UInt64] = []
  /// 1 where the cell holds a point, else 0.
  public var isFilled: [UInt8] = []
  /// Who recorded each point, as a number that `BlockScanner.identities(ofOrigin:)` explains; empty
  /// unless asked for.
  public var origins: [UInt32] = []

  public init() {}

  /// Empties the block and gives it a shape; keeps its memory.
  public mutating func reset(rowCount: Int, columnCount: Int, tracksOrigins: Bool = false) {
    self.rowCount = rowCount
    self.columnCount = columnCount
    let count = rowCount * columnCount
    if bits.count < count {
      bits.append(contentsOf: repeatElement(0, count: count - bits.count))
    }
    if tracksOrigins, origins.count < count {
      origins.append(contentsOf: repeatElement(0, count: count - origins.count))
    }
    isFilled.removeAll(keepingCapacity: true)
    isFilled.append(contentsOf: repeatElement(0, count: count))
  }

  /// Copies the next rows of a tile that has no gaps to a run of cells; false where it has gaps.
  mutating func copyAll(of tile: ActiveTile, column: Int, to first: Int, count: Int) -> Bool {
    // Spans borrow the whole block, so the buffer leaves it for the call.
    var target: [UInt64] = []
    swap(&target, &bits)
    defer { swap(&target, &bits) }
    var cells = target.mutableSpan
    var part = cells._mutatingExtracting(first..<first + count)
    guard tile.copyAll(column: column, count: count, to: &part) else { return false }
    var flags: [UInt8] = []
    swap(&flags, &isFilled)
    defer { swap(&flags, &isFilled) }
    var filled = flags.mutableSpan
    for cell in first..<first + count { filled[cell] = 1 }
    return true
  }

  public func cell(row: Int, column: Int) -> Int { column * rowCount + row }
}
