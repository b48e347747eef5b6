import TrackerCodec
import TrackerModel

/// Commits, their lines, who wrote them, and parts of histories.
extension Catalogue {
  /// A commit of one small tile.
  private static func commit(
    _ place: Int, step: Int64? = nil, identity: RunIdentity? = nil, parent: Int? = nil
  ) -> SceneCommit {
    let at = step ?? Int64(10 * place + 10)
    return SceneCommit(
      parent: parent, step: at, epoch: at / 10, identity: identity,
      items: [.tile(tile(rows(place % 3..<place % 3 + 2), steps(1, from: at), from: Double(place)))]
    )
  }

  static var commits: [Scene] {
    var scenes: [Scene] = []
    for depth in 1...17 {
      var scene = Scene("depth-\(depth)", "\(depth) commits in a line")
      for place in 0..<depth {
        scene.commits.append(commit(place, identity: place % 2 == 0 ? worker(0) : nil))
      }
      scenes.append(scene)
    }
    func one(_ name: String, _ what: String, _ change: (inout SceneCommit) -> Void) {
      var scene = Scene(name, what)
      var own = commit(0)
      change(&own)
      scene.commits = [own]
      scenes.append(scene)
    }
    one("bare", "no step, epoch, time or identity") {
      $0.step = nil; $0.epoch = nil
    }
    one("step-only", "a step without an epoch") { $0.epoch = nil }
    one("epoch-only", "an epoch without a step") {
      $0.step = nil; $0.epoch = -3
    }
    one("lowest", "the lowest step and epoch") {
      $0.step = .min; $0.epoch = .min
    }
    one("highest", "the highest step, epoch and time") {
      $0.step = .max; $0.epoch = .max; $0.wallTime = .max
    }
    one("time", "a wall time") { $0.wallTime = 1_700_000_000_123_456 }
    one("time-zero", "the wall time 0") { $0.wallTime = 0 }
    one("presynced", "flag 1: covered records need not be verified") { $0.isPresynced = true }
    one("identity", "an identity") { $0.identity = worker(3, generation: 7) }
    one("identity-highest", "an identity of the highest numbers") {
      $0.identity = worker(.max - 1, of: .max, generation: .max, run: "\u{0}é")
    }
    one("identities-others", "identities that recorded nothing") {
      $0.identity = worker(1)
      $0.otherIdentities = [
        worker(0), worker(2), worker(0, generation: 1), worker(0, run: "q"), worker(0, of: 9),
      ]
    }
    one("identities-several", "a tile of several identities, not known which") {
      $0.identity = worker(1)
      var own = tile(rows(0..<2), steps(2))
      own.identities = [worker(0), worker(2)]
      $0.items.append(.tile(own))
    }
    one("identities-nobody", "a tile of nobody in a commit of somebody") {
      $0.identity = worker(1)
      var own = tile(rows(5..<7), steps(2))
      own.identities = []
      $0.items.append(.tile(own))
    }
    one("identities-another", "a tile of another than the commit's") {
      $0.identity = worker(1)
      for rank in [UInt32(2), 3, 2] {
        var own = tile(rows(Int(10 * rank)..<Int(10 * rank) + 2), steps(2))
        own.identities = [worker(rank)]
        $0.items.append(.tile(own))
      }
    }
    one("run-id-long", "a run id of 200 bytes") {
      $0.identity = worker(0, run: Name(String(repeating: "r", count: 200)))
    }
    var left = Scene("identities-left-out", "a commit that does not list those of its ancestors")
    left.commits = [
      commit(0, identity: worker(0)), commit(1, identity: worker(1)),
      commit(2, identity: worker(2)),
    ]
    left.commits[2].listsOwnIdentitiesOnly = true
    scenes.append(left)
    var none = Scene("commits-empty", "commits without tiles between others")
    none.commits = [commit(0), SceneCommit(step: 11), SceneCommit(), commit(3)]
    scenes.append(none)
    var times = Scene("times", "wall times that go back, and generations")
    for place in 0..<3 {
      var own = commit(place, identity: worker(0, generation: UInt32(place)))
      own.wallTime = UInt64(5 - place) * 1_000_000
      times.commits.append(own)
    }
    scenes.append(times)
    var moves = Scene(
      "generations", "who wrote what over several resumes, of worlds of other sizes")
    for (place, size) in [UInt32(2), 4, 3, 1, 8].enumerated() {
      moves.commits.append(commit(place, identity: worker(0, of: size, generation: UInt32(place))))
    }
    scenes.append(moves)
    var presynced = Scene("presynced-line", "presynced and other commits")
    for place in 0..<5 {
      var own = commit(place)
      own.isPresynced = place % 2 == 0
      presynced.commits.append(own)
    }
    scenes.append(presynced)
    return numbered(scenes, "commit")
  }

  static var rewinds: [Scene] {
    var scenes: [Scene] = []
    func add(_ name: String, _ what: String, _ parents: [(Int64, Int?)]) {
      var scene = Scene(name, what)
      for (place, (step, parent)) in parents.enumerated() {
        scene.commits.append(commit(place, step: step, parent: parent))
      }
      scenes.append(scene)
    }
    add(
      "spec", "the example of the Spec",
      [(100, nil), (200, nil), (300, nil), (400, nil), (500, nil), (300, 1), (400, nil)])
    add("first", "back to the first commit", [(100, nil), (200, nil), (300, nil), (200, 0)])
    add(
      "twice", "two rewinds", [(100, nil), (200, nil), (200, 0), (300, nil), (200, 0), (300, nil)])
    add(
      "deep", "back from depth 8 to 4, then on to 9",
      (0..<8).map { (Int64($0 * 100), Int?.none) } + [
        (450, 3), (500, nil), (600, nil), (700, nil), (800, nil),
      ])
    add(
      "to-three", "back to depth 3, whose ancestors are two",
      (0..<7).map { (Int64($0), Int?.none) } + [(33, 2)])
    add("to-last", "a parent that is the commit before", [(1, nil), (2, 0), (3, 1)])
    var scene = Scene("states", "parameters, kept sets and unsealed points go on from the parent")
    for place in 0..<4 {
      var own = commit(place)
      own.parent = place == 3 ? 1 : nil
      var parameters = SceneParameters()
      parameters.maxToKeep = UInt64(place)
      if place < 3 {
        own.items += [
          .parameters(parameters),
          .keptSets([
            KeptSets(channel: channel, max: rows([place]), min: [], list: [], missing: rows([9]))
          ]),
          .unsealed(
            SceneUnsealed(
              channel: channel, epoch: 9, type: .float32, indices: rows([place, place + 5]),
              values: [bits(Double(place), .float32), bits(0.5, .float32)])),
        ]
      }
      scene.commits.append(own)
    }
    scenes.append(scene)
    scene = Scene("states-none", "a rewind to before there were parameters and unsealed points")
    scene.commits = Array(scenes[scenes.count - 1].commits)
    scene.commits.insert(commit(7, step: 5), at: 0)
    for place in 1...4 { scene.commits[place].parent = scene.commits[place].parent.map { $0 + 1 } }
    scene.commits.append(commit(8, step: 6, parent: 0))
    scenes.append(scene)
    return numbered(scenes, "rewind")
  }

  static var partitions: [Scene] {
    var scenes: [Scene] = []
    func add(
      _ name: String, _ what: String, _ number: UInt64, of count: UInt64, _ lower: InstanceIndex?,
      _ upper: InstanceIndex?, setID: UInt64 = 0x0123_4567_89AB_CDEF, _ type: IndexType = .int64,
      items: [SceneItem]? = nil
    ) {
      var scene = Scene(name, what, type)
      do {
        let partition = try Partition(
          number: number, count: count, setID: setID, range: IndexRange(lower: lower, upper: upper))
        var own = commit(0)
        own.items = items ?? own.items
        own.partition = partition
        scene.commits = [own]
      } catch {
        preconditionFailure("\(error)")
      }
      scenes.append(scene)
    }
    add("whole", "one part of one", 1, of: 1, nil, nil)
    add("first", "the first of three", 1, of: 3, nil, .integer(100))
    add("middle", "the second of three", 2, of: 3, .integer(-5), .integer(100))
    add("last", "the last of three", 3, of: 3, .integer(-100), nil, setID: 0)
    add("empty", "a range of nothing", 2, of: 3, .integer(7), .integer(7), setID: .max, items: [])
    add("widest", "the lowest and the highest index", 2, of: 3, .integer(.min), .integer(.max))
    add("many", "a part of very many", 1 << 63, of: .max, .integer(0), .integer(9))
    let names = [SceneItem.tile(tile(strings(["b", "c"]), steps(1)))]
    add("strings-first", "the first of two, of strings", 1, of: 2, nil, "d", .string, items: names)
    add(
      "strings-middle", "the second of three, of strings", 2, of: 3, "a", "c\u{0}é", .string,
      items: names)
    add("strings-empty-index", "from the empty string on", 2, of: 2, "", nil, .string, items: names)
    var scene = Scene("line", "commits that go on from a part carry it")
    for place in 0..<3 {
      var own = commit(place)
      own.partition = scenes[2].commits[0].partition
      scene.commits.append(own)
    }
    scenes.append(scene)
    return numbered(scenes, "partition")
  }

  static var sources: [Scene] {
    var scenes: [Scene] = []
    func add(
      _ name: String, _ what: String, _ identities: [RunIdentity], rows count: Int, columns: Int,
      _ plan: ValuePlanText = ValuePlanText(), hasHoles: Bool = false, says: Bool? = nil,
      type: IndexType = .int64, _ source: (_ row: Int, _ column: Int) -> Int?
    ) {
      var own = tile(
        type == .int64 ? rows(0..<count) : strings((0..<count).map { "i\($0)" }), steps(columns))
      var sources: [Int?] = []
      for cell in own.cells.indices {
        if hasHoles, cell % 4 == 2 {
          own.cells[cell] = nil
        } else {
          sources.append(source(cell % count, cell / count))
        }
      }
      own.identities = identities
      own.sources = sources
      own.sourceValues = plan
      own.saysAllHaveSources = says
      scenes.append(scene(name, what, [.tile(own)], indexType: type, identity: worker(3)))
    }
    let workers = (0..<3).map { worker($0) }
    add("rows", "a source for each row", workers, rows: 6, columns: 3) { row, _ in row % 3 }
    add("columns", "a source for each column", workers, rows: 4, columns: 3) { _, column in column }
    add("some", "sources of some points", workers, rows: 4, columns: 3) { row, column in
      (row + column) % 4 == 3 ? nil : (row + column) % 4
    }
    add(
      "none-known", "sources of some points, of which there are none", workers, rows: 2, columns: 2
    ) { _, _ in nil }
    add("says-some", "flags say some, but all have", workers, rows: 3, columns: 2, says: false) {
      row, _ in row
    }
    add("one", "one identity, and sources", [worker(2)], rows: 3, columns: 2) { _, _ in 0 }
    add("one-some", "one identity, and sources of some", [worker(2)], rows: 3, columns: 2) {
      row, _ in row == 1 ? nil : 0
    }
    add("holes", "sources where cells are absent", workers, rows: 5, columns: 4, hasHoles: true) {
      row, column in
      (row * column) % 3
    }
    add("strings", "sources of strings", workers, rows: 4, columns: 2, type: .string) { row, _ in
      row % 3
    }
    let grouped = {
      var plan = ValuePlanText(.dictionary())
      plan.groups = ValuePlanText.Groups(inertia: 2, bucketBits: 3, start: 0)
      plan.symbols = .deflated
      return plan
    }()
    add("grouped", "sources by a dictionary, grouped", workers, rows: 6, columns: 4, grouped) {
      row, column in
      column == 2 ? 0 : row % 3
    }
    var numerals = ValuePlanText(.dictionary())
    numerals.symbols = .numerals
    add("numerals", "sources as numerals", Array(workers.prefix(2)), rows: 5, columns: 4, numerals)
    {
      row, column in
      (row + column) % 2
    }
    var linear = ValuePlanText(.linear(exponent: 0))
    linear.difference = 1
    add("linear", "sources as multiples of 1", workers, rows: 4, columns: 4, linear) {
      row, column in
      column < 2 ? row % 3 : (row + 1) % 3
    }
    var half = ValuePlanText(.float16)
    half.difference = 3
    add("float16", "sources as float16", workers, rows: 4, columns: 2, half) { row, _ in row % 3 }
    add("many", "forty identities", (0..<40).map { worker($0, of: 40) }, rows: 40, columns: 1) {
      row, _ in 39 - row
    }
    var several = Scene("winners", "the source is that of the tile that wins")
    for place in 0..<3 {
      var own = tile(rows(place..<place + 3), steps(2), from: Double(place))
      if place == 1 {
        own.identities = [worker(1), worker(2)]
        own.sources = [0, 1, nil, 0, 1, 0]
      }
      several.commits.append(
        SceneCommit(identity: place == 0 ? nil : worker(3), items: [.tile(own)]))
    }
    scenes.append(several)
    return numbered(scenes, "sources")
  }

  static var winners: [Scene] {
    var scenes: [Scene] = []
    func add(_ name: String, _ what: String, _ commits: [[SceneTile]]) {
      var scene = Scene(name, what)
      scene.commits = commits.enumerated().map { place, tiles in
        SceneCommit(step: Int64(place), items: tiles.map { .tile($0) })
      }
      scenes.append(scene)
    }
    let first = tile(rows(0..<4), steps(3), from: 1)
    var later = tile(rows(2..<6), steps(3), from: 50)
    add("one-commit", "two tiles of a commit hold the same keys", [[first, later]])
    add("commits", "tiles of two commits hold the same keys", [[first], [later]])
    later.cells[0] = nil
    later.cells[5] = nil
    add("holes", "cells without a point replace nothing", [[first], [later]])
    later.columns = later.columns.map { TileColumn(step: $0.step, epoch: 77) }
    add("epochs", "another epoch at the same step: the winner's counts", [[first], [later]])
    later.columns = later.columns.map { TileColumn(step: $0.step, epoch: nil) }
    add("epochs-unknown", "the winner's epoch is not known", [[first], [later]])
    add("epochs-known", "the loser's epoch is not known", [[later], [first]])
    add(
      "types", "float64 replaces float32",
      [[first], [tile(rows(1..<3), steps(2), .float64, from: 9)]])
    add(
      "types-back", "float32 replaces float64",
      [[tile(rows(1..<3), steps(2), .float64, from: 0.1)], [first]])
    var nan = tile(rows(0..<2), steps(1))
    nan.cells = [0x7FC0_0000, 0x8000_0000]
    add("nan", "a NaN replaces a number", [[first], [nan]])
    add(
      "steps", "tiles of other steps between",
      [
        [first], [tile(rows(0..<4), steps(2, from: 15))],
        [tile(rows(3..<4), steps(4, from: 5), from: 70)],
      ])
    add(
      "thrice", "three tiles for one key",
      [[first], [later], [tile(rows(3..<4), steps(1), from: 90)]])
    var listed = tile(rows([1, 3, 8]), steps(3), from: 60)
    listed.index = .list(IntegerSetPlan(.gaps))
    add("sets", "dense rows and an index set", [[first], [listed]])
    return numbered(scenes, "winner")
  }
}
