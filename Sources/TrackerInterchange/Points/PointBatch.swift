public import TrackerModel

/// Points in columns, all of one length: what a `PointReader` hands on at a time.
public struct PointBatch: Sendable {
  /// For every point its place in `PointReader.channels`.
  public internal(set) var channels: [Int32] = []
  /// The indices where they are integers; otherwise empty.
  public internal(set) var integers: [Int64] = []
  /// The indices where they are strings, one after the other in UTF-8; otherwise empty.
  public internal(set) var stringBytes: [UInt8] = []
  /// Where each string ends in `stringBytes`.
  public internal(set) var stringEnds: [Int] = []
  public internal(set) var epochs: [Int64?] = []
  public internal(set) var steps: [Int64] = []
  /// The values' bits, widened to float64.
  public internal(set) var valueBits: [UInt64] = []
  /// The line of each point, from 1.
  public internal(set) var lines: [UInt64] = []

  public init() {}

  public var count: Int { steps.count }

  /// The UTF-8 bytes of a string index.
  public func stringRange(at position: Int) -> Range<Int> {
    (position == 0 ? 0 : stringEnds[position - 1])..<stringEnds[position]
  }

  /// The index of a point. Makes a string where it is one; for loops, take the columns.
  public func index(at position: Int) -> InstanceIndex {
    if stringEnds.isEmpty { return .integer(integers[position]) }
    let bytes = stringBytes[stringRange(at: position)]
    return .string(Name(String(decoding: bytes, as: UTF8.self)))
  }

  mutating func removeAll() {
    channels.removeAll(keepingCapacity: true)
    integers.removeAll(keepingCapacity: true)
    stringBytes.removeAll(keepingCapacity: true)
    stringEnds.removeAll(keepingCapacity: true)
    epochs.removeAll(keepingCapacity: true)
    steps.removeAll(keepingCapacity: true)
    valueBits.removeAll(keepingCapacity: true)
    lines.removeAll(keepingCapacity: true)
  }
}
