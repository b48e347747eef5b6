public import TrackerFile
public import TrackerModel

/// What is asked of the instances of a channel, before any point was looked at: which criteria, and what
/// they are to be told.
///
/// One way for all who list or select: what is not said is found out, and what criteria need of other
/// instances is computed first.
public struct CriterionRequest: Sendable {
  /// Each once.
  public var criteria: [Criterion]
  /// Which values are correct; nil to find out, where a criterion asks.
  public var correctness: CorrectnessRule?
  /// As in `CriterionOptions`.
  public var earlyCount = 5
  public var window = 10
  /// Only columns of these; columns without an epoch count only where this is nil.
  public var epochs: ClosedRange<Int64>?
  /// For ranks, where a criterion needs them.
  public var resources: RankChanges.Resources
  /// How many cores to work on; nil for all that the process may use.
  public var cores: Int?

  /// Makes a scan of the channel: of some instances, sorted, or of all for nil, and of some steps likewise.
  public typealias MakeScan = (_ indices: [InstanceIndex]?, _ steps: ClosedRange<Int64>?) ->
    any HistorySource

  public init(_ criteria: [Criterion], _ resources: RankChanges.Resources) {
    self.criteria = criteria
    self.resources = resources
  }

  /// The criteria of every instance.
  ///
  /// Reads points first where they must tell which values are correct, or ranks are needed: those of all
  /// instances, whichever are asked for.
  /// - Parameters:
  ///   - tiles: those of the channel, of all inputs.
  ///   - indices: only these, sorted; nil for all.
  ///   - steps: only these; nil for all.
  ///   - makeScan: the scan made last is the one that the result reads.
  public func scan(
    _ tiles: [TileEntry], indices: [InstanceIndex]? = nil, steps: ClosedRange<Int64>? = nil,
    _ makeScan: MakeScan
  ) throws(TrackerError) -> CriterionScan {
    var rule = correctness
    if rule == nil, criteria.contains(where: \.needsCorrectness) {
      rule = try CorrectnessRule(guessedFrom: tiles) { makeScan(nil, $0) }
    }
    var options = CriterionOptions(correctness: rule ?? .ofLoss)
    options.earlyCount = earlyCount
    options.window = window
    var ranks: RankChanges?
    if criteria.contains(where: \.needsRanks) {
      ranks = try RankChanges(makeScan(nil, steps), epochs: epochs, wanted: indices, resources)
    }
    return CriterionScan(
      makeScan(indices, steps), criteria, options, epochs: epochs, ranks: ranks, cores: cores)
  }

  /// Selects by the one criterion that is asked for.
  ///
  /// By `final` of all epochs the last steps alone are read, where they have values of all instances.
  /// - Parameters: as for `scan`.
  public func selection(
    _ tiles: [TileEntry], _ channel: Channel, _ kept: SelectionCriteria, _ makeScan: MakeScan
  ) throws(TrackerError) -> InstanceSelection {
    precondition(criteria.count == 1, "one criterion selects")
    if criteria == [.final], epochs == nil {
      return try InstanceSelection(final: tiles, channel, kept) { makeScan(nil, $0) }
    }
    return try InstanceSelection(scan(tiles, makeScan), kept)
  }
}
