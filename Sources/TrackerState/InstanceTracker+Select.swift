public import TrackerFile
public import TrackerModel
import TrackerSelection

/// Reading back what was sealed.
extension InstanceTracker {
  /// Selects the instances to keep in every channel, by last sealed value; sorted by channel.
  ///
  /// The sets become the file's kept sets with the next checkpoint. Selecting again gives the same.
  /// - Complexity: O(n log k) for n instances, and reading all tiles.
  public func select() throws(TrackerError) -> [KeptSets] {
    let reader = try reader()
    var sets: [KeptSets] = []
    for channel in reader.snapshot.channels
    where parameters.modes.contains(channel.mode) && parameters.dsIDs.contains(channel.dsID) {
      sets.append(
        try FinalSelection.select(ChannelScan(reader, channel), SelectionCriteria(parameters)))
    }
    pendingKeptSets = sets
    return sets
  }

  /// Channels that have sealed points, sorted. Waits for those being sealed; none in a forked child.
  public var channels: [Channel] {
    // A failure is told by the next call that can throw.
    queue.settle()
    let tiles = try? queue.withWriter { $0.tiles }
    return Set((tiles ?? []).map(\.channel)).sorted()
  }

  /// The sealed histories of some instances: one array for each index, empty where it has none.
  public func history(of indices: [InstanceIndex], in channel: Channel) throws(TrackerError)
    -> [[HistoryPoint]]
  {
    let reader = try reader()
    let sorted = Parameters.sortedUnique(indices)
    let found = try ChannelScan(reader, channel, indices: sorted).histories(of: sorted)
    return indices.map { found[$0] ?? [] }
  }

  /// Everything sealed so far, for scans; valid until the tracker is used again.
  ///
  /// Waits until what was sealed is written.
  /// - Throws: where that failed.
  public func reader() throws(TrackerError) -> TrackerReader {
    try flush()
    let reader = try queue.withWriter { (writer) throws(TrackerError) in
      try TrackerReader(viewing: writer)
    }
    reader.cores = cores
    return reader
  }
}
