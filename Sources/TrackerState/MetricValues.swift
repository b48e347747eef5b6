import TrackerModel

/// The values of one metric for a batch, one per index.
public enum MetricValues: Sendable {
  case float([Float])
  case double([Double])
  /// Stored as numbers: each must be exact in a Double.
  case integer([Int64])
  /// Stored as 0 and 1.
  case bool([Bool])

  public var count: Int {
    switch self {
    case .float(let values): values.count
    case .double(let values): values.count
    case .integer(let values): values.count
    case .bool(let values): values.count
    }
  }

  /// The type of a channel whose first values are these.
  var naturalType: ValueType {
    switch self {
    case .float, .bool: .float32
    case .double, .integer: .float64
    }
  }

  var isExactInAnyType: Bool {
    switch self {
    case .float, .bool: true
    case .double, .integer: false
    }
  }

  /// The bits of value `place` in `type`; nil where the type does not hold it exactly.
  @inline(__always)
  func bits(at place: Int, in type: ValueType) -> UInt64? {
    let wide: UInt64
    switch self {
    case .float(let values):
      if type == .float32 { return UInt64(values[place].bitPattern) }
      return Widening.widen(values[place].bitPattern)
    case .double(let values): wide = values[place].bitPattern
    case .integer(let values):
      guard let exact = Double(exactly: values[place]) else { return nil }
      wide = exact.bitPattern
    case .bool(let values): wide = (values[place] ? 1.0 : 0.0).bitPattern
    }
    return type == .float64 ? wide : Widening.narrow(wide).map(UInt64.init)
  }

  func text(at place: Int) -> String {
    switch self {
    case .float(let values): "\(values[place])"
    case .double(let values): "\(values[place])"
    case .integer(let values): "\(values[place])"
    case .bool(let values): "\(values[place])"
    }
  }

  /// Checks that every value is exact in `type`. Complexity: O(1) where that is sure.
  func check(in type: ValueType, metric: Name) throws(TrackerError) {
    switch (self, type) {
    case (.float, _), (.bool, _), (.double, .float64): return
    default: break
    }
    for place in 0..<count where bits(at: place, in: type) == nil {
      throw TrackerError(
        .inexactValue, "record",
        "value \(text(at: place)) of metric '\(metric)' is not exact in \(type)",
        remedy: type == .float32
          ? "the channel's first values made it float32: record float64 from the start, or convert"
          : "integers beyond 2⁵³ must be exact in float64")
    }
  }
}
