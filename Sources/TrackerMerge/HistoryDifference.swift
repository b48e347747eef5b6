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
        try forEachKey(scanner, leftBlock, rightBlock) {
          (row, step, left, right) throws(TrackerError) in
          if left != nil, left == right {
            same += 1
          } else {
            try body(
              HistoryDifference(
                channel: channel, index: scanner.rows[row], step: step, left: left, right: right))
          }
        }
        progress(same)
      }
    }
    return same
  }

  /// Calls `body` with every key of the current rows that either block has a point for.
  private static func forEachKey(
    _ scanner: BlockScanner, _ left: CellBlock, _ right: CellBlock,
    _ body: (_ row: Int, _ step: Int64, HistoryPoint?, HistoryPoint?) throws(TrackerError) -> Void
  ) throws(TrackerError) {
    func point(_ block: CellBlock, _ row: Int, _ columns: Range<Int>) -> HistoryPoint? {
      for column in columns {
        let cell = block.cell(row: row, column: column)
        guard block.hasPoint(cell) else { continue }
        let found = scanner.columns[column]
        return HistoryPoint(step: found.step, epoch: found.epoch, valueBits: block.bits(cell))
      }
      return nil
    }
    var start = 0
    while start < scanner.columns.count {
      // Columns that share a step and differ in the epoch are one key.
      let step = scanner.columns[start].step
      var end = start + 1
      while end < scanner.columns.count, scanner.columns[end].step == step { end += 1 }
      for row in 0..<left.rowCount {
        let (a, b) = (point(left, row, start..<end), point(right, row, start..<end))
        if a != nil || b != nil { try body(row, step, a, b) }
      }
      start = end
    }
  }
}
