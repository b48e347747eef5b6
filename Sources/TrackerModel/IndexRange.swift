/// A range of instance indices.
public struct IndexRange: Sendable, Hashable {
  /// The first index that may be in it; nil where it has no beginning.
  public var lower: InstanceIndex?
  /// The first index behind it; nil where it has no end.
  public var upper: InstanceIndex?

  public static let all = IndexRange(lower: nil, upper: nil)

  public init(lower: InstanceIndex?, upper: InstanceIndex?) {
    self.lower = lower
    self.upper = upper
  }

  /// Whether one of the indices from `first` through `last` may be in the range.
  public func overlaps(_ first: InstanceIndex, _ last: InstanceIndex) -> Bool {
    if let lower, last < lower { return false }
    if let upper, first >= upper { return false }
    if let lower, let upper, lower >= upper { return false }
    return true
  }
}
