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
    var wasCorrect = [UInt8](repeating: 0, count: rowCount)
    let (values, counts) = (bits.span, pointCounts.span)
    var events = forgettings.mutableSpan
    var firsts = firstSteps.mutableSpan
    var hits = shares.mutableSpan
    var last = wasCorrect.mutableSpan
    for number in 0..<longest {
      let first = number * rowCount
      for row in counts.indices where number < counts[row] {
        let isRight: UInt8 = isCorrect(Double(bitPattern: values[first + row])) ? 1 : 0
        if isRight == 1, hits[row] == 0 { firsts[row] = Double(step(number, ofRow: row)) }
        hits[row] += Double(isRight)
        events[row] += Double(last[row] & ~isRight)
        last[row] = isRight
      }
    }
    for row in counts.indices {
      if hits[row] == 0 { events[row] = .infinity }
      hits[row] /= Double(counts[row])
    }
    return LearningEvents(forgettings: forgettings, firstSteps: firstSteps, shares: shares)
  }
}
