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

  public func cell(row: Int, column: Int) -> Int { column * rowCount + row }
}
