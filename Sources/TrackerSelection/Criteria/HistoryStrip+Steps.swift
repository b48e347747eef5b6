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
    if let commonSteps {
      addAreas(commonSteps, to: &found)
    } else {
      addAreas(to: &found)
    }
    for row in 0..<rowCount where pointCounts[row] > 0 {
      if pointCounts[row] == 1 {
        found[row] = Double(bitPattern: bits[row])
      } else {
        found[row] /= Self.distance(
          step(0, ofRow: row), step(pointCounts[row] - 1, ofRow: row))
      }
    }
    return found
  }

  /// The area between two points that are a distance apart.
  @inline(__always)
  private static func area(_ left: UInt64, _ right: UInt64, _ distance: Double) -> Double {
    // Halves are added, because the sum of two values could be beyond all numbers.
    (Double(bitPattern: left) * 0.5 + Double(bitPattern: right) * 0.5) * distance
  }

  private func addAreas(_ steps: [Int64], to areas: inout [Double]) {
    let all = bits.span
    var areas = areas.mutableSpan
    for number in 1..<Swift.max(1, longest) {
      let distance = Self.distance(steps[number - 1], steps[number])
      let (left, right) = (all.extracting(points(number - 1)), all.extracting(points(number)))
      for row in right.indices { areas[row] += Self.area(left[row], right[row], distance) }
    }
  }

  private func addAreas(to areas: inout [Double]) {
    let (values, steps, counts) = (bits.span, steps.span, pointCounts.span)
    var areas = areas.mutableSpan
    for number in 1..<Swift.max(1, longest) {
      for row in counts.indices where number < counts[row] {
        let here = number * rowCount + row
        let before = here - rowCount
        areas[row] += Self.area(
          values[before], values[here], Self.distance(steps[before], steps[here]))
      }
    }
  }

  /// The slope of the line of least squares through each row's points, a step; 0 for one point.
  func slopes(_ means: [Double]) -> [Double] {
    if let commonSteps { return slopes(means, commonSteps) }
    var meanSteps = [Double](repeating: 0, count: rowCount)
    var (products, squares) = (meanSteps, meanSteps)
    let (values, steps, counts) = (bits.span, steps.span, pointCounts.span)
    for number in 1..<Swift.max(1, longest) {
      for row in counts.indices where number < counts[row] {
        meanSteps[row] += Self.distance(steps[row], steps[number * rowCount + row])
      }
    }
    for row in 0..<rowCount { meanSteps[row] /= Double(pointCounts[row]) }
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

  /// The same where all rows have the same steps: the same operations, those on steps done once.
  private func slopes(_ means: [Double], _ steps: [Int64]) -> [Double] {
    var products = [Double](repeating: 0, count: rowCount)
    guard steps.count > 1 else { return products }
    var centre = 0.0
    for step in steps.dropFirst() { centre += Self.distance(steps[0], step) }
    centre /= Double(steps.count)
    var square = 0.0
    let (all, means) = (bits.span, means.span)
    var product = products.mutableSpan
    for number in steps.indices {
      let distance = Self.distance(steps[0], steps[number]) - centre
      square += distance * distance
      let values = all.extracting(points(number))
      for row in values.indices {
        product[row] += distance * (Double(bitPattern: values[row]) - means[row])
      }
    }
    for row in product.indices { product[row] = square > 0 ? product[row] / square : 0 }
    return products
  }
}
