import TrackerModel

/// What a vector holds, described: its file and its meaning are both made of this.
struct Scene {
  /// That of its files.
  var name: String
  /// One line for the list of vectors.
  var what: String
  var indexType = IndexType.int64
  var minor: UInt16 = 0
  var headerReserved = [UInt8](repeating: 0, count: 7)
  var commits: [SceneCommit] = []
  var padding = Padding()
  /// Bytes behind everything.
  var tail: [UInt8] = []
  /// How many of the commits count, where the last ones are damaged; nil for all.
  var countedCommits: Int?
  /// A change of the whole file's bytes.
  var damage: ((inout [UInt8], SceneLayout) -> Void)?
  /// Whether the library's own writer makes the file; codings are its choice then.
  var isWritten = false

  init(_ name: String, _ what: String, _ indexType: IndexType = .int64) {
    self.name = name
    self.what = what
    self.indexType = indexType
  }
}

/// Bytes and bits that readers ignore.
struct Padding {
  /// Behind the last known field of every payload but the commits'.
  var payloads: [UInt8] = []
  /// Between the last known field of commits and their trailer.
  var commits: [UInt8] = []
  /// More bits of the commits' flags, and of their segments'.
  var commitFlags: UInt64 = 0
  var segmentFlags: UInt64 = 0
  /// The three bytes behind each record's kind.
  var recordFlags: [UInt8] = [0, 0, 0]
}

/// Where a scene's parts begin in its file.
struct SceneLayout {
  /// Each record's offset, in the order of the file.
  var records: [UInt64] = []
  var kinds: [UInt8] = []
  /// For each commit, its record's offset and the first byte behind it.
  var commits: [(offset: UInt64, end: UInt64)] = []
  /// For each commit its items' last record; those of tiles are the tiles.
  var items: [[UInt64]] = []
}

struct SceneCommit {
  /// The place of the commit that this one goes on from, among the scene's; nil for the one before.
  var parent: Int?
  /// The one that it names as its ancestor, where that is the wrong one.
  var ancestor: Int?
  var step: Int64?
  var epoch: Int64?
  var wallTime: UInt64?
  var identity: RunIdentity?
  /// Those of the table beside who recorded a tile or a commit.
  var otherIdentities: [RunIdentity] = []
  /// Whether the table leaves out whoever only ancestors name.
  var listsOwnIdentitiesOnly = false
  var isPresynced = false
  var partition: Partition?
  var items: [SceneItem] = []
  /// Epochs whose unsealed points were sealed.
  var ended: [UnsealedKey] = []
  /// Changes of the payload before its checksum; the trailer is not part of it.
  var surgery: ((inout [UInt8]) -> Void)?

  struct UnsealedKey: Hashable {
    var channel: Channel
    var epoch: Int64
  }
}

enum SceneItem {
  case tile(SceneTile)
  case unsealed(SceneUnsealed)
  case parameters(SceneParameters)
  case keptSets([KeptSets])
  /// A payload that stands where kept sets should.
  case rawKeptSets([UInt8])
  /// A record of any kind that nothing refers to.
  case record(kind: UInt8, payload: [UInt8])
  /// A set that later tiles use by its name, or that nothing uses.
  case indexSet(SceneIndexSet)
}

/// An index set record.
struct SceneIndexSet {
  var name: String
  var indices: [InstanceIndex]
  var coding: IndexCoding = .list(IntegerSetPlan())
  /// The name of the base and its rows that are in the set; nil for a set that is no subset.
  var base: String?
  var bits: BitPlan = .bitmap
  var surgery: ((inout [UInt8], _ offset: UInt64) -> Void)?
}

struct SceneTile {
  var channel: Channel
  var type: ValueType
  var rows: [InstanceIndex]
  var columns: [TileColumn]
  /// Bits in the type, column by column; nil for no point.
  var cells: [UInt64?]
  /// Who recorded its points; nil for the commit's identity alone, or nobody where it has none.
  var identities: [RunIdentity]?
  /// For each point a place among these, from 0, or nil; nil for a tile without sources.
  var sources: [Int?]?
  /// Whether flags say that all have sources, although some may not.
  var saysAllHaveSources: Bool?

  var index: IndexCoding = .automatic
  var presence: PresencePlan = .bitmap(.bitmap)
  var values = ValuePlanText()
  var sourceValues = ValuePlanText()
  var columnList = ColumnListPlan()
  /// A change of the payload's parts, or of the entry in the directory.
  var pieces: ((inout TilePieces) -> Void)?
  var entry: ((inout EntryPieces) -> Void)?

  init(
    _ channel: Channel, _ type: ValueType, rows: [InstanceIndex], columns: [TileColumn],
    cells: [UInt64?]
  ) {
    precondition(cells.count == rows.count * columns.count, "a cell for each row and column")
    self.channel = channel
    self.type = type
    self.rows = rows
    self.columns = columns
    self.cells = cells
  }

  var points: [UInt64] { cells.compactMap { $0 } }
}

struct SceneUnsealed {
  var channel: Channel
  var epoch: Int64
  var type: ValueType
  var indices: [InstanceIndex]
  var values: [UInt64]
  var index: IntegerSetPlan = IntegerSetPlan()
  var strings = StringSetPlan()
  var plan = ValuePlanText()
  var pieces: ((inout UnsealedPieces) -> Void)?
}

struct SceneParameters {
  enum Filter<Element> {
    case all
    case only([Element])
    case except([Element])
  }

  var indexKey: Name = "idx"
  var metricKeys: [Name] = ["ce"]
  var maxToKeep: UInt64 = 5
  var minToKeep: UInt64 = 5
  var epochFrequency: UInt64 = 1
  var modes = Filter<Mode>.only([.eval])
  var dsIDs = Filter<Name>.all
  var keepMantissaBits: UInt8 = 0
  var outputName: Name?
  var outputFlag: UInt8 = 1
  var listFlag: UInt8?
  var listToKeep: [InstanceIndex]?
  /// Written where the flag says that there is no list.
  var ignoredList: [InstanceIndex] = []
  /// Lengths of the list's parts; empty for one part.
  var parts: [Int] = []
  var surgery: ((inout [UInt8]) -> Void)?
}
