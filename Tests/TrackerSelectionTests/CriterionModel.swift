import TrackerModel
import TrackerSelection

/// Criteria as their definitions say, of one history as an array: what is compared with.
struct CriterionModel {
  var steps: [Int64]
  var bits: [UInt64]
  var options: CriterionOptions

  var values: [Double] { bits.map { Double(bitPattern: $0) } }

  func bits(of criterion: Criterion) -> UInt64 {
    switch criterion {
    case .final: bits[bits.count - 1]
    case .first: bits[0]
    case .min: ordered[0]
    case .max: highest
    case .range:
      computed(Double(bitPattern: highest) - Double(bitPattern: ordered[0]))
    case .mean: computed(mean(values))
    case .std: computed(deviation(values))
    case .area: computed(area)
    case .early: computed(mean(Array(values.prefix(options.earlyCount))))
    case .windowedStd: computed(windowed)
    case .trend: computed(slope)
    case .forgetting:
      computed(
        hits.contains(true)
          ? Double(zip(hits, hits.dropFirst()).count { $0 && !$1 }) : .infinity)
    case .firstLearned:
      computed(hits.firstIndex(of: true).map { Double(steps[$0]) } ?? .infinity)
    case .correctness: computed(Double(hits.count { $0 }) / Double(hits.count))
    case .rankChange: preconditionFailure("depends on the others")
    }
  }

  private func computed(_ value: Double) -> UInt64 {
    value.isNaN ? 0x7FF8_0000_0000_0000 : value.bitPattern
  }

  /// A stable sort: of equals the first comes first.
  private var ordered: [UInt64] {
    bits.enumerated().sorted {
      (ValueOrder.rank($0.element), $0.offset) < (ValueOrder.rank($1.element), $1.offset)
    }.map(\.element)
  }

  private var highest: UInt64 {
    let top = ordered.map { ValueOrder.rank($0) }.max()
    return bits.first { ValueOrder.rank($0) == top } ?? 0
  }

  private func mean(_ values: [Double]) -> Double {
    var sum = 0.0
    for value in values { sum += value }
    return sum / Double(values.count)
  }

  private func deviation(_ values: [Double]) -> Double {
    let mean = mean(values)
    var sum = 0.0
    for value in values {
      let distance = value - mean
      sum += distance * distance
    }
    return (sum / Double(values.count)).squareRoot()
  }

  private var windowed: Double {
    let size = options.window
    guard values.count > size else { return deviation(values) }
    var sum = 0.0
    for first in 0...values.count - size { sum += deviation(Array(values[first..<first + size])) }
    return sum / Double(values.count - size + 1)
  }

  private var area: Double {
    guard values.count > 1 else { return values[0] }
    var sum = 0.0
    for place in 1..<values.count {
      let width = Double(UInt64(bitPattern: steps[place] &- steps[place - 1]))
      sum += (values[place - 1] * 0.5 + values[place] * 0.5) * width
    }
    return sum / Double(UInt64(bitPattern: steps[steps.count - 1] &- steps[0]))
  }

  private var slope: Double {
    guard values.count > 1 else { return 0 }
    let times = steps.map { Double(UInt64(bitPattern: $0 &- steps[0])) }
    let (centre, middle) = (mean(times), mean(values))
    var (product, square) = (0.0, 0.0)
    for (time, value) in zip(times, values) {
      product += (time - centre) * (value - middle)
      square += (time - centre) * (time - centre)
    }
    return product / square
  }

  private var hits: [Bool] {
    values.map {
      switch options.correctness {
      case .below(let threshold): $0 < threshold
      case .atLeast(let threshold): $0 >= threshold
      }
    }
  }
}
