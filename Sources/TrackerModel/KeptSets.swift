/// The instances that a selection kept in one channel: the file's kept-index sets.
///
/// Each is sorted and may overlap the others.
public struct KeptSets: Sendable, Hashable {
  public var channel: Channel
  public var max: [InstanceIndex]
  public var min: [InstanceIndex]
  /// Listed instances that have points in the channel.
  public var list: [InstanceIndex]
  /// Listed instances that were never seen in it.
  public var missing: [InstanceIndex]

  public init(
    channel: Channel, max: [InstanceIndex], min: [InstanceIndex], list: [InstanceIndex],
    missing: [InstanceIndex]
  ) {
    self.channel = channel
    self.max = max
    self.min = min
    self.list = list
    self.missing = missing
  }

  /// All instances kept, sorted, each once.
  public var all: [InstanceIndex] { Parameters.sortedUnique(max + min + list) }
}
