public import TrackerModel

/// The rows of a tile to be written: at least one, strictly ascending.
public enum TileRows: Sendable {
  /// Consecutive integers, of which the last is an Int64 too.
  case dense(first: Int64, count: Int)
  case listed(IndexColumn)

  /// Rows that ascend strictly; dense where they are consecutive. Complexity: O(1).
  public init(_ rows: IndexColumn) {
    if case .integers(let indices) = rows, let first = indices.first, let last = indices.last,
      last.subtractingReportingOverflow(first) == (Int64(indices.count - 1), false)
    {
      self = .dense(first: first, count: indices.count)
    } else {
      self = .listed(rows)
    }
  }

  public var count: Int {
    switch self {
    case .dense(_, let count): count
    case .listed(let rows): rows.count
    }
  }

  public var first: InstanceIndex {
    switch self {
    case .dense(let first, _): .integer(first)
    case .listed(let rows): rows[0]
    }
  }

  public var last: InstanceIndex {
    switch self {
    case .dense(let first, let count): .integer(first + Int64(count - 1))
    case .listed(let rows): rows[rows.count - 1]
    }
  }

  /// The rows as a column. Complexity: O(rows) where they are dense.
  public var column: IndexColumn {
    switch self {
    case .dense(let first, let count): .integers((0..<Int64(count)).map { first + $0 })
    case .listed(let rows): rows
    }
  }
}
