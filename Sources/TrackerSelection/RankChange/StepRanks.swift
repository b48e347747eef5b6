import TrackerModel
import TrackerSystem

/// Ranks whole steps on several cores, where a few of them fit memory.
struct StepRanks {
  private let rowCount: Int
  private let words: RankWords
  private let cores: Int
  /// How many steps may be under way.
  private let ahead: Int

  private static let maxCores = 8

  /// Nil where memory has no room for a step.
  ///
  /// - Parameters:
  ///   - longest: words of the step that has most.
  ///   - memory: bytes, of which jumps and steps take up to half.
  init?(_ words: RankWords, rowCount: Int, longest: Int, memory: Int) {
    self.rowCount = rowCount
    self.words = words
    // Words and ranks of each step; of a core what it sorts and sorts into; of a row its jumps.
    let (perStep, perCore) = (8 * longest + 8 * rowCount, 16 * longest)
    let free = memory / 2 - RankJumps.size * rowCount
    var cores = min(Cores.resolve(nil), Self.maxCores)
    while cores > 1, cores * perCore + (cores + 1) * perStep > free { cores -= 1 }
    guard perCore + perStep <= free else { return nil }
    self.cores = cores
    ahead = cores > 1 ? cores + 1 : 1
  }

  /// The largest jump of each row.
  ///
  /// - Parameter order: the steps, ascending.
  func jumps(_ runs: inout RankRuns, _ order: [Int]) throws(TrackerError) -> [Double] {
    let (words, rowCount) = (words, rowCount)
    let workers = OrderedWorkers<[UInt64], [Double]>(cores: cores) {
      var (sorted, scratch): ([UInt64], [UInt64]) = ([], [])
      return { step in
        words.sort(step.span, into: &sorted, &scratch)
        return Self.ranks(words, sorted.span, rowCount: rowCount)
      }
    }
    var jumps = RankJumps(rowCount: rowCount)
    var next = 0
    while true {
      while next < order.count, workers.count < min(ahead, workers.capacity) {
        workers.submit(try runs.take(step: order[next]))
        next += 1
      }
      guard let ranks = workers.next() else { return jumps.finish() }
      jumps.note(ranks.span)
    }
  }

  /// The rank of each row in a step, negative where it has none.
  ///
  /// - Parameter sorted: the step's values, ascending.
  private static func ranks(_ words: RankWords, _ sorted: Span<UInt64>, rowCount: Int) -> [Double] {
    var ranks = [Double](repeating: -1, count: rowCount)
    var target = ranks.mutableSpan
    let (stride, count) = (words.stride, sorted.count / words.stride)
    // Twice the number of the others.
    let divisor = Double(2 * (count - 1))
    var first = 0
    while first < count {
      let key = words.key(sorted, at: first * stride)
      var end = first + 1
      while end < count, words.key(sorted, at: end * stride) == key { end += 1 }
      let rank = count == 1 ? 0.5 : Double(2 * first + (end - first) - 1) / divisor
      for place in first..<end {
        let row = words.row(sorted, at: place * stride)
        if row != RankedRows.unwanted { target[Int(row)] = rank }
      }
      first = end
    }
    return ranks
  }
}
