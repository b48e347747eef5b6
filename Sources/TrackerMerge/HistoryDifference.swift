public import TrackerFile
public import TrackerModel

/// A key at which two histories do not hold the same.
public struct HistoryDifference: Sendable, Hashable {
  public var channel: Channel
  public var index: InstanceIndex
  public var step: Int64
  /// Nil where the history has no point for the key.
  public var left: HistoryPoint?
  public var right: HistoryPoint?
}

/// Compares the logical content of two histories: indices, steps, epochs and values. How they were
/// written, by whom and when does not count, nor do parameters.
public enum HistoryComparison {
  /// Reads both sources of one channel to their ends and calls `body` with every difference, in the
  /// order of indices and steps.
  ///
  /// - Precondition: both have one channel and one index type.
  /// - Parameter progress: called with the points found the same so far.
  /// - Returns: how many points both have the same.
  public static func compare(
    _ left: any HistorySource, _ right: any HistorySource, progress: (Int) -> Void = { _ in },
    _ body: (HistoryDifference) throws(TrackerError) -> Void
  ) throws(TrackerError) -> Int {
    var (left, right) = (RowWalk(left), RowWalk(right))
    var same = 0
    var (hasLeft, hasRight) = (try left.next(), try right.next())
    while hasLeft || hasRight {
      let order =
        !hasLeft ? 1 : !hasRight ? -1 : left.rows.compare(left.row, with: right.rows, right.row)
      let index = order <= 0 ? left.index : right.index
      same += try compare(
        order <= 0 ? left.history : [], order >= 0 ? right.history : []
      ) { (step, a, b) throws(TrackerError) in
        try body(
          HistoryDifference(
            channel: left.source.channel, index: index, step: step, left: a, right: b))
      }
      if order <= 0 { hasLeft = try left.next() }
      if order >= 0 { hasRight = try right.next() }
      progress(same)
    }
    return same
  }

  /// Compares two histories of one instance.
  private static func compare(
    _ left: [HistoryPoint], _ right: [HistoryPoint],
    _ body: (Int64, HistoryPoint?, HistoryPoint?) throws(TrackerError) -> Void
  ) throws(TrackerError) -> Int {
    var (same, a, b) = (0, 0, 0)
    while a < left.count || b < right.count {
      if b == right.count || (a < left.count && left[a].step < right[b].step) {
        try body(left[a].step, left[a], nil)
        a += 1
      } else if a == left.count || right[b].step < left[a].step {
        try body(right[b].step, nil, right[b])
        b += 1
      } else {
        if left[a] == right[b] { same += 1 } else { try body(left[a].step, left[a], right[b]) }
        a += 1
        b += 1
      }
    }
    return same
  }
}

/// The rows of a source, one after the other.
private struct RowWalk {
  let source: any HistorySource
  private(set) var rows: IndexColumn
  private(set) var row = -1

  init(_ source: any HistorySource) {
    self.source = source
    rows = source.rows.slice(0..<0)
  }

  var index: InstanceIndex { rows[row] }
  var history: [HistoryPoint] { source.history(ofRow: row) }

  /// Goes on to the next row; false where there is none.
  mutating func next() throws(TrackerError) -> Bool {
    row += 1
    while row >= rows.count {
      guard try source.advance() else { return false }
      rows = source.rows
      row = 0
    }
    return true
  }
}
