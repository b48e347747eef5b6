public import TrackerModel

/// What a merge does with different values for one key (channel, index, step).
public enum ConflictPolicy: String, Sendable, Hashable, CaseIterable {
  /// Counts all conflicts and writes nothing.
  case error
  /// The lowest value by `ValueOrder`, then by bit pattern; of two epochs the lower.
  case min
  /// The highest, likewise.
  case max
  /// The value of the worker with the lowest (generation, rank); refused where that is not known.
  case first
  /// That of the highest.
  case last

  var followsIdentity: Bool { self == .first || self == .last }
}

/// Two different points for one key.
public struct MergeConflict: Sendable, Hashable {
  /// One of the two points.
  public struct Side: Sendable, Hashable {
    public var file: String
    public var valueBits: UInt64
    public var epoch: Int64?
  }

  public var channel: Channel
  public var index: InstanceIndex
  public var step: Int64
  public var left: Side
  public var right: Side
}

/// The conflicts of a merge: how many, and the first few in the order of channels and indices.
public struct ConflictLog: Sendable {
  public static let shown = 10
  public internal(set) var count = 0
  public internal(set) var first: [MergeConflict] = []
  /// Conflicts that the policy could not decide, because who recorded which is not known.
  public internal(set) var undecided = 0
}
