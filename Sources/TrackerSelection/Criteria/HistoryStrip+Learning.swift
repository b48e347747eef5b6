/// What a history says about when its instance was learned and forgotten.
struct LearningEvents {
  /// Correct values followed by one that is not; infinite where none is correct.
  var forgettings: [Double]
  /// The step of the first correct value; infinite where none is.
  var firstSteps: [Double]
  /// The share of correct values.
  var shares: [Double]
}

extension HistoryStrip {
  func learningEvents(_ rule: CorrectnessRule) -> LearningEvents {
    switch rule {
    case .below(let threshold): learningEvents { $0 < threshold }
    case .atLeast(let threshold): learningEvents { $0 >= threshold }
    }
  }

  @inline(__always)
  private func learningEvents(_ isCorrect: (Double) -> Bool) -> LearningEvents {
    var forgettings = [Double](repeating: 0, count: rowCount)
    var firstSteps = [Double](repeating: .infinity, count: rowCount)
    var shares = forgettings
    // 1 where the value before was correct.
    var wasCorrect = forgettings
    let (values, counts) = (bits.span, pointCounts.span)
    var events = forgettings.mutableSpan
    var firsts = firstSteps.mutableSpan
    var hits = shares.mutableSpan
    var last = wasCorrect.mutableSpan
    // Points that every row has at the same step: no branch a value, so that rows go side by side.
    let one = Double(1).bitPattern
    var start = 0
    if let commonSteps {
      for (number, step) in commonSteps.enumerated() {
        let (column, step) = (values.extracting(points(number)), Double(step).bitPattern)
        for row in column.indices {
          // All bits or none.
          let right: UInt64 = isCorrect(Double(bitPattern: column[row])) ? ~0 : 0
          let (hit, first) = (hits[row], firsts[row].bitPattern)
          let isFirst = right & (hit == 0 ? ~0 : 0)
          firsts[row] = Double(bitPattern: first ^ ((first ^ step) & isFirst))
          events[row] += Double(bitPattern: last[row].bitPattern & ~right)
          last[row] = Double(bitPattern: one & right)
          hits[row] = hit + last[row]
        }
      }
      start = commonSteps.count
    }
    for number in start..<Swift.max(start, longest) {
      let first = number * rowCount
      for row in counts.indices where number < counts[row] {
        let isRight = isCorrect(Double(bitPattern: values[first + row]))
        if isRight, hits[row] == 0 { firsts[row] = Double(step(number, ofRow: row)) }
        events[row] += isRight ? 0 : last[row]
        last[row] = isRight ? 1 : 0
        hits[row] += last[row]
      }
    }
    for row in counts.indices {
      if hits[row] == 0 { events[row] = .infinity }
      hits[row] /= Double(counts[row])
    }
    return LearningEvents(forgettings: forgettings, firstSteps: firstSteps, shares: shares)
  }
}
