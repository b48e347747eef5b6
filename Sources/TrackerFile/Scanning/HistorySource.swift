public import TrackerModel

/// One channel's points in the order of their indices, a block of rows at a time: what selections,
/// exports and merges read, from one tracker or from many.
public protocol HistorySource: AnyObject {
  var channel: Channel { get }
  /// The type that holds all values exactly.
  var valueType: ValueType { get }
  /// The rows of the current block, ascending and beyond those of the block before.
  var rows: IndexColumn { get }
  /// Its columns, ascending. A step with two epochs has two columns, each point being in one.
  var columns: [TileColumn] { get }
  var block: CellBlock { get }
  /// Goes on to the next block; false where there is none.
  func advance() throws(TrackerError) -> Bool
  /// Who may have recorded the points that `block.origins` gives this number, sorted; empty where that
  /// is not known.
  func identities(ofOrigin origin: UInt32) -> [RunIdentity]
}

extension HistorySource {
  public func identities(ofOrigin origin: UInt32) -> [RunIdentity] { [] }
}

/// The points of one channel of one tracker; later tiles replace points of earlier ones.
public final class ChannelScan: HistorySource {
  public let channel: Channel
  public private(set) var block = CellBlock()
  private let scanner: BlockScanner

  public var valueType: ValueType { scanner.valueType }
  public var rows: IndexColumn { scanner.rows }
  public var columns: [TileColumn] { scanner.columns }

  /// - Parameters:
  ///   - indices: only their rows appear, and only tiles that hold one of them are read. Nil for all.
  ///   - steps: only these; nil for all.
  ///   - tracksOrigins: whether blocks say who recorded each point.
  public init(
    _ reader: TrackerReader, _ channel: Channel, indices: [InstanceIndex]? = nil,
    steps: ClosedRange<Int64>? = nil, rowsPerBlock: Int = 8192, tracksOrigins: Bool = false
  ) {
    self.channel = channel
    let tiles = reader.snapshot.tiles(of: channel)
    scanner = BlockScanner(
      sources: [BlockScanner.Source(reader: reader, tiles: tiles)], rowsPerBlock: rowsPerBlock,
      indices: indices, steps: steps, origins: tracksOrigins ? .ofSources : .none)
  }

  public func advance() throws(TrackerError) -> Bool {
    guard try scanner.advance() else { return false }
    try scanner.fill(&block, from: 0)
    return true
  }

  public func identities(ofOrigin origin: UInt32) -> [RunIdentity] {
    scanner.identities(ofOrigin: origin)
  }
}

extension TileEntry {
  /// Whether the tile's range holds one of `indices`, which are sorted; true for nil.
  public func mayHold(anyOf indices: [InstanceIndex]?) -> Bool {
    guard let indices else { return true }
    var (low, high) = (0, indices.count)
    while low < high {
      let middle = (low + high) / 2
      if indices[middle] < firstIndex { low = middle + 1 } else { high = middle }
    }
    return low < indices.count && indices[low] <= lastIndex
  }
}

extension HistorySource {
  /// The histories of some instances, each sorted by step; empty for those without points.
  ///
  /// Reads the source to its end. Complexity: O(points of the blocks read).
  /// - Parameter indices: sorted, each once.
  public func histories(of indices: [InstanceIndex]) throws(TrackerError)
    -> [InstanceIndex: [HistoryPoint]]
  {
    var found: [InstanceIndex: [HistoryPoint]] = [:]
    var next = 0
    while try advance() {
      // Both are sorted: whatever sorts before this block's last row is in this block or nowhere.
      while next < indices.count, indices[next] <= rows[rows.count - 1] {
        if let row = rows.row(of: indices[next]) {
          found[indices[next]] = history(ofRow: row)
        }
        next += 1
      }
    }
    return found
  }

  /// The points of one row of the current block.
  public func history(ofRow row: Int) -> [HistoryPoint] {
    var points: [HistoryPoint] = []
    for (position, column) in columns.enumerated() {
      let cell = block.cell(row: row, column: position)
      guard block.hasPoint(cell) else { continue }
      points.append(
        HistoryPoint(step: column.step, epoch: column.epoch, valueBits: block.bits(cell)))
    }
    return points
  }
}
