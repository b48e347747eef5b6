/// Which part of a history a partitioned merge wrote: one of several ranges of indices, which together
/// are the whole.
public struct Partition: Sendable, Hashable {
  /// From 1 to `count`.
  public var number: UInt64
  public var count: UInt64
  /// The same in all partitions of one set; others belong to a merge of other inputs.
  public var setID: UInt64
  /// The first partition's has no beginning and the last one's no end, and each begins where the one
  /// before ends.
  public var range: IndexRange

  /// - Throws: `invalidParameter` where the number is not 1 to `count`, or the range has a beginning or
  ///   an end where it must not, or lacks one, or ends before it begins.
  public init(number: UInt64, count: UInt64, setID: UInt64, range: IndexRange)
    throws(TrackerError)
  {
    guard number >= 1, number <= count else {
      throw TrackerError(
        .invalidParameter, "partition", "number \(number) of \(count); it must be 1 to \(count)")
    }
    guard (range.lower == nil) == (number == 1), (range.upper == nil) == (number == count) else {
      throw TrackerError(
        .invalidParameter, "partition",
        "the ends of its range do not fit number \(number) of \(count)")
    }
    if let lower = range.lower, let upper = range.upper {
      guard lower.type == upper.type, lower <= upper else {
        throw TrackerError(.invalidParameter, "partition", "its range ends before it begins")
      }
    }
    self.number = number
    self.count = count
    self.setID = setID
    self.range = range
  }
}

extension Partition: CustomStringConvertible {
  public var description: String { "partition \(number) of \(count)" }
}
