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
    try checkOpen()
    let reader = try TrackerReader(viewing: writer)
    var sets: [KeptSets] = []
    for channel in reader.snapshot.channels
    where parameters.modes.contains(channel.mode) && parameters.dsIDs.contains(channel.dsID) {
      sets.append(
        try FinalSelection.select(ChannelScan(reader, channel), SelectionCriteria(parameters)))
    }
    pendingKeptSets = sets
    return sets
  }

  /// Channels that have sealed points, sorted.
  public var channels: [Channel] { Set(writer.tiles.map(\.channel)).sorted() }

  /// The sealed histories of some instances: one array for each index, empty where it has none.
  public func history(of indices: [InstanceIndex], in channel: Channel) throws(TrackerError)
    -> [[HistoryPoint]]
  {
    try checkOpen()
    let reader = try TrackerReader(viewing: writer)
    let sorted = Parameters.sortedUnique(indices)
    let found = try ChannelScan(reader, channel, indices: sorted).histories(of: sorted)
    return indices.map { found[$0] ?? [] }
  }

  /// Everything sealed so far, for scans; valid until the tracker is used again.
  public func reader() throws(TrackerError) -> TrackerReader {
    try checkOpen()
    return try TrackerReader(viewing: writer)
  }
}
