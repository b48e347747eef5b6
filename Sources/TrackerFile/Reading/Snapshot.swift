public import TrackerModel

/// A tracker as of one commit: everything that directories tell.
public struct Snapshot: Sendable {
  /// Nil where the file holds no commit.
  public internal(set) var commit: CommitSummary?
  /// The commit and its parents, first one first.
  public internal(set) var ancestry: [CommitSummary] = []
  /// All tiles, in the order in which they were written: later ones replace points of earlier ones.
  public internal(set) var tiles: [TileEntry] = []
  public internal(set) var parameters: Parameters?
  var keptSetsRecord: RecordReference?
  public internal(set) var unsealed: [UnsealedGroup] = []
  /// Which part of a history this is; nil where it is whole.
  public internal(set) var partition: Partition?
  /// Everyone who ever wrote to this history, sorted.
  public internal(set) var identities: [RunIdentity] = []

  /// Channels that have tiles, sorted.
  public var channels: [Channel] { Set(tiles.map(\.channel)).sorted() }

  public func tiles(of channel: Channel) -> [TileEntry] {
    // Where there is no other channel the list is shared, not copied.
    tiles.allSatisfy { $0.channel == channel } ? tiles : tiles.filter { $0.channel == channel }
  }

  /// The type that holds all values of a channel.
  public func valueType(of channel: Channel) -> ValueType {
    tiles.contains { $0.channel == channel && $0.valueType == .float64 } ? .float64 : .float32
  }
}

/// Bytes behind the last commit: a checkpoint that never became whole, or damage.
public struct Tail: Sendable, Hashable {
  /// Where the last commit ends.
  public var offset: UInt64
  public var length: UInt64
}
