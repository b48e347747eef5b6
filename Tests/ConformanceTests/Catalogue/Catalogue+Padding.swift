import TrackerCodec
import TrackerModel

/// What readers ignore, what stands behind the last commit, and files of the library's own writer.
extension Catalogue {
  /// Every kind of record, over three commits.
  private static func rich(_ type: IndexType) -> [SceneCommit] {
    func indices(_ range: Range<Int>) -> [InstanceIndex] {
      type == .int64 ? rows(range.map { 3 * $0 + $0 / 2 }) : strings(range.map { "i\($0)" })
    }
    var first = tile(indices(0..<4), steps(2))
    first.index = .named("base")
    first.identities = [worker(0), worker(1)]
    first.sources = [0, 1, nil, 1, 0, 1, 1, 0]
    first.values = ValuePlanText(.logarithm(isRising: true, precision: 0))
    var second = tile([indices(0..<4)[1], indices(0..<4)[2]], steps(2, from: 40), .float64)
    second.index = .named("subset")
    second.values = ValuePlanText(.dictionary())
    var third = tile(indices(6..<7), steps(1, from: 60))
    third.cells = [nil]
    var parameters = SceneParameters()
    parameters.dsIDs = .except(["a"])
    parameters.listToKeep = indices(1..<3)
    let points = SceneUnsealed(
      channel: channel, epoch: 9, type: .float32, indices: indices(0..<2),
      values: [0x3F00_0000, 0x3F00_0000])
    return [
      SceneCommit(
        step: 20, epoch: 2, wallTime: 5, identity: worker(0),
        items: [
          .parameters(parameters), .indexSet(SceneIndexSet(name: "base", indices: indices(0..<4))),
          .tile(first), .unsealed(points),
        ]),
      SceneCommit(
        step: 40, epoch: 4, identity: worker(1),
        items: [
          .indexSet(
            SceneIndexSet(
              name: "subset", indices: [indices(0..<4)[1], indices(0..<4)[2]], base: "base")),
          .tile(second),
          .keptSets([
            KeptSets(channel: channel, max: indices(0..<1), min: [], list: [], missing: [])
          ]),
        ]),
      SceneCommit(step: 60, items: [.tile(third), .unsealed(points)]),
    ]
  }

  static var padded: [Scene] {
    var scenes: [Scene] = []
    for type in [IndexType.int64, .string] {
      func add(_ name: String, _ what: String, _ change: (inout Scene) -> Void) {
        var scene = Scene("\(type == .int64 ? "int64" : "string")-\(name)", what, type)
        scene.commits = rich(type)
        change(&scene)
        scenes.append(scene)
      }
      add("nothing", "every kind of record, nothing to ignore") { _ in }
      add("payloads-zero", "a zero behind every payload") { $0.padding.payloads = [0] }
      add("payloads", "bytes behind every payload") {
        $0.padding.payloads = [0xFF, 0x80, 0x80, 1, 0]
      }
      add("payload-mark", "an end mark behind every payload") {
        $0.padding.payloads = [
          24, 0, 0, 0, 0, 0, 0, 0, 0x8B, 0x54, 0x72, 0x45, 0x6E, 0x64, 0x0D, 0x0A,
        ]
      }
      add("commits", "bytes of later versions in commits") { $0.padding.commits = [1, 2, 3, 0xFF] }
      add("commit-mark", "an end mark in commits") {
        $0.padding.commits = [
          24, 0, 0, 0, 0, 0, 0, 0, 0x8B, 0x54, 0x72, 0x45, 0x6E, 0x64, 0x0D, 0x0A,
        ]
      }
      add("commit-flags", "unknown bits of commit flags") {
        $0.padding.commitFlags = 1 << 10 | 1 << 40
      }
      add("commit-flag-highest", "the highest bit of commit flags") {
        $0.padding.commitFlags = 1 << 63
      }
      add("segment-flags", "unknown bits of segment flags") {
        $0.padding.segmentFlags = 1 | 16 | 32 | 64 | 128 | 512 | 1 << 20
      }
      add("record-flags", "record flags are set") { $0.padding.recordFlags = [0xFF, 1, 0x80] }
      add("reserved", "reserved bytes of the header are set") {
        $0.headerReserved = [1, 2, 3, 4, 5, 6, 0xFF]
      }
      add("minor", "minor version 1") { $0.minor = 1 }
      add("minor-highest", "minor version 65,535") { $0.minor = .max }
      add("kinds", "records of unknown kinds between the others") { scene in
        for place in scene.commits.indices {
          let items = scene.commits[place].items
          scene.commits[place].items = [.record(kind: 0, payload: [])]
          for (number, item) in items.enumerated() {
            scene.commits[place].items.append(item)
            scene.commits[place].items.append(
              .record(
                kind: [7, 8, 255, 128][number % 4],
                payload: Array(repeating: 0x8A, count: 7 * number)))
          }
        }
      }
      add("kind-marks", "a record of an unknown kind that looks like a commit") { scene in
        let fake = SceneEncoder.record(6, [1, 2, 3], at: 24)
        scene.commits[0].items.insert(
          .record(
            kind: 9,
            payload: fake + [
              24, 0, 0, 0, 0, 0, 0, 0, 0x8B, 0x54, 0x72, 0x45, 0x6E, 0x64, 0x0D, 0x0A,
            ]),
          at: 1)
      }
      add("unlisted", "records of known kinds that nothing refers to, and that hold nonsense") {
        scene in
        for kind in UInt8(1)...5 {
          scene.commits[1].items.append(.record(kind: kind, payload: [0xEE, kind, 0xFF]))
        }
      }
      add("everything", "all of it") { scene in
        scene.minor = 9
        scene.headerReserved = Array(repeating: 0xAA, count: 7)
        scene.padding = Padding(
          payloads: [9, 0, 0xFF], commits: [0x8B, 0x54], commitFlags: 1 << 30,
          segmentFlags: 1 << 11 | 1, recordFlags: [1, 2, 3])
        for place in scene.commits.indices {
          scene.commits[place].items.insert(.record(kind: 77, payload: [1, 2, 3]), at: 0)
        }
      }
    }
    var scene = Scene("unlisted-tile", "a tile that no directory lists")
    scene.commits = [
      SceneCommit(items: [.tile(tile(rows(0..<2), steps(1)))]),
      SceneCommit(items: [
        .record(kind: 2, payload: Array(validTilePayload)), .tile(tile(rows(1..<3), steps(1))),
      ]),
    ]
    scenes.append(scene)
    scene = Scene("outside-line", "tiles of commits that were left behind do not count")
    scene.commits = (0..<4).map { place in
      SceneCommit(
        parent: place == 3 ? 0 : nil,
        items: [.tile(tile(rows(0..<2), steps(1), from: Double(place)))])
    }
    scenes.append(scene)
    return numbered(scenes, "padding")
  }

  /// A tile of two rows and a step, as a payload.
  private static let validTilePayload: [UInt8] = {
    var pieces = TilePieces()
    pieces.channel = .channel(channel)
    pieces.valueType = [0]
    pieces.rowCount = [2]
    pieces.columns = .columnList(steps(1))
    pieces.flags = [0]
    pieces.index = [0]
    pieces.presence = [0]
    pieces.pointCount = [2]
    pieces.values = [2, 1, 7]
    return pieces.payload
  }()

  // MARK: Tails

  static var tails: [Scene] {
    var scenes: [Scene] = []
    let mark: [UInt8] = [0x8B, 0x54, 0x72, 0x45, 0x6E, 0x64, 0x0D, 0x0A]
    func commits(_ count: Int) -> [SceneCommit] {
      (0..<count).map { place in
        SceneCommit(
          step: Int64(place), epoch: 1,
          items: [.tile(tile(rows(0..<2), steps(1, from: Int64(10 * place))))])
      }
    }
    func add(
      _ name: String, _ what: String, counted: Int? = nil, of count: Int = 2,
      _ change: (inout Scene) -> Void
    ) {
      var scene = Scene(name, what)
      scene.commits = commits(count)
      scene.countedCommits = counted
      change(&scene)
      scenes.append(scene)
    }
    for count in [1, 7, 15, 16, 17, 100] {
      add("bytes-\(count)", "\(count) bytes behind the last commit") {
        $0.tail = Array(repeating: 0x55, count: count)
      }
    }
    add("zeros", "zeros behind the last commit") { $0.tail = Array(repeating: 0, count: 64) }
    add("magic", "the magic of the file behind the last commit") {
      $0.tail = [0x89, 0x54, 0x52, 0x4B, 0x0D, 0x0A, 0x1A, 0x0A]
    }
    add("mark", "an end mark of no commit") { $0.tail = [24, 0, 0, 0, 0, 0, 0, 0] + mark }
    add("mark-beyond", "an end mark that names an offset beyond itself") {
      $0.tail = [0xFF, 0xFF, 0, 0, 0, 0, 0, 0] + mark
    }
    add("mark-highest", "an end mark that names the highest offset") {
      $0.tail = [UInt8](repeating: 0xFF, count: 8) + mark
    }
    add("mark-commit", "an end mark that names the last commit, but does not end it") { scene in
      scene.damage = { bytes, layout in
        bytes.appendFixed(layout.commits[1].offset)
        bytes += mark
      }
    }
    add("records", "whole records without a commit") { scene in
      scene.damage = { bytes, _ in
        bytes += SceneEncoder.record(2, [1, 2, 3], at: UInt64(bytes.count))
        bytes += SceneEncoder.record(77, [], at: UInt64(bytes.count))
      }
    }
    add("moved", "a copy of a commit at another place") { scene in
      scene.damage = { bytes, layout in
        bytes += bytes[Int(layout.commits[1].offset)..<Int(layout.commits[1].end)]
      }
    }
    for cut in [1, 8, 16, 40, 90] {
      add("cut-\(cut)", "the last commit lacks \(cut) bytes", counted: 2, of: 3) { scene in
        scene.damage = { bytes, _ in bytes.removeLast(cut) }
      }
    }
    add("cut-first", "the only commit lacks a byte: there is none", counted: 0, of: 1) { scene in
      scene.damage = { bytes, _ in bytes.removeLast() }
    }
    func flip(_ name: String, _ what: String, _ place: @escaping (SceneLayout) -> Int) {
      add(name, what, counted: 2, of: 3) { scene in
        scene.damage = { bytes, layout in bytes[place(layout)] ^= 0x10 }
      }
    }
    flip("flip-payload", "a bit of the last commit's payload") { Int($0.commits[2].offset) + 30 }
    flip("flip-header", "a bit of the last commit's header") { Int($0.commits[2].offset) + 8 }
    flip("flip-marker", "a bit of the last commit's marker") { Int($0.commits[2].offset) }
    flip("flip-checksum", "a bit of the last commit's checksum") { Int($0.commits[2].offset) + 17 }
    flip("flip-trailer", "a bit of the last commit's trailer") { Int($0.commits[2].end) - 12 }
    flip("flip-mark", "a bit of the last commit's end mark") { Int($0.commits[2].end) - 2 }
    flip("flip-covered", "a bit of a tile that the last commit covers") {
      Int($0.items[2][0]) + 40
    }
    flip("flip-covered-header", "a bit of the header of a tile that the last commit covers") {
      Int($0.items[2][0]) + 10
    }
    add("unneeded", "a damaged commit that opening does not need", counted: nil, of: 2) { scene in
      scene.damage = { bytes, layout in bytes[Int(layout.commits[0].offset) + 30] ^= 1 }
    }
    add(
      "presynced", "a damaged record that nothing refers to, covered by a presynced commit", of: 2
    ) {
      scene in
      scene.commits[1].isPresynced = true
      scene.commits[1].items.append(.record(kind: 9, payload: [1, 2, 3]))
      scene.damage = { bytes, layout in bytes[Int(layout.items[1][1]) + 25] ^= 1 }
    }
    add("not-presynced", "the same, not presynced", counted: 1, of: 2) { scene in
      scene.commits[1].items.append(.record(kind: 9, payload: [1, 2, 3]))
      scene.damage = { bytes, layout in bytes[Int(layout.items[1][1]) + 25] ^= 1 }
    }
    add("between", "bytes between records that the last commit covers", counted: 1, of: 2) {
      scene in
      // The commit is moved by them, and written anew at its place.
      scene.damage = { bytes, layout in
        let start = Int(layout.commits[1].offset)
        var payload = Array(bytes[(start + 24)..<Int(layout.commits[1].end) - 16])
        bytes.removeLast(bytes.count - start)
        bytes += [1, 2, 3]
        payload.appendFixed(UInt64(bytes.count))
        bytes += SceneEncoder.record(6, payload + mark, at: UInt64(bytes.count))
      }
    }
    // A last commit that breaks a rule does not count.
    func broken(_ name: String, _ what: String, _ surgery: @escaping (inout [UInt8]) -> Void) {
      add("broken-\(name)", "the last commit does not count: \(what)", counted: 2, of: 3) { scene in
        scene.commits[2].surgery = surgery
      }
    }
    // flags, sequence and depth take a byte each, coversFrom two.
    broken("sequence", "its sequence is 0") { $0[1] = 0 }
    broken("depth", "its depth is above its sequence") { $0[2] = 4 }
    broken("depth-zero", "its depth is 0") { $0[2] = 0 }
    broken("parent", "it has no parent at depth 3") { $0[0] &= ~16 }
    broken("ancestor", "it has no ancestor at depth 3") { $0[0] &= ~32 }
    broken("covers-header", "it covers the file header") { bytes in
      bytes.replaceSubrange(3..<5, with: [23])
    }
    broken("covers-itself", "it covers records from behind itself") { bytes in
      bytes.replaceSubrange(3..<5, with: [0xFF, 0x7F])
    }
    broken("covers-within", "it covers records from within one") { $0[3] ^= 1 }
    broken("varint", "a varint is longer than needed") {
      $0.replaceSubrange(1..<2, with: [0x83, 0])
    }
    broken("short", "its payload ends early") { $0.removeLast() }
    broken("empty", "its payload is a trailer alone") { $0.removeAll() }
    add("broken-flags", "a commit of depth 1 with a parent does not count", counted: 0, of: 1) {
      scene in
      scene.commits[0].surgery = { $0[0] |= 16 }
    }
    add("broken-segment", "a segment of sequence 0", counted: 1, of: 2) { scene in
      scene.commits[1].surgery = { bytes in
        // Behind the parent's reference: the segment's offset, of one byte, and sequence 1.
        let parent = bytes[5]
        let found = (10..<bytes.count - 1).first { bytes[$0] == parent && bytes[$0 + 1] == 1 }
        if let found { bytes[found + 1] = 0 }
      }
    }
    add("broken-identities", "identities that do not ascend", counted: 1, of: 2) { scene in
      scene.commits[0].identity = nil
      scene.commits[1].otherIdentities = [worker(0), worker(1)]
      scene.commits[1].surgery = { bytes in
        let name: [UInt8] = [1, 0x72, 0, 0, 4]
        for place in bytes.indices.dropLast(5) where Array(bytes[place..<place + 5]) == name {
          bytes[place + 3] = 2
          break
        }
      }
    }
    add("broken-rank", "a rank that is not below its world size", counted: 1, of: 2) { scene in
      scene.commits[1].otherIdentities = [worker(3)]
      scene.commits[1].surgery = { bytes in
        let name: [UInt8] = [1, 0x72, 0, 3, 4]
        for place in bytes.indices.dropLast(5) where Array(bytes[place..<place + 5]) == name {
          bytes[place + 3] = 4
          break
        }
      }
    }
    func entry(_ name: String, _ what: String, _ change: @escaping (inout EntryPieces) -> Void) {
      add("broken-entry-\(name)", "the last commit does not count: \(what)", counted: 1, of: 2) {
        scene in
        guard case .tile(var tile) = scene.commits[1].items[0] else { return }
        tile.entry = change
        scene.commits[1].items[0] = .tile(tile)
      }
    }
    entry("offset", "a tile behind it") { $0.offset = [0xFF, 0xFF, 3] }
    entry("length", "a tile longer than the file") { $0.payloadLength = [0xFF, 0xFF, 3] }
    entry("end", "a tile that ends a byte behind it") { $0.payloadLength[0] += 1 }
    entry("rows", "a tile without rows") { $0.rowCount = [0] }
    entry("columns", "a tile without columns") { $0.columns = [0] }
    entry("flags", "unknown tile flags") { $0.flags = [6] }
    entry("sources", "a tile with sources of nobody") { $0.flags = [2] }
    entry("dense", "dense rows beyond Int64") { $0.index = .signed(.max) }
    entry("points", "more points than cells") { $0.pointCount = [3] }
    entry("nans", "more NaNs than points") { $0.nanCount = [3] }
    add("broken-set-behind", "an index set behind its commit", counted: 1, of: 2) { scene in
      var own = tile(rows([1, 5]), steps(1))
      own.index = .list(IntegerSetPlan())
      own.entry = { $0.index = [0xFF, 0xFF, 3, 2, 10] }
      scene.commits[1].items = [.tile(own)]
    }
    add("broken-indices", "a last index that does not sort after the first", counted: 1, of: 2) {
      scene in
      var own = tile(rows([1, 5]), steps(1))
      own.index = .list(IntegerSetPlan())
      own.entry = { entry in
        entry.index.removeLast(2)
        entry.index += [10, 10]
      }
      scene.commits[1].items = [.tile(own)]
    }
    for (name, what, bytes) in [
      ("partition-zero", "partition 0", [2, 0]), ("partition-beyond", "partition 3 of 2", [2, 3]),
    ] as [(String, String, [UInt8])] {
      add("broken-\(name)", "the last commit does not count: \(what)", counted: 1, of: 2) { scene in
        scene.commits[1].surgery = { payload in
          // Flag 512 makes the flags a varint of two bytes.
          payload.replaceSubrange(0..<1, with: [payload[0] | 0x80, 4])
          payload += bytes + [UInt8](repeating: 0, count: 8) + [2, 4]
        }
      }
    }
    add("covers-all", "a commit that covers what was covered before") { scene in
      scene.commits[1].surgery = { bytes in bytes.replaceSubrange(3..<5, with: [24]) }
    }
    add("covers-nothing", "a commit that covers nothing") { scene in
      scene.commits[1].items = []
    }
    return numbered(scenes, "tail")
  }

  // MARK: The library's writer

  static var written: [Scene] {
    var scenes: [Scene] = []
    let groups: [([Scene], Int)] = [
      (values, 9), (narrowed, 7), (symbols, 5), (edges, 8), (shapes, 2), (presences, 3),
      (integerSets, 4), (stringSets, 3), (commits, 5), (rewinds, 2), (partitions, 3), (sources, 3),
      (winners, 3), (unsealed, 3), (keptSets, 3), (columnLists, 4),
    ]
    for (group, stride) in groups {
      for place in Swift.stride(from: 0, to: group.count, by: stride)
      where group[place].isWritable {
        var scene = group[place]
        scene.isWritten = true
        scene.what += ", by the library's writer"
        scene.name = scene.name.split(separator: "-").dropLast().joined(separator: "-")
        scenes.append(scene)
      }
    }
    // Columns long enough for the writer to look for a mapping.
    let cases: [MappingCase] = [
      .ordered, .bfloat16, .dictionary, .binary, .rising, .falling, .rising16, .fallingBrain,
      .linear,
      .decimal, .squared, .float16,
    ]
    for (number, mapping) in cases.enumerated() {
      var random = Random(7000 + number)
      let cells = (0..<70).map { mapping.value(.float32, row: $0 % 10, &random) as UInt64? }
      var scene = scene(
        "long-\(mapping.rawValue)", "70 values, by the library's writer",
        [.tile(SceneTile(channel, .float32, rows: rows(0..<10), columns: steps(7), cells: cells))],
        identity: worker(0))
      scene.isWritten = true
      scenes.append(scene)
    }
    return numbered(scenes, "written")
  }
}

extension Scene {
  /// Whether the library's writer can make the same.
  fileprivate var isWritable: Bool {
    commits.allSatisfy { commit in
      commit.surgery == nil && !commit.listsOwnIdentitiesOnly
        && commit.items.allSatisfy { item in
          switch item {
          case .tile(let tile): !tile.holdsTwins && tile.saysAllHaveSources == nil
          case .unsealed, .keptSets: true
          case .parameters, .rawKeptSets, .record, .indexSet: false
          }
        }
    }
  }
}

extension SceneTile {
  /// Whether a row has points in two columns of a step.
  var holdsTwins: Bool {
    columns.indices.dropFirst().contains { place in
      columns[place].step == columns[place - 1].step
        && rows.indices.contains {
          cells[place * rows.count + $0] != nil && cells[(place - 1) * rows.count + $0] != nil
        }
    }
  }
}
