public import TrackerFile
public import TrackerModel
import TrackerSystem

/// Criteria of every instance of a source, a block of rows at a time.
///
/// Each is a function of its instance's points (`rankChange` of all instances'), computed in the order
/// of steps: how the source was tiled, cut into blocks or merged before does not matter. Blocks are
/// worked on by several cores while the source is read on; memory holds a few. One owner.
public final class CriterionScan {
  public let criteria: [Criterion]
  /// The rows of the current block, ascending.
  public private(set) var rows: IndexColumn
  /// Points of each row of the block; rows may have none, and then no values that mean anything.
  public private(set) var pointCounts: [Int] = []

  private let source: any HistorySource
  private let epochs: ClosedRange<Int64>?
  private let ranks: RankChanges?
  private let workers: OrderedWorkers<CriterionJob, CriterionJob.Results>
  private var isAtEnd = false
  /// Cells of the blocks that are worked on, oldest first.
  private var cellsAhead: [Int] = []
  /// By criterion, then row.
  private var values: [[UInt64]] = []

  public var channel: Channel { source.channel }
  /// The type that holds a criterion's values exactly.
  public func valueType(of criterion: Criterion) -> ValueType {
    criterion.isValue ? source.valueType : .float64
  }

  /// More blocks than these are not held, whatever the cores: 8 bytes a cell, and some for results.
  private static let maxCellsAhead = 1 << 23
  private static let maxCores = 8

  /// - Parameters:
  ///   - epochs: only columns of these; columns without an epoch count only where this is nil.
  ///   - ranks: of the same source, for `rankChange`.
  ///   - cores: how many to work on; nil for all that the process may use.
  public init(
    _ source: any HistorySource, _ criteria: [Criterion], _ options: CriterionOptions,
    epochs: ClosedRange<Int64>? = nil, ranks: RankChanges? = nil, cores: Int? = nil
  ) {
    precondition(options.earlyCount > 0 && options.window > 0, "means are of some values")
    precondition(
      ranks != nil || !criteria.contains(where: \.needsRanks), "ranks are computed before")
    self.source = source
    self.criteria = criteria
    self.epochs = epochs
    self.ranks = ranks
    rows = source.rows
    workers = OrderedWorkers(cores: Swift.min(Cores.resolve(cores), Self.maxCores)) {
      var strip = HistoryStrip()
      return { job in job.results(criteria, options, &strip) }
    }
  }

  /// The criterion at a place of `criteria`, for each row, as float64 bits.
  public func values(at place: Int) -> [UInt64] { values[place] }

  /// Goes on to the next block; false where there is none. The source may be some blocks ahead.
  public func advance() throws(TrackerError) -> Bool {
    while !isAtEnd, workers.count < workers.capacity,
      cellsAhead.reduce(0, +) < Self.maxCellsAhead
    {
      guard try source.advance() else {
        isAtEnd = true
        break
      }
      let job = CriterionJob(
        rows: source.rows, block: source.block, columns: source.countedColumns(epochs))
      cellsAhead.append(job.block.rowCount * job.block.columnCount)
      workers.submit(job)
    }
    guard let results = workers.next() else { return false }
    cellsAhead.removeFirst()
    rows = results.rows
    pointCounts = results.pointCounts
    values = results.values
    if let ranks, let place = criteria.firstIndex(of: .rankChange) {
      values[place].reserveCapacity(pointCounts.count)
      for count in pointCounts { values[place].append(count == 0 ? 0 : try ranks.next()) }
    }
    return true
  }
}

extension HistorySource {
  /// The places and steps of the current columns whose epochs are wanted.
  func countedColumns(_ epochs: ClosedRange<Int64>?) -> [(place: Int, step: Int64)] {
    columns.enumerated().compactMap { place, column in
      if let epochs, !(column.epoch.map { epochs.contains($0) } ?? false) { return nil }
      return (place, column.step)
    }
  }
}
