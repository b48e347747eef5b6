import TrackerFile
import TrackerModel

/// A block of histories, whose criteria are to be computed.
struct CriterionJob: Sendable {
  var rows: IndexColumn
  var block: CellBlock
  /// Those that count.
  var columns: [(place: Int, step: Int64)]

  struct Results: Sendable {
    var rows: IndexColumn
    var pointCounts: [Int]
    /// By criterion, then row; none for `rankChange`, which is not the block's to tell.
    var values: [[UInt64]]
  }

  /// - Parameter strip: room for histories.
  func results(_ criteria: [Criterion], _ options: CriterionOptions, _ strip: inout HistoryStrip)
    -> Results
  {
    var results = Results(
      rows: rows, pointCounts: [], values: Array(repeating: [], count: criteria.count))
    results.pointCounts.reserveCapacity(block.rowCount)
    for place in criteria.indices { results.values[place].reserveCapacity(block.rowCount) }
    let size = HistoryStrip.rows(ofColumns: columns.count)
    for start in stride(from: 0, to: block.rowCount, by: size) {
      strip.load(block, columns, rows: start..<Swift.min(start + size, block.rowCount))
      results.pointCounts.append(contentsOf: strip.pointCounts)
      Self.append(criteria, options, of: strip, to: &results)
    }
    return results
  }

  /// Appends a strip's criteria. What several are made of is computed once.
  private static func append(
    _ criteria: [Criterion], _ options: CriterionOptions, of strip: HistoryStrip,
    to results: inout Results
  ) {
    var shared = SharedResults(strip, options)
    func append(_ numbers: [Double], at place: Int) {
      for number in numbers { results.values[place].append(ComputedBits.of(number)) }
    }
    for (place, criterion) in criteria.enumerated() {
      switch criterion {
      case .final: results.values[place] += strip.finalValues()
      case .first: results.values[place] += strip.firstValues()
      case .min: results.values[place] += shared.lowest
      case .max: results.values[place] += shared.highest
      case .range: results.values[place] += strip.ranges(shared.lowest, shared.highest)
      case .mean: append(shared.means, at: place)
      case .std: append(shared.deviations, at: place)
      case .area: append(strip.areas(), at: place)
      case .early: append(strip.means(ofFirst: options.earlyCount), at: place)
      case .windowedStd:
        append(strip.windowedDeviations(options.window, shared.deviations), at: place)
      case .trend: append(strip.slopes(shared.means), at: place)
      case .forgetting: append(shared.learning.forgettings, at: place)
      case .firstLearned: append(shared.learning.firstSteps, at: place)
      case .correctness: append(shared.learning.shares, at: place)
      case .rankChange: break
      }
    }
  }
}

/// What several criteria of a strip are made of.
private struct SharedResults {
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
