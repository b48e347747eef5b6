import TrackerModel

/// How a column of values was coded and what its parts cost.
public struct ValueCoding: Sendable {
  public var mapping: Mapping
  /// The precision or unit of the mapping, as text; empty where there is none.
  public var detail: String
  public var difference: Difference
  /// Whether symbols are coded by their rows' earlier ones.
  public var isGrouped: Bool
  public var symbolBytes: Int
  public var extraBytes: Int
  /// Values one ulp off their grid.
  public var corrections: Int
  /// Values stored beside the mapping.
  public var exceptions: Int
}

extension ValueMapping {
  /// The precision or unit, as text.
  var detail: String {
    switch self {
    case .ordered(let mapping):
      switch (mapping.type, mapping.shift) {
      case (_, 0): ""
      case (.float32, 16): "bfloat16"
      case (_, let shift): "\(shift) bits fewer"
      }
    case .dictionary(let dictionary):
      dictionary.entries.count == 1 ? "constant" : "\(dictionary.entries.count) values"
    case .logarithm(let grid):
      switch grid.precision {
      case .float32: ""
      case .float16: "float16"
      case .bfloat16: "bfloat16"
      }
    case .power(let grid):
      (grid.divisor == 1 ? "2^\(-grid.exponent)" : "1/\(grid.divisor)")
        + (grid.coarseness.isEmpty ? "" : " by rows")
    case .float16: ""
    }
  }
}

extension Mapping: CustomStringConvertible {
  public var description: String {
    switch self {
    case .ordered: "ordered"
    case .dictionary: "dictionary"
    case .rising: "log(1+k)"
    case .falling: "-log(1-k)"
    case .linear: "multiples"
    case .squared: "squares"
    case .float16: "float16"
    }
  }
}
