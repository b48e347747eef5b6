import TrackerFile
import TrackerMerge
import TrackerModel

/// One tracker, or several as if they were merged: what exports, listings and comparisons read.
///
/// Points of several files that contradict each other end the reading with `mergeConflict`, before
/// anything of their block of rows is given out.
struct TrackerUnion {
  let readers: [TrackerReader]
  /// Sorted.
  let channels: [Channel]

  /// - Throws: `wrongIndexType`, naming the file, where index types differ.
  init(_ readers: [TrackerReader]) throws(TrackerError) {
    precondition(!readers.isEmpty, "a union has inputs")
    self.readers = readers
    for reader in readers where reader.indexType != readers[0].indexType {
      throw TrackerError(
        .wrongIndexType, "inputs",
        "its indices are \(reader.indexType), those of \(readers[0].name) are"
          + " \(readers[0].indexType)", file: reader.name)
    }
    channels = Set(readers.flatMap(\.snapshot.channels)).sorted()
  }

  var indexType: IndexType { readers[0].indexType }

  /// What error texts call it.
  var name: String {
    readers.count == 1 ? readers[0].name : "the union of \(Numbers.count(readers.count, "file"))"
  }

  /// The type that holds all values of a channel.
  func valueType(of channel: Channel) -> ValueType {
    readers.reduce(.float32) { $0.joined(with: $1.snapshot.valueType(of: channel)) }
  }

  /// The tiles of all files, those of channels that a filter lets through.
  func tiles(_ filter: ChannelOptions) -> [TileEntry] {
    readers.flatMap { $0.snapshot.tiles.filter { filter.includes($0.channel) } }
  }

  func unsealedPoints(_ filter: ChannelOptions) -> Int {
    readers.reduce(0) {
      $0
        + $1.snapshot.unsealed.filter { filter.includes($0.channel) }
        .reduce(0) { $0 + $1.pointCount }
    }
  }

  /// Walks one channel.
  ///
  /// - Parameter tracksOrigins: whether blocks say who recorded each point.
  func scan(
    _ channel: Channel, indices: [InstanceIndex]? = nil, steps: ClosedRange<Int64>? = nil,
    tracksOrigins: Bool = false
  ) -> any HistorySource {
    if readers.count == 1 {
      return ChannelScan(
        readers[0], channel, indices: indices, steps: steps, tracksOrigins: tracksOrigins)
    }
    return DecidedScan(
      UnionScan(
        readers, channel, policy: .error, indices: indices, steps: steps,
        keepsOrigins: tracksOrigins),
      onConflict: MergeCommand.show)
  }
}
