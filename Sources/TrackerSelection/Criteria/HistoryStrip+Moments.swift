/// Means and deviations. Sums are added in the order of steps, in float64; NaNs and infinities go
/// through them as IEEE 754 says.
extension HistoryStrip {
  /// The mean of each row's first values, `limit` of them at most.
  func means(ofFirst limit: Int = .max) -> [Double] {
    var sums = [Double](repeating: 0, count: rowCount)
    add(0..<Swift.min(limit, longest), to: &sums)
    for row in 0..<rowCount { sums[row] /= Double(Swift.min(limit, pointCounts[row])) }
    return sums
  }

  /// Adds some of each row's values to its sum.
  private func add(_ numbers: Range<Int>, to sums: inout [Double]) {
    let (all, counts) = (bits.span, pointCounts.span)
    var sums = sums.mutableSpan
    for number in numbers {
      let values = all.extracting(points(number))
      if number < shortest {
        for row in values.indices { sums[row] += Double(bitPattern: values[row]) }
      } else {
        for row in values.indices where number < counts[row] {
          sums[row] += Double(bitPattern: values[row])
        }
      }
    }
  }

  /// Adds the squared distances of some of each row's values from its mean to its sum.
  private func addSquares(_ numbers: Range<Int>, from means: [Double], to sums: inout [Double]) {
    let (all, counts, means) = (bits.span, pointCounts.span, means.span)
    var sums = sums.mutableSpan
    for number in numbers {
      let values = all.extracting(points(number))
      if number < shortest {
        for row in values.indices {
          let distance = Double(bitPattern: values[row]) - means[row]
          sums[row] += distance * distance
        }
      } else {
        for row in values.indices where number < counts[row] {
          let distance = Double(bitPattern: values[row]) - means[row]
          sums[row] += distance * distance
        }
      }
    }
  }

  /// The standard deviation of each row's values, with the number of points as divisor.
  func deviations(_ means: [Double]) -> [Double] {
    var sums = [Double](repeating: 0, count: rowCount)
    addSquares(0..<longest, from: means, to: &sums)
    for row in 0..<rowCount { sums[row] = (sums[row] / Double(pointCounts[row])).squareRoot() }
    return sums
  }

  /// The mean of the standard deviations of all runs of `window` consecutive values; that of all
  /// values where there are fewer.
  ///
  /// Complexity: O(points × window).
  func windowedDeviations(_ window: Int, _ deviations: [Double]) -> [Double] {
    guard longest > window else { return deviations }
    var totals = [Double](repeating: 0, count: rowCount)
    var (means, sums) = (totals, totals)
    let zeros = totals
    let size = Double(window)
    if shortest == longest { return windowedDeviations(ofAll: window) }
    for first in 0...longest - window {
      (means, sums) = (zeros, zeros)
      // Rows that end before the run does get what means nothing, and is not used.
      add(first..<first + window, to: &means)
      for row in means.indices { means[row] /= size }
      addSquares(first..<first + window, from: means, to: &sums)
      for row in sums.indices where pointCounts[row] >= first + window {
        totals[row] += (sums[row] / size).squareRoot()
      }
    }
    for row in totals.indices {
      totals[row] =
        pointCounts[row] > window
        ? totals[row] / Double(pointCounts[row] - window + 1) : deviations[row]
    }
    return totals
  }

  /// The same where every row has all points, and more than a run: the same operations, for some rows at
  /// a time, whose values stand side by side and whose sums never leave the registers.
  private func windowedDeviations(ofAll window: Int) -> [Double] {
    var totals = [Double](repeating: 0, count: rowCount)
    let all = bits.span
    var target = totals.mutableSpan
    var values = [SIMD8<Double>](repeating: SIMD8(repeating: 0), count: longest)
    let (size, runs) = (Double(window), longest - window + 1)
    var row = 0
    while row < rowCount {
      // The last rows come twice rather than one by one; few rows stand at zeros' side.
      let start = Swift.max(0, Swift.min(row, rowCount - 8))
      let count = Swift.min(8, rowCount - start)
      for number in values.indices {
        values[number] = Self.eight(all, at: number * rowCount + start, count)
      }
      let total = Self.deviations(values.span, window: window, size, runs: runs)
      for place in 0..<count { target[start + place] = total[place] / Double(runs) }
      row = start + count
    }
    return totals
  }

  /// The sum of the deviations of each of so many runs.
  @inline(__always)
  private static func deviations(
    _ values: Span<SIMD8<Double>>, window: Int, _ size: Double, runs: Int
  ) -> SIMD8<Double> {
    var total = SIMD8<Double>(repeating: 0)
    for first in 0..<runs {
      let run = values.extracting(first..<first + window)
      var mean = SIMD8<Double>(repeating: 0)
      for number in run.indices { mean += run[number] }
      mean /= size
      var squares = SIMD8<Double>(repeating: 0)
      for number in run.indices {
        let distance = run[number] - mean
        squares += distance * distance
      }
      total += (squares / size).squareRoot()
    }
    return total
  }

  /// Eight values, or fewer and zeros.
  @inline(__always)
  private static func eight(_ values: Span<UInt64>, at first: Int, _ count: Int) -> SIMD8<Double> {
    let some = values.extracting(first..<first + count)
    guard some.count == 8 else {
      var result = SIMD8<Double>(repeating: 0)
      for place in some.indices { result[place] = Double(bitPattern: some[place]) }
      return result
    }
    return SIMD8(
      Double(bitPattern: some[0]), Double(bitPattern: some[1]), Double(bitPattern: some[2]),
      Double(bitPattern: some[3]), Double(bitPattern: some[4]), Double(bitPattern: some[5]),
      Double(bitPattern: some[6]), Double(bitPattern: some[7]))
  }
}
