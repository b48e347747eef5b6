public import TrackerCodec
public import TrackerModel

/// A record elsewhere in the file, and the checksum of its payload.
struct RecordReference: Hashable, Sendable {
  var offset: UInt64
  var checksum: UInt32
}

/// What is known of a commit without its directory.
public struct CommitSummary: Sendable, Hashable {
  /// Its place in the file, from 1.
  public var sequence: UInt64
  /// Its distance along its parents, from 1.
  public var depth: UInt64
  /// Where its record begins.
  public var offset: UInt64
  public var step: Int64?
  public var epoch: Int64?
  /// Microseconds since 1970; nil where the file was written without times.
  public var wallTime: UInt64?
  /// Who wrote it; nil in imported files.
  public var identity: RunIdentity?

  public init(
    sequence: UInt64, depth: UInt64, offset: UInt64, step: Int64?, epoch: Int64?, wallTime: UInt64?,
    identity: RunIdentity?
  ) {
    self.sequence = sequence
    self.depth = depth
    self.offset = offset
    self.step = step
    self.epoch = epoch
    self.wallTime = wallTime
    self.identity = identity
  }
}

/// A tile as directories list it: all that can be known without reading it.
public struct TileEntry: Sendable, Hashable {
  public var channel: Channel
  public var valueType: ValueType
  /// Where its record begins.
  public var offset: UInt64
  public var payloadLength: UInt64
  public var columns: [TileColumn]
  public var rowCount: Int
  public var indexSet: IndexSetReference
  public var firstIndex: InstanceIndex
  public var lastIndex: InstanceIndex
  public var statistics: TileStatistics
  /// Those who recorded its points, sorted; empty where none is known.
  public var identities: [RunIdentity]
  /// Whether the tile says which of them recorded which point.
  public var sources = TileSources.none

  /// Whether it is known of every point who recorded it, or that nobody is known to have.
  public var knowsProvenance: Bool { sources != .none || identities.count <= 1 }

  /// Bytes of the whole record.
  public var recordLength: UInt64 { UInt64(RecordHeader.size) + payloadLength }
}

/// Unsealed points of one channel and epoch: the newest of their records, each naming the one before.
public struct UnsealedGroup: Sendable, Hashable {
  public var channel: Channel
  public var epoch: Int64
  public var valueType: ValueType
  public var newestRecord: UInt64
  public var recordCount: Int
  /// Points in all records; an index recorded in several counts in each.
  public var pointCount: Int
}

/// One commit's part of a directory: the tiles that it added.
struct DirectorySegment: Sendable {
  var commit: CommitSummary
  var entries: [TileEntry]
}

/// The payload of a commit record.
struct Commit: Sendable {
  var sequence: UInt64
  var depth: UInt64
  /// The commit that this one goes on from; nil for the first.
  var parent: RecordReference?
  /// The commit of depth `depth - lowbit(depth)`; nil where that is 0.
  var ancestor: RecordReference?
  /// Where the first record that this commit covers begins.
  var coversFrom: UInt64
  /// Whether the records covered were durable before this one was written.
  var isPresynced: Bool
  var step: Int64?
  var epoch: Int64?
  var wallTime: UInt64?
  var identity: RunIdentity?
  /// Everyone who ever wrote to this history, sorted.
  var identities: [RunIdentity]
  var parameters: RecordReference?
  var keptSets: RecordReference?
  var unsealed: [UnsealedGroup]
  /// Which part of a history this is; nil where it is whole.
  var partition: Partition?
  /// The segments of depths after the ancestor's up to this commit's own, ascending.
  var segments: [DirectorySegment]

  /// Fenwick's step: how many depths a commit of this depth lists.
  static func span(ofDepth depth: UInt64) -> UInt64 { depth & (~depth &+ 1) }

  /// The last bytes of a commit's payload: the offset of its record, then this.
  static let trailerMagic: [UInt8] = [0x8B, 0x54, 0x72, 0x45, 0x6E, 0x64, 0x0D, 0x0A]
  static let trailerSize = 16
}
