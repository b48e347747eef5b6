public import TrackerFile
public import TrackerModel

/// What to keep of a channel.
public struct SelectionCriteria: Sendable, Hashable {
  public var maxToKeep: Int
  public var minToKeep: Int
  /// Sorted, each once.
  public var listToKeep: [InstanceIndex]

  public init(maxToKeep: Int, minToKeep: Int, listToKeep: [InstanceIndex]) {
    self.maxToKeep = maxToKeep
    self.minToKeep = minToKeep
    self.listToKeep = Parameters.sortedUnique(listToKeep)
  }

  public init(_ parameters: Parameters) {
    self.init(
      maxToKeep: parameters.maxToKeep, minToKeep: parameters.minToKeep,
      listToKeep: parameters.listToKeep ?? [])
  }
}

/// The reference's selection at the end of training: by the last value of each instance.
///
/// An instance whose last value is old counts with it. Instances rank ascending by (value, index),
/// values in `ValueOrder`: the lowest n are the first n, the highest n the last n. So the result
/// depends only on the points, not on the order in which they came.
public enum FinalSelection {
  /// Reads the source to its end. Complexity: O(n log k) time, O(k + block) memory.
  public static func select(_ source: any HistorySource, _ criteria: SelectionCriteria)
    throws(TrackerError) -> KeptSets
  {
    try InstanceSelection(final: source, criteria).kept
  }
}
