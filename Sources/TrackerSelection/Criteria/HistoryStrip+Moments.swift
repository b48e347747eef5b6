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
}
