public import TrackerFile
public import TrackerModel

/// Criteria of every instance of a source, a block of rows at a time.
///
/// Each is a function of its instance's points (`rankChange` of all instances'), computed in the order
/// of steps: how the source was tiled, cut into blocks or merged before does not matter. Memory holds
/// one block. One owner.
public final class CriterionScan {
  public let criteria: [Criterion]
  /// Points of each row of the block; rows may have none, and then no values that mean anything.
  public private(set) var pointCounts: [Int] = []

  private let source: any HistorySource
  private let options: CriterionOptions
  private let epochs: ClosedRange<Int64>?
  private let ranks: RankChanges?
  private var strip = HistoryStrip()
  /// By criterion, then row.
  private var values: [[UInt64]]

  public var channel: Channel { source.channel }
  public var rows: IndexColumn { source.rows }
  /// The type that holds a criterion's values exactly.
  public func valueType(of criterion: Criterion) -> ValueType {
    criterion.isValue ? source.valueType : .float64
  }

  /// - Parameters:
  ///   - epochs: only columns of these; columns without an epoch count only where this is nil.
  ///   - ranks: of the same source, for `rankChange`.
  public init(
    _ source: any HistorySource, _ criteria: [Criterion], _ options: CriterionOptions,
    epochs: ClosedRange<Int64>? = nil, ranks: RankChanges? = nil
  ) {
    precondition(options.earlyCount > 0 && options.window > 0, "means are of some values")
    precondition(
      ranks != nil || !criteria.contains(where: \.needsRanks), "ranks are computed before")
    self.source = source
    self.criteria = criteria
    self.options = options
    self.epochs = epochs
    self.ranks = ranks
    values = Array(repeating: [], count: criteria.count)
  }

  /// The criterion at a place of `criteria`, for each row, as float64 bits.
  public func values(at place: Int) -> [UInt64] { values[place] }

  /// Goes on to the next block; false where there is none.
  public func advance() throws(TrackerError) -> Bool {
    guard try source.advance() else { return false }
    pointCounts.removeAll(keepingCapacity: true)
    for place in values.indices { values[place].removeAll(keepingCapacity: true) }
    let columns = source.countedColumns(epochs)
    let block = source.block
    let rowCount = block.rowCount
    let size = HistoryStrip.rows(ofColumns: columns.count)
    for start in stride(from: 0, to: rowCount, by: size) {
      strip.load(block, columns, rows: start..<Swift.min(start + size, rowCount))
      pointCounts.append(contentsOf: strip.pointCounts)
      try compute()
    }
    return true
  }

  /// Appends the strip's criteria. What several are made of is computed once.
  private func compute() throws(TrackerError) {
    var lazy = StripResults(strip, options)
    for (place, criterion) in criteria.enumerated() {
      switch criterion {
      case .final: values[place] += strip.finalValues()
      case .first: values[place] += strip.firstValues()
      case .min: values[place] += lazy.lowest
      case .max: values[place] += lazy.highest
      case .range: values[place] += strip.ranges(lazy.lowest, lazy.highest)
      case .mean: append(lazy.means, at: place)
      case .std: append(lazy.deviations, at: place)
      case .area: append(strip.areas(), at: place)
      case .early: append(strip.means(ofFirst: options.earlyCount), at: place)
      case .windowedStd:
        append(strip.windowedDeviations(options.window, lazy.deviations), at: place)
      case .trend: append(strip.slopes(lazy.means), at: place)
      case .forgetting: append(lazy.learning.forgettings, at: place)
      case .firstLearned: append(lazy.learning.firstSteps, at: place)
      case .correctness: append(lazy.learning.shares, at: place)
      case .rankChange:
        guard let ranks else { preconditionFailure("the initialiser has seen to them") }
        for count in strip.pointCounts {
          values[place].append(count == 0 ? 0 : try ranks.next())
        }
      }
    }
  }

  private func append(_ results: [Double], at place: Int) {
    for result in results { values[place].append(ComputedBits.of(result)) }
  }
}

/// What several criteria of a strip are made of.
private struct StripResults {
  private let strip: HistoryStrip
  private let options: CriterionOptions

  init(_ strip: HistoryStrip, _ options: CriterionOptions) {
    self.strip = strip
    self.options = options
  }

  lazy var lowest = strip.lowestValues()
  lazy var highest = strip.highestValues()
  lazy var means = strip.means()
  lazy var deviations = strip.deviations(means)
  lazy var learning = strip.learningEvents(options.correctness)
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
