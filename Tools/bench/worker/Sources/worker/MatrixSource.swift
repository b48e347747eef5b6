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
    var (bits, isFilled) = (exchange(&block.bits, with: []), exchange(&block.isFilled, with: []))
    let (values, mask) = (set.values, set.mask)
    var targetBits = bits.mutableSpan
    var targetFlags = isFilled.mutableSpan
    for column in columns.indices {
      let start = column * set.instanceCount + range.lowerBound
      let target = column * range.count
      let source = values.span.extracting(start..<start + range.count)
      for row in source.indices {
        targetBits[target &+ row] = Widening.widen(source[row].bitPattern)
        targetFlags[target &+ row] = 1
      }
      guard set.isMasked else { continue }
      for row in source.indices { targetFlags[target &+ row] = mask[start &+ row] }
    }
    (block.bits, block.isFilled) = (bits, isFilled)
    position = range.upperBound
    return true
  }
}
