public import TrackerModel

/// Some instances of one channel, in the order of their indices, with numbers about each.
public struct InstanceBlock: Sendable {
  public var rows: IndexColumn
  /// Points of each row; rows without any are left out of what is written.
  public var pointCounts: [Int]
  /// By field, then row: float64 bits.
  public var values: [[UInt64]]

  public init(rows: IndexColumn, pointCounts: [Int], values: [[UInt64]]) {
    self.rows = rows
    self.pointCounts = pointCounts
    self.values = values
  }
}

/// A number that every instance has.
public struct InstanceField: Sendable, Hashable {
  public var name: String
  /// The type that holds it exactly.
  public var type: ValueType

  public init(name: String, type: ValueType) {
    self.name = name
    self.type = type
  }
}
