public import TrackerFile
public import TrackerModel

/// A key at which two trackers do not hold the same.
public struct HistoryDifference: Sendable, Hashable {
  public var channel: Channel
  public var index: InstanceIndex
  public var step: Int64
  /// Nil where the tracker has no point for the key.
  public var left: HistoryPoint?
  public var right: HistoryPoint?
}

/// Compares the logical content of two trackers: channels, indices, steps, epochs and values. How
/// they were written, by whom and when does not count, nor do parameters.
public enum HistoryComparison {
  /// Calls `body` with every difference, in the order of channels, blocks of indices, and steps.
  ///
  /// - Returns: how many points both have the same.
  /// - Throws: `wrongIndexType` where the trackers have different index types.
  public static func compare(
    _ left: TrackerReader, _ right: TrackerReader, progress: (Int) -> Void = { _ in },
    _ body: (HistoryDifference) throws(TrackerError) -> Void
  ) throws(TrackerError) -> Int {
    guard left.indexType == right.indexType else {
      throw TrackerError(
        .wrongIndexType, "diff",
        "its indices are \(right.indexType), those of \(left.name) are \(left.indexType)",
        file: right.name)
    }
    var same = 0
    var (leftBlock, rightBlock) = (CellBlock(), CellBlock())
    for channel in Set(left.snapshot.channels + right.snapshot.channels).sorted() {
      let scanner = BlockScanner(
        sources: [left, right].map {
          BlockScanner.Source(reader: $0, tiles: $0.snapshot.tiles(of: channel))
        }, rowsPerBlock: 8192)
      while try scanner.advance() {
        try scanner.fill(&leftBlock, from: 0)
        try scanner.fill(&rightBlock, from: 1)
        for cell in 0..<leftBlock.rowCount * leftBlock.columnCount {
          let (inLeft, inRight) = (leftBlock.isFilled[cell] == 1, rightBlock.isFilled[cell] == 1)
          if inLeft, inRight, leftBlock.bits[cell] == rightBlock.bits[cell] {
            same += 1
            continue
          }
          guard inLeft || inRight else { continue }
          let (place, row) = cell.quotientAndRemainder(dividingBy: leftBlock.rowCount)
          let column = scanner.columns[place]
          func point(_ block: CellBlock) -> HistoryPoint {
            HistoryPoint(step: column.step, epoch: column.epoch, valueBits: block.bits[cell])
          }
          try body(
            HistoryDifference(
              channel: channel, index: scanner.rows[row], step: column.step,
              left: inLeft ? point(leftBlock) : nil, right: inRight ? point(rightBlock) : nil))
        }
        progress(same)
      }
    }
    return same
  }
}
