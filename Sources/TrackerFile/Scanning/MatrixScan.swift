public import TrackerCodec
public import TrackerModel

/// A matrix in memory as a history, a block of rows at a time: the way of imports from columns to
/// tiles. Blocks share the matrix's memory.
public final class MatrixScan: HistorySource {
  public let channel: Channel
  public let columns: [TileColumn]
  public private(set) var rows: IndexColumn
  public private(set) var block = CellBlock()

  private let indices: IndexColumn
  private let values: ValueBuffer
  private let presence: Presence
  /// For each column its place in the matrix.
  private let places: [Int]
  private let rowsPerBlock: Int
  private var position = 0

  public var valueType: ValueType { values.type }

  /// - Parameters:
  ///   - indices: of the matrix's rows, ascending.
  ///   - columns: of the matrix, each step once, in any order.
  ///   - values: by cell, column by column.
  ///   - presence: of the same cells.
  /// - Precondition: one value for each row of each column, those without a point included.
  public init(
    channel: Channel, indices: IndexColumn, columns: [TileColumn], values: ValueBuffer,
    presence: Presence
  ) {
    let count = indices.count * columns.count
    precondition(values.count == count && presence.cellCount == count, "one value for each cell")
    self.channel = channel
    self.indices = indices
    self.values = values
    self.presence = presence.canonical
    places = columns.indices.sorted { columns[$0] < columns[$1] }
    self.columns = places.map { columns[$0] }
    rows = IndexColumn(type: indices.type)
    rowsPerBlock = max(1, min(8192, (1 << 22) / max(1, columns.count)))
  }

  public func advance() -> Bool {
    guard position < indices.count else { return false }
    let range = position..<min(position + rowsPerBlock, indices.count)
    rows = indices.slice(range)
    block = CellBlock(
      rowCount: range.count, starts: places.map { $0 * indices.count + range.lowerBound },
      values: values, presence: presence)
    position = range.upperBound
    return true
  }
}
