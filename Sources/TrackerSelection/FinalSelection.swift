public import TrackerFile
public import TrackerModel

/// What to keep of a channel.
public struct SelectionCriteria: Sendable, Hashable {
  public var maxToKeep: Int
  public var minToKeep: Int
  /// Sorted, each once.
  public var listToKeep: [InstanceIndex]

  public init(maxToKeep: Int, minToKeep: Int, listToKeep: [InstanceIndex]) {
    self.maxToKeep = maxToKeep
    self.minToKeep = minToKeep
    self.listToKeep = Parameters.sortedUnique(listToKeep)
  }

  public init(_ parameters: Parameters) {
    self.init(
      maxToKeep: parameters.maxToKeep, minToKeep: parameters.minToKeep,
      listToKeep: parameters.listToKeep ?? [])
  }
}

/// The reference's selection at the end of training: by the last value of each instance.
///
/// An instance whose last value is old counts with it. Instances rank ascending by (value, index),
/// values in `ValueOrder`: the lowest n are the first n, the highest n the last n. So the result
/// depends only on the points, not on the order in which they came.
public enum FinalSelection {
  /// Reads the source to its end. Complexity: O(n log k) time, O(k + block) memory.
  public static func select(_ source: any HistorySource, _ criteria: SelectionCriteria)
    throws(TrackerError) -> KeptSets
  {
    var highest = Extremes(.highest, limit: criteria.maxToKeep)
    var lowest = Extremes(.lowest, limit: criteria.minToKeep)
    var list: [InstanceIndex] = []
    var missing: [InstanceIndex] = []
    var nextListed = 0
    while try source.advance() {
      let (rows, block) = (source.rows, source.block)
      for row in 0..<rows.count {
        guard let bits = block.lastValue(ofRow: row) else { continue }
        let rank = ValueOrder.rank(bits)
        highest.add(rank: rank, rows[row])
        lowest.add(rank: rank, rows[row])
      }
      let last = rows[rows.count - 1]
      while nextListed < criteria.listToKeep.count, criteria.listToKeep[nextListed] <= last {
        let index = criteria.listToKeep[nextListed]
        if let row = rows.row(of: index), block.lastValue(ofRow: row) != nil {
          list.append(index)
        } else {
          missing.append(index)
        }
        nextListed += 1
      }
    }
    missing.append(contentsOf: criteria.listToKeep[nextListed...])
    return KeptSets(
      channel: source.channel, max: highest.indices, min: lowest.indices, list: list,
      missing: missing)
  }
}

extension CellBlock {
  /// The bits of the row's value with the highest step, or nil where it has none.
  func lastValue(ofRow row: Int) -> UInt64? {
    var column = columnCount - 1
    while column >= 0 {
      let cell = cell(row: row, column: column)
      if hasPoint(cell) { return bits(cell) }
      column -= 1
    }
    return nil
  }
}
