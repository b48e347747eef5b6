/// Criteria that depend on when values were recorded.
extension HistoryStrip {
  /// The distance of two steps, the second not before the first: exact below 2⁵³, whatever the steps.
  @inline(__always)
  private static func distance(_ first: Int64, _ second: Int64) -> Double {
    Double(UInt64(bitPattern: second &- first))
  }

  /// The area under the line through each row's points, a step; of one point its value.
  func areas() -> [Double] {
    var found = [Double](repeating: 0, count: rowCount)
    let (values, steps, counts) = (bits.span, steps.span, pointCounts.span)
    var areas = found.mutableSpan
    for number in 1..<Swift.max(1, longest) {
      for row in counts.indices where number < counts[row] {
        let here = number * rowCount + row
        let before = here - rowCount
        // Halves are added, because the sum of two values could be beyond all numbers.
        let height =
          Double(bitPattern: values[before]) * 0.5 + Double(bitPattern: values[here]) * 0.5
        areas[row] += height * Self.distance(steps[before], steps[here])
      }
    }
    for row in counts.indices {
      switch counts[row] {
      case 0: break
      case 1: areas[row] = Double(bitPattern: values[row])
      default: areas[row] /= Self.distance(steps[row], steps[(counts[row] - 1) * rowCount + row])
      }
    }
    return found
  }

  /// The slope of the line of least squares through each row's points, a step; 0 for one point.
  func slopes(_ means: [Double]) -> [Double] {
    var meanSteps = [Double](repeating: 0, count: rowCount)
    var (products, squares) = (meanSteps, meanSteps)
    for number in 1..<Swift.max(1, longest) {
      for row in 0..<rowCount where number < pointCounts[row] {
        meanSteps[row] += Self.distance(steps[row], steps[number * rowCount + row])
      }
    }
    for row in 0..<rowCount { meanSteps[row] /= Double(pointCounts[row]) }
    let (values, steps, counts) = (bits.span, steps.span, pointCounts.span)
    let (centre, means) = (meanSteps.span, means.span)
    var product = products.mutableSpan
    var square = squares.mutableSpan
    for number in 0..<longest {
      let first = number * rowCount
      for row in counts.indices where number < counts[row] {
        let distance = Self.distance(steps[row], steps[first + row]) - centre[row]
        product[row] += distance * (Double(bitPattern: values[first + row]) - means[row])
        square[row] += distance * distance
      }
    }
    for row in counts.indices {
      product[row] = square[row] > 0 ? product[row] / square[row] : 0
    }
    return products
  }
}
