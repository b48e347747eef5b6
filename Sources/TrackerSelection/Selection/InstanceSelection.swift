public import TrackerFile
public import TrackerModel

/// The instances that a criterion selects in one channel, and its values for them.
public struct InstanceSelection: Sendable {
  public var kept: KeptSets
  /// The criterion of each instance kept, as float64 bits.
  public var scores: [InstanceIndex: UInt64]

  /// Selects by any criterion.
  ///
  /// Instances rank ascending by (score, index), scores in `ValueOrder`. Reads the source to its end.
  /// Complexity: O(n log k) time, O(k + block) memory.
  /// - Parameter scan: of one criterion.
  public init(_ scan: CriterionScan, _ criteria: SelectionCriteria) throws(TrackerError) {
    precondition(scan.criteria.count == 1, "one criterion selects")
    var selector = Selector(scan.channel, criteria)
    while try scan.advance() {
      selector.add(scan.rows, scan.pointCounts, scan.values(at: 0))
    }
    self = selector.finish()
  }

  /// Selects by `final`: the reference's selection. Needs no histories, so it is the fastest.
  public init(final source: any HistorySource, _ criteria: SelectionCriteria)
    throws(TrackerError)
  {
    var selector = Selector(source.channel, criteria)
    try selector.addLastValues(of: source)
    self = selector.finish()
  }

  /// Selects by `final`, from the last steps alone where they have values of all instances.
  ///
  /// - Parameters:
  ///   - tiles: those of the channel, of all inputs.
  ///   - scan: makes a scan of some steps of the channel, or of all for nil. The last one made is the
  ///     one that was selected from.
  public init(
    final tiles: [TileEntry], _ channel: Channel, _ criteria: SelectionCriteria,
    scan: (ClosedRange<Int64>?) -> any HistorySource
  ) throws(TrackerError) {
    if let last = LastSteps(tiles) {
      var selector = Selector(channel, criteria)
      if last.areAll(try selector.addLastValues(of: scan(last.steps))) {
        self = selector.finish()
        return
      }
    }
    try self.init(final: scan(nil), criteria)
  }

  private init(kept: KeptSets, scores: [InstanceIndex: UInt64]) {
    self.kept = kept
    self.scores = scores
  }

  /// Takes instances in the order of their indices.
  private struct Selector {
    private let channel: Channel
    private let criteria: SelectionCriteria
    private var highest: Extremes
    private var lowest: Extremes
    private var list: [InstanceIndex] = []
    private var missing: [InstanceIndex] = []
    private var scores: [InstanceIndex: UInt64] = [:]
    private var nextListed = 0

    init(_ channel: Channel, _ criteria: SelectionCriteria) {
      self.channel = channel
      self.criteria = criteria
      highest = Extremes(.highest, limit: criteria.maxToKeep)
      lowest = Extremes(.lowest, limit: criteria.minToKeep)
    }

    /// - Parameters:
    ///   - counts: of points; rows without any are not there.
    ///   - values: the rows' scores.
    mutating func add(_ rows: IndexColumn, _ counts: [Int], _ values: [UInt64]) {
      for row in counts.indices where counts[row] > 0 {
        highest.add(values[row], rows[row])
        lowest.add(values[row], rows[row])
      }
      guard rows.count > 0 else { return }
      let last = rows[rows.count - 1]
      while nextListed < criteria.listToKeep.count, criteria.listToKeep[nextListed] <= last {
        let index = criteria.listToKeep[nextListed]
        if let row = rows.row(of: index), counts[row] > 0 {
          list.append(index)
          scores[index] = values[row]
        } else {
          missing.append(index)
        }
        nextListed += 1
      }
    }

    /// Takes every instance's value with the highest step, and returns how many instances there are.
    @discardableResult
    mutating func addLastValues(of source: any HistorySource) throws(TrackerError) -> Int {
      var (counts, values): ([Int], [UInt64]) = ([], [])
      var count = 0
      while try source.advance() {
        let block = source.block
        counts.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        for row in 0..<block.rowCount {
          let last = block.lastValue(ofRow: row)
          counts.append(last == nil ? 0 : 1)
          values.append(last ?? 0)
          count += last == nil ? 0 : 1
        }
        add(source.rows, counts, values)
      }
      return count
    }

    func finish() -> InstanceSelection {
      var scores = scores
      for (index, bits) in highest.found + lowest.found { scores[index] = bits }
      return InstanceSelection(
        kept: KeptSets(
          channel: channel, max: highest.indices, min: lowest.indices, list: list,
          missing: missing + criteria.listToKeep[nextListed...]), scores: scores)
    }
  }
}
