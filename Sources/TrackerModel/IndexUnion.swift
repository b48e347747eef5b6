/// The union of columns that come one after the other, in memory of the union's own size.
///
/// Columns are merged as soon as two are of about one length. Those that repeat each other's indices, as
/// tiles of few bytes may do thousands of times, so never stand side by side.
public struct IndexUnion: Sendable {
  /// Each more than twice as long as the one behind it.
  private var parts: [IndexColumn] = []
  /// Indices held: at least as many as there are distinct ones, and below twice as many.
  public private(set) var heldCount = 0

  public init() {}

  public var isEmpty: Bool { parts.isEmpty }

  /// Adds a column's indices. Complexity: O(indices × log columns) for all calls together.
  ///
  /// - Precondition: it ascends strictly and is of the type of the others.
  public mutating func insert(_ column: IndexColumn) {
    parts.append(column)
    heldCount += column.count
    while parts.count > 1, parts[parts.count - 2].count <= 2 * parts[parts.count - 1].count {
      mergeLast()
    }
  }

  /// Takes all indices, each once and ascending; nothing is left. Of no columns, nil.
  public mutating func take() -> IndexColumn? {
    while parts.count > 1 { mergeLast() }
    heldCount = 0
    return parts.popLast()
  }

  private mutating func mergeLast() {
    let (last, before) = (parts.removeLast(), parts.removeLast())
    let merged = before.union(last)
    heldCount += merged.count - before.count - last.count
    parts.append(merged)
  }
}
