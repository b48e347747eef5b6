import TrackerFile
import TrackerModel

/// Some epochs of a channel as a matrix in memory, block by block.
final class MatrixScan: HistorySource {
  let channel: Channel
  let valueType: ValueType
  private(set) var rows: IndexColumn
  let columns: [TileColumn]
  private(set) var block = CellBlock()

  private let indices: IndexColumn
  private let matrix: EpochMatrix
  /// For each column its epoch in the matrix.
  private let epochs: [Int]
  private let rowsPerBlock: Int
  private var position = 0

  /// - Parameters:
  ///   - indices: of the matrix's rows, ascending.
  ///   - columns: of the matrix's epochs, each step once.
  init(
    channel: Channel, valueType: ValueType, indices: IndexColumn, columns: [TileColumn],
    matrix: EpochMatrix
  ) {
    self.channel = channel
    self.valueType = valueType
    self.indices = indices
    self.matrix = matrix
    epochs = columns.indices.sorted { columns[$0] < columns[$1] }
    self.columns = epochs.map { columns[$0] }
    rows = IndexColumn(type: indices.type)
    rowsPerBlock = max(1, min(8192, (1 << 22) / max(1, columns.count)))
  }

  func advance() throws(TrackerError) -> Bool {
    guard position < indices.count else { return false }
    let range = position..<min(position + rowsPerBlock, indices.count)
    rows = indices.slice(range)
    block.reset(rowCount: range.count, columnCount: columns.count)
    for (column, epoch) in epochs.enumerated() {
      let source = epoch * indices.count + range.lowerBound
      let target = column * range.count
      for row in 0..<range.count {
        block.bits[target + row] = matrix.bits[source + row]
        block.isFilled[target + row] = matrix.isFilled[source + row]
      }
    }
    position = range.upperBound
    return true
  }
}

/// Values of all instances in some epochs, an epoch after the other.
struct EpochMatrix {
  private(set) var bits: [UInt64] = []
  /// 1 where there is a value.
  private(set) var isFilled: [UInt8] = []
  let width: Int

  init(width: Int) { self.width = width }

  /// Empties the matrix; keeps its memory.
  mutating func removeAll() {
    bits.removeAll(keepingCapacity: true)
    isFilled.removeAll(keepingCapacity: true)
  }

  /// Appends an epoch without values.
  mutating func appendEpoch() {
    bits.append(contentsOf: repeatElement(0, count: width))
    isFilled.append(contentsOf: repeatElement(0, count: width))
  }

  /// Sets a value of the last epoch; false where it holds another one already.
  @inline(__always)
  mutating func set(_ place: Int, _ value: UInt64) -> Bool {
    let cell = bits.count - width + place
    if isFilled[cell] == 1 { return bits[cell] == value }
    bits[cell] = value
    isFilled[cell] = 1
    return true
  }
}
