import TrackerFile
import TrackerModel

/// A data set as the source of a canonical file: the direct way from columns to tiles, as imports go.
final class MatrixSource: HistorySource {
  let channel: Channel
  let valueType = ValueType.float32
  private(set) var rows = IndexColumn(type: .int64)
  let columns: [TileColumn]
  private(set) var block = CellBlock()

  private let set: DataSet
  private var position = 0
  private static let rowsPerBlock = 8192

  init(_ set: DataSet, channel: Channel) {
    self.set = set
    self.channel = channel
    columns = set.steps.enumerated().map { TileColumn(step: $1, epoch: Int64($0)) }
  }

  func advance() -> Bool {
    guard position < set.instanceCount else { return false }
    let range = position..<min(position + Self.rowsPerBlock, set.instanceCount)
    rows = .integers(Array(set.indices[range]))
    block.reset(rowCount: range.count, columnCount: columns.count)
    for column in columns.indices {
      let source = column * set.instanceCount + range.lowerBound
      let target = column * range.count
      for row in 0..<range.count {
        block.bits[target + row] = Widening.widen(set.values[source + row].bitPattern)
        block.isFilled[target + row] = set.isMasked ? set.mask[source + row] : 1
      }
    }
    position = range.upperBound
    return true
  }
}
