import TrackerFile
import TrackerModel

/// The points of one channel that a filter lets through.
final class FilteredScan: HistorySource {
  private let scan: any HistorySource
  private let wanted: [InstanceIndex]?
  /// Points that may still come.
  private(set) var left: Int
  private(set) var rows: IndexColumn
  private(set) var block = CellBlock()

  var channel: Channel { scan.channel }
  var valueType: ValueType { scan.valueType }
  var columns: [TileColumn] { scan.columns }

  func identities(ofOrigin origin: UInt32) -> [RunIdentity] { scan.identities(ofOrigin: origin) }

  /// - Parameters:
  ///   - steps: in place of the filter's; nil for those.
  ///   - limit: in place of the filter's, which counts over all channels.
  init(
    _ union: TrackerUnion, _ channel: Channel, _ filter: FilterOptions,
    steps: ClosedRange<Int64>? = nil, limit: Int, tracksOrigins: Bool = false
  ) throws(TrackerError) {
    wanted = try filter.indices(of: union.indexType)
    scan = union.scan(
      channel, indices: wanted, steps: steps ?? filter.steps?.range, tracksOrigins: tracksOrigins)
    left = limit
    rows = IndexColumn(type: union.indexType)
  }

  func advance() throws(TrackerError) -> Bool {
    guard left > 0, try scan.advance() else { return false }
    if let wanted {
      select(wanted.compactMap { scan.rows.row(of: $0) })
    } else {
      rows = scan.rows
      block = scan.block
    }
    if left < .max { cut() }
    return true
  }

  private func select(_ places: [Int]) {
    let source = scan.block
    rows = IndexColumn(places.map { scan.rows[$0] }, type: scan.rows.type)
    block.reset(
      rowCount: places.count, columnCount: source.columnCount, valueType,
      tracksOrigins: !source.origins.isEmpty)
    for column in 0..<source.columnCount {
      for (row, place) in places.enumerated() {
        let (from, to) = (
          source.cell(row: place, column: column), block.cell(row: row, column: column)
        )
        guard source.hasPoint(from) else { continue }
        block.set(
          to, to: source.bits(from), origin: source.origins.isEmpty ? 0 : source.origins[from])
      }
    }
    block.settle()
  }

  /// Drops the points beyond the limit, in the order of indices and steps.
  private func cut() {
    for row in 0..<block.rowCount {
      for column in 0..<block.columnCount {
        let cell = block.cell(row: row, column: column)
        guard block.hasPoint(cell) else { continue }
        if left > 0 { left -= 1 } else { block.remove(cell) }
      }
    }
  }
}
