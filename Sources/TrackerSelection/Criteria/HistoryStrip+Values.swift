/// Criteria that are values of the history, or the distance of two.
extension HistoryStrip {
  /// The last value of each row. Values of rows without points mean nothing, here and below.
  func finalValues() -> [UInt64] {
    (0..<rowCount).map { row in
      pointCounts[row] == 0 ? 0 : bits[(pointCounts[row] - 1) * rowCount + row]
    }
  }

  func firstValues() -> [UInt64] {
    longest == 0 ? Array(repeating: 0, count: rowCount) : Array(bits[points(0)])
  }

  /// The lowest by `ValueOrder`: a NaN only where there is nothing else. Of equals the first.
  func lowestValues() -> [UInt64] {
    extremes { candidate, best in (candidate >= best ? 0 : 1) & (candidate == candidate ? 1 : 0) }
  }

  /// The highest by `ValueOrder`: a NaN wherever there is one.
  func highestValues() -> [UInt64] {
    extremes { candidate, best in (candidate <= best ? 0 : 1) & (best == best ? 1 : 0) }
  }

  /// - Parameter isBetter: 1 or 0. Nothing is decided for one row alone, so that rows go side by side.
  @inline(__always)
  private func extremes(_ isBetter: (_ candidate: Double, _ best: Double) -> UInt64) -> [UInt64] {
    var found = firstValues()
    var best = found.mutableSpan
    let (all, counts) = (bits.span, pointCounts.span)
    @inline(__always) func better(_ candidate: UInt64, _ best: UInt64) -> UInt64 {
      let isNew = isBetter(Double(bitPattern: candidate), Double(bitPattern: best))
      return best ^ ((best ^ candidate) & (0 &- isNew))
    }
    for number in 1..<Swift.max(1, longest) {
      let values = all.extracting(points(number))
      if number < shortest {
        for row in values.indices { best[row] = better(values[row], best[row]) }
      } else {
        for row in counts.indices where number < counts[row] {
          best[row] = better(values[row], best[row])
        }
      }
    }
    return found
  }

  /// - Parameters: what `lowestValues` and `highestValues` gave.
  func ranges(_ lowest: [UInt64], _ highest: [UInt64]) -> [UInt64] {
    (0..<rowCount).map {
      ComputedBits.of(Double(bitPattern: highest[$0]) - Double(bitPattern: lowest[$0]))
    }
  }
}
