import TrackerCodec
import TrackerModel

/// A file that readers refuse.
struct MalformedFile {
  /// The names of Spec/CONFORMANCE.md.
  enum Failure: String, CaseIterable {
    case notATrackerFile, unsupportedVersion, checksum, truncated, malformed, unsupportedEncoding
    case limit, damaged
  }

  var name: String
  var what: String
  var failure: Failure
  var offset: UInt64
  var bytes: [UInt8]

  var json: JSON {
    .object([
      ("what", .string(what)), ("error", .string(failure.rawValue)), ("offset", .integer(offset)),
    ])
  }
}

/// Malformed files, each with one thing wrong.
struct MalformedCatalogue {
  static let files: [MalformedFile] = {
    var catalogue = MalformedCatalogue()
    catalogue.addHeaders()
    catalogue.addRecords()
    catalogue.addTiles()
    catalogue.addValues()
    catalogue.addStreams()
    catalogue.addNumerals()
    catalogue.addMappings()
    catalogue.addSources()
    catalogue.addIndexSets()
    catalogue.addUnsealed()
    catalogue.addParameters()
    catalogue.addKeptSets()
    catalogue.addDirectories()
    return catalogue.files
  }()

  var files: [MalformedFile] = []

  static let channel = Catalogue.channel

  mutating func add(
    _ name: String, _ failure: MalformedFile.Failure, _ what: String, _ scene: Scene,
    at offset: (SceneLayout) -> UInt64
  ) {
    let (bytes, layout) = SceneEncoder.encode(scene)
    files.append(
      MalformedFile(
        name: name, what: what, failure: failure, offset: offset(layout), bytes: bytes))
  }

  /// A scene of two commits, of which the second holds one item; presynced, so that opening does not
  /// look at it.
  static func scene(_ items: [SceneItem], _ type: IndexType = .int64) -> Scene {
    var scene = Scene("", "", type)
    scene.commits = [SceneCommit(step: 10, epoch: 1, items: items)]
    return scene
  }

  /// Four rows, two steps, float32, their bits plain.
  static var tile: SceneTile {
    var tile = SceneTile(
      channel, .float32, rows: Catalogue.rows(0..<4), columns: Catalogue.steps(2),
      cells: (0..<8).map { UInt64(Float($0).bitPattern) })
    tile.values.bins = .one
    return tile
  }

  mutating func addTile(
    _ name: String, _ failure: MalformedFile.Failure = .malformed, _ what: String,
    _ tile: SceneTile = MalformedCatalogue.tile, _ type: IndexType = .int64,
    _ change: @escaping (inout TilePieces) -> Void
  ) {
    var tile = tile
    tile.pieces = change
    add("tile-" + name, failure, what, Self.scene([.tile(tile)], type)) { $0.items[0][0] }
  }

  // MARK: File headers

  private mutating func addHeaders() {
    let (whole, _) = SceneEncoder.encode(Self.scene([.tile(Self.tile)]))
    func resealed(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
      var bytes = whole
      change(&bytes)
      var sealed = Array(bytes[0..<20])
      sealed.appendFixed(Checksum.crc32(sealed.span))
      return sealed + bytes[24...]
    }
    func header(
      _ name: String, _ failure: MalformedFile.Failure, _ what: String, _ bytes: [UInt8]
    ) {
      files.append(
        MalformedFile(name: "header-" + name, what: what, failure: failure, offset: 0, bytes: bytes)
      )
    }
    header("empty", .notATrackerFile, "an empty file", [])
    header("short-1", .notATrackerFile, "a file of one byte", [0x89])
    header("short-23", .notATrackerFile, "a header that lacks its last byte", Array(whole[0..<23]))
    header("magic", .notATrackerFile, "another magic", [0x88] + whole[1...])
    header("png", .notATrackerFile, "a PNG", [0x89, 0x50, 0x4E, 0x47] + whole[4...])
    header(
      "text-mode", .notATrackerFile, "line ends that a text-mode transfer changed",
      whole[0..<4] + [0x0A, 0x1A, 0x0A] + whole[8...] + [0])
    header(
      "checksum", .checksum, "a bit of the minor version flipped",
      whole[0..<10] + [1] + whole[11...])
    header("major-2", .unsupportedVersion, "major version 2", resealed { $0[8] = 2 })
    header("major-0", .unsupportedVersion, "major version 0", resealed { $0[8] = 0 })
    header("major-257", .unsupportedVersion, "major version 257", resealed { $0[9] = 1 })
    header("index-type", .malformed, "index type 2", resealed { $0[12] = 2 })
  }

  // MARK: Records

  private mutating func addRecords() {
    func flipped(_ name: String, _ what: String, _ place: Int, _ failure: MalformedFile.Failure) {
      var scene = Self.scene([.tile(Self.tile)])
      scene.commits[0].isPresynced = true
      scene.damage = { bytes, layout in bytes[Int(layout.items[0][0]) + place] ^= 4 }
      add("record-" + name, failure, what, scene) { $0.items[0][0] }
    }
    flipped("payload", "a bit of a tile's payload", 60, .checksum)
    flipped("header", "a bit of a tile's payload length", 8, .checksum)
    flipped("flags", "a bit of a tile's record flags", 6, .checksum)
    flipped("kind", "a bit of a tile's kind", 4, .checksum)
    flipped("header-checksum", "a bit of a tile's header checksum", 20, .checksum)
    flipped(
      "payload-checksum", "a bit of a tile's payload checksum, the header's being wrong then", 16,
      .checksum)
    for (name, what, kind, failure) in [
      (
        "kind-unknown", "an entry that leads to a record of an unknown kind", UInt8(99),
        MalformedFile.Failure.damaged
      ),
      ("kind-set", "an entry that leads to an index set", 1, .damaged),
      ("kind-parameters", "an entry that leads to parameters", 4, .damaged),
    ] {
      var scene = Self.scene([.tile(Self.tile)])
      scene.commits[0].isPresynced = true
      scene.damage = { bytes, layout in
        let start = Int(layout.items[0][0])
        let payload = Array(bytes[(start + 24)..<Int(layout.commits[0].offset)])
        bytes.replaceSubrange(
          start..<start + 24 + payload.count,
          with: SceneEncoder.record(kind, payload, at: UInt64(start)))
      }
      add("record-" + name, failure, what, scene) { $0.items[0][0] }
    }
    var scene = Self.scene([.tile(Self.tile)])
    scene.commits[0].isPresynced = true
    scene.damage = { bytes, layout in
      let start = Int(layout.items[0][0])
      var header = Array(bytes[start..<start + 8])
      header.appendFixed(UInt64(100_000))
      header += bytes[(start + 16)..<start + 20]
      var place: [UInt8] = []
      place.appendFixed(UInt64(start))
      let sealed = place + header
      header.appendFixed(Checksum.crc32(sealed.span))
      bytes.replaceSubrange(start..<start + 24, with: header)
    }
    add("record-length", .truncated, "a tile's payload ends behind the file", scene) {
      $0.items[0][0]
    }
    // Bytes of a record at another place.
    scene = Self.scene([.tile(Self.tile)])
    scene.commits[0].isPresynced = true
    scene.damage = { bytes, layout in
      let start = Int(layout.items[0][0])
      let payload = Array(bytes[(start + 24)..<Int(layout.commits[0].offset)])
      bytes.replaceSubrange(
        start..<start + 24 + payload.count,
        with: SceneEncoder.record(2, payload, at: UInt64(start) + 1))
    }
    add("record-moved", .checksum, "a tile whose header is that of another offset", scene) {
      $0.items[0][0]
    }
  }

  // MARK: Tiles

  private mutating func addTiles() {
    addTile("metric-empty", .malformed, "an empty metric") { $0.channel = [0, 0, 0] }
    addTile("metric-utf8", .malformed, "a metric that is not UTF-8") {
      $0.channel = [2, 0xC3, 0x28, 0, 0]
    }
    addTile("metric-overlong", .malformed, "a metric in an overlong form") {
      $0.channel = [2, 0xC0, 0x80, 0, 0]
    }
    addTile("metric-surrogate", .malformed, "a metric of a surrogate") {
      $0.channel = [3, 0xED, 0xA0, 0x80, 0, 0]
    }
    addTile("metric-beyond", .malformed, "a metric above U+10FFFF") {
      $0.channel = [4, 0xF4, 0x90, 0x80, 0x80, 0, 0]
    }
    addTile("metric-long", .limit, "a metric of 4,097 bytes") {
      $0.channel = .varint(4097) + Array(repeating: 0x61, count: 4097) + [0, 0]
    }
    addTile("metric-truncated", .truncated, "a metric longer than the payload") { pieces in
      pieces = TilePieces()
      pieces.channel = [9, 0x63, 0x65]
    }
    addTile("length-overlong", .malformed, "the length of the metric in two bytes") {
      $0.channel = [0x82, 0, 0x63, 0x65, 0, 0]
    }
    addTile("varint-65-bits", .malformed, "a varint above 64 bits") {
      $0.rowCount = Array(repeating: 0xFF, count: 9) + [2]
    }
    addTile("varint-11-bytes", .malformed, "a varint of eleven bytes") {
      $0.rowCount = Array(repeating: 0x80, count: 10) + [1]
    }
    addTile("varint-truncated", .truncated, "a varint without an end") { pieces in
      pieces = TilePieces()
      pieces.channel = .channel(Self.channel)
      pieces.valueType = [0]
      pieces.rowCount = [0x84]
    }
    addTile("payload-empty", .truncated, "an empty payload") { $0 = TilePieces() }
    addTile("mode", .malformed, "mode 4") { $0.channel = [2, 0x63, 0x65, 4, 0] }
    addTile("dsid-flag", .malformed, "data set flag 2") { $0.channel = [2, 0x63, 0x65, 0, 2] }
    addTile("dsid-empty", .malformed, "an empty data set id") {
      $0.channel = [2, 0x63, 0x65, 0, 1, 0]
    }
    addTile("value-type", .malformed, "value type 2") { $0.valueType = [2] }
    addTile("rows-none", .malformed, "no rows") { $0.rowCount = [0] }
    addTile("rows-limit", .limit, "1,048,577 rows") { $0.rowCount = .varint(1_048_577) }
    addTile("cells-limit", .limit, "1,048,576 rows of 17 columns") {
      $0.rowCount = .varint(1 << 20)
      $0.columns = .columnList(Catalogue.steps(17))
    }
    addTile("columns-none", .malformed, "no columns") { $0.columns = [0] }
    addTile("columns-limit", .limit, "65,537 columns") {
      $0.columns = .varint(65_537) + [0, 1, 1, 0]
    }
    addTile("step-kind", .malformed, "step kind 2") { $0.columns[2] = 2 }
    addTile("step-kind-257", .malformed, "step kind 1 for 257 columns") {
      $0.columns = .varint(257) + [0, 1, 1, 0]
    }
    addTile("step-beyond", .malformed, "a step above 2^63 - 1") {
      $0.columns = [2] + .signed(.max) + [0, 1, 0]
    }
    addTile("epoch-kind", .malformed, "epoch kind 4") { $0.columns = [2, 20, 1, 10, 4, 2] }
    addTile("epoch-kind-all", .malformed, "epoch kind 2 where all are known") {
      $0.columns = [2, 20, 1, 10, 2, 1, 2, 1, 2]
    }
    addTile("epoch-kind-none", .malformed, "epoch kind 2 where none is known") {
      $0.columns = [2, 20, 1, 10, 2, 0, 0]
    }
    addTile("epoch-flag", .malformed, "epoch flag 2") { $0.columns = [2, 20, 1, 10, 2, 2, 2, 0] }
    var single = Self.tile
    single.columns = Catalogue.steps(1)
    single.cells.removeLast(4)
    addTile("epoch-kind-one", .malformed, "epoch kind 3 for one column", single) {
      $0.columns = [1, 20, 3, 2]
    }
    addTile("columns-same", .malformed, "two columns of one step and epoch") {
      $0.columns = [2, 20, 1, 0, 1, 2, 0]
    }
    addTile("columns-down", .malformed, "twin columns whose epochs fall") {
      $0.columns = [2, 20, 1, 0, 1, 4, 1]
    }
    addTile("flags-6", .malformed, "tile flags 6") { $0.flags = [6] }
    addTile("flags-8", .malformed, "tile flags 8") { $0.flags = [8] }
    var strings = Self.tile
    strings.rows = Catalogue.strings(["a", "b", "c", "d"])
    addTile(
      "dense-strings", .damaged, "dense rows where the entry names a set of strings", strings,
      .string
    ) {
      $0.flags = [0]
      $0.index = [0]
    }
    addTile("presence-coding", .unsupportedEncoding, "presence coding 2") { $0.presence = [2] }
    addTile("presence-full", .malformed, "presence by column of a full tile") {
      $0.presence = [1, 0, 2, 0, 0, 0]
    }
    addTile("presence-first-changes", .malformed, "changes of the first column") {
      $0.presence = [1, 0, 2, 3, 0, 0, 0, 0, 15]
    }
    addTile("presence-before-first", .malformed, "a column like one before the first") {
      $0.presence = [1, 0, 2, 0, 5, 0]
    }
    addTile("presence-padding", .malformed, "padding bits of a bitmap are set") {
      $0.presence = [1, 0, 2, 2, 0, 0, 0, 0, 0x17]
    }
    addTile("presence-bit-coding", .unsupportedEncoding, "bit coding 3") {
      $0.presence = [1, 0, 2, 2, 0, 0, 3, 0, 7]
    }
    addTile("presence-byte-coding", .unsupportedEncoding, "byte coding 2") {
      $0.presence = [1, 0, 2, 2, 0, 0, 0, 2, 7]
    }
    addTile("presence-too-many", .malformed, "ones of more than an eighth of the bits are listed") {
      $0.presence = [1, 0, 2, 2, 0, 0, 1, 1, 0, 1, 0, 0]
    }
    var holes = Self.tile
    for cell in [1, 3, 6] { holes.cells[cell] = nil }
    addTile("points-more", .malformed, "more points than the presence has", holes) {
      $0.pointCount = [6]
    }
    addTile("points-fewer", .malformed, "fewer points than the presence has") {
      $0.pointCount = [7]
    }
    // What the directory says is another tile.
    addTile("entry-channel", .damaged, "another channel than the entry's") {
      $0.channel = .channel(Channel(metric: "xy", mode: .train))
    }
    addTile("entry-dsid", .damaged, "a data set where the entry has none") {
      $0.channel = .channel(Channel(metric: "ce", mode: .train, dsID: "d"))
    }
    addTile("entry-step", .damaged, "another step than the entry's") { $0.columns[1] = 18 }
    addTile("entry-epoch", .damaged, "another epoch than the entry's") { $0.columns[5] = 6 }
    addTile("entry-first-index", .damaged, "another first row than the entry's") { $0.index = [2] }
    for (name, what, change) in [
      (
        "entry-rows", "fewer rows than the entry has",
        {
          $0.rowCount = [5]; $0.pointCount = [8]
        }
      ),
      ("entry-length", "another payload length than the entry's", { $0.payloadLength[0] -= 1 }),
      ("entry-points", "fewer points than the entry has", { $0.pointCount = [7] }),
    ] as [(String, String, (inout EntryPieces) -> Void)] {
      var own = Self.tile
      own.entry = change
      add("tile-" + name, .damaged, what, Self.scene([.tile(own)])) { $0.items[0][0] }
    }
    var within = Self.tile
    within.entry = { entry in
      entry.offset[0] += 1
      entry.payloadLength[0] -= 1
    }
    add(
      "tile-entry-offset", .malformed, "an entry that leads into a record: no marker stands there",
      Self.scene([.tile(within)])
    ) { $0.items[0][0] + 1 }
    var empty = Self.tile
    empty.cells = empty.cells.map { _ in nil }
    addTile("values-numerals-none", .malformed, "numerals where there are no values", empty) {
      $0.values = [2, 2, 1, 1, 0, 0, 2, 0, 0, 0, 0]
    }
    var valueType = Self.tile
    valueType.type = .float64
    valueType.cells = valueType.cells.map { $0.map { Widening.widen(UInt32($0)) } }
    addTile("entry-value-type", .damaged, "float32 where the entry says float64", valueType) {
      $0.valueType = [0]
    }
  }
}
