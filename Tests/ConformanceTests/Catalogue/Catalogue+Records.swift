import TrackerCodec
import TrackerModel

/// Unsealed points, parameters and kept sets.
extension Catalogue {
  static var unsealed: [Scene] {
    var scenes: [Scene] = []
    func points(
      _ indices: [InstanceIndex], epoch: Int64 = 3, _ type: ValueType = .float32,
      _ channel: Channel = channel, from first: Double = 0.5, plan: ValuePlanText = ValuePlanText()
    ) -> SceneUnsealed {
      var points = SceneUnsealed(
        channel: channel, epoch: epoch, type: type, indices: indices,
        values: indices.indices.map { bits(first + Double($0) / 8, type) })
      points.plan = plan
      return points
    }
    func add(_ name: String, _ what: String, _ commits: [[SceneItem]], _ type: IndexType = .int64) {
      var scene = Scene(name, what, type)
      scene.commits = commits.map { SceneCommit(identity: worker(1), items: $0) }
      scenes.append(scene)
    }
    let some = rows([1, 4, 9])
    add("one", "one record", [[.unsealed(points(some))]])
    add("float64", "values of float64", [[.unsealed(points(some, .float64))]])
    add("point", "one point", [[.unsealed(points(rows([-7])))]])
    add(
      "constant", "a dictionary of one value",
      [
        [
          .unsealed(
            {
              var own = points(some)
              own.values = [0x8000_0000, 0x8000_0000, 0x8000_0000]
              own.plan = ValuePlanText(.dictionary())
              return own
            }())
        ]
      ])
    add("epoch-lowest", "the lowest epoch", [[.unsealed(points(some, epoch: .min))]])
    add("epoch-highest", "the highest epoch", [[.unsealed(points(some, epoch: .max))]])
    add(
      "chain", "a chain of three records in a commit",
      [
        (0..<3).map { .unsealed(points(rows([10 * $0, 10 * $0 + 3]))) }
      ])
    add(
      "chain-commits", "a chain over three commits",
      (0..<3).map {
        [.unsealed(points(rows([10 * $0, 10 * $0 + 3])))]
      })
    add(
      "chain-again", "indices recorded again: the newest record counts",
      (0..<3).map {
        [.unsealed(points(rows([0, $0 + 1, 9]), from: Double($0) * 10))]
      })
    add(
      "groups", "several channels and epochs",
      [
        [
          .unsealed(points(some, epoch: 5)), .unsealed(points(some, epoch: -4, from: 7)),
          .unsealed(points(some, epoch: 5, .float64, Channel(metric: "m", mode: .eval, dsID: "d"))),
          .unsealed(points(rows([2]), epoch: 5, from: 70)),
        ]
      ])
    add(
      "with-tiles", "beside tiles of the channel",
      [
        [
          .tile(tile(rows(0..<3), steps(2))), .unsealed(points(some)),
        ]
      ])
    add("strings", "of strings", [[.unsealed(points(strings(["b", "a", ""])))]], .string)
    add(
      "strings-chain", "of strings, recorded again",
      [
        [.unsealed(points(strings(["b", "a", "é"])))],
        [.unsealed(points(strings(["a", "c"]), from: 9))],
      ], .string)
    for (name, mapping) in [
      ("rising", ValuePlanText.Mapping.logarithm(isRising: true, precision: 0)),
      ("linear", .linear(exponent: 3)),
      ("by-rows", .squared(exponent: 9, coarseness: [3, 0, 15])), ("float16", .float16),
    ] {
      var plan = ValuePlanText(mapping)
      plan.groups = ValuePlanText.Groups()
      plan.symbols = .deflated
      add("mapping-\(name)", "values by mapping \(name)", [[.unsealed(points(some, plan: plan))]])
    }
    var narrowed = ValuePlanText(.ordered(shift: 10))
    narrowed.isNarrowed = true
    add(
      "narrowed", "float64 that are float32", [[.unsealed(points(some, .float64, plan: narrowed))]])
    add(
      "sets", "indices as runs",
      [
        [
          .unsealed(
            {
              var own = points(rows([1, 2, 3, 7, 8, 20]))
              own.index = IntegerSetPlan(.runs)
              return own
            }())
        ]
      ])
    for (name, isAll) in [("sealed", true), ("sealed-one", false)] {
      var scene = Scene(
        name, isAll ? "an epoch that ended: no unsealed points" : "one epoch ended, another has not"
      )
      scene.commits = [
        SceneCommit(items: [.unsealed(points(some, epoch: 1)), .unsealed(points(some, epoch: 2))]),
        SceneCommit(
          step: 10, epoch: 1, items: [.tile(tile(some, steps(1)))],
          ended: [.init(channel: channel, epoch: 1)]),
      ]
      if isAll { scene.commits[1].ended.append(.init(channel: channel, epoch: 2)) }
      scenes.append(scene)
    }
    var again = Scene("ended-again", "an epoch that ended and was recorded again")
    again.commits = [
      SceneCommit(items: [.unsealed(points(some, epoch: 1))]),
      SceneCommit(
        items: [.unsealed(points(rows([2]), epoch: 1))], ended: [.init(channel: channel, epoch: 1)]),
    ]
    scenes.append(again)
    return numbered(scenes, "unsealed")
  }

  static var parameters: [Scene] {
    var scenes: [Scene] = []
    func add(
      _ name: String, _ what: String, _ type: IndexType = .int64,
      _ change: (inout SceneParameters) -> Void
    ) {
      var own = SceneParameters()
      change(&own)
      scenes.append(scene(name, what, [.parameters(own)], indexType: type))
    }
    add("default", "the defaults") { _ in }
    add("modes-all", "all modes") { $0.modes = .all }
    for bits in 1..<16 {
      let modes = Mode.allCases.filter { bits >> Int($0.rawValue) & 1 == 1 }
      add("modes-only-\(bits)", "only \(modes)") { $0.modes = .only(modes) }
      if bits % 3 == 0 {
        add("modes-except-\(bits)", "all modes but \(modes)") { $0.modes = .except(modes) }
      }
    }
    add("ds-only", "only one data set") { $0.dsIDs = .only(["a"]) }
    add("ds-only-several", "only some data sets") { $0.dsIDs = .only(["b", "a", "é", "\u{0}"]) }
    add("ds-except", "all data sets but one") { $0.dsIDs = .except(["a"]) }
    add("ds-except-several", "all data sets but some") { $0.dsIDs = .except(["a", "aa", "b"]) }
    add("metrics", "several metrics, in the order given") {
      $0.metricKeys = ["z", "a", "ce", "\"\n"]
    }
    add("index-key", "another index key") { $0.indexKey = "sample id\u{0}" }
    add("keep-none", "nothing is kept") {
      $0.maxToKeep = 0; $0.minToKeep = 0
    }
    add("highest", "the highest numbers") {
      $0.maxToKeep = UInt64(Int64.max); $0.minToKeep = UInt64(Int64.max)
      $0.epochFrequency = UInt64(Int64.max)
    }
    for bits in [UInt8(1), 7, 10, 23, 52] {
      add("mantissa-\(bits)", "\(bits) mantissa bits are kept") { $0.keepMantissaBits = bits }
    }
    add("output", "an output name") { $0.outputName = "kept/ce" }
    add("output-flag", "an output flag above 1") {
      $0.outputName = "o"; $0.outputFlag = 200
    }
    add("list", "listed instances") { $0.listToKeep = rows([1, 5, 6, 100]) }
    add("list-empty", "a list of nothing") { $0.listToKeep = [] }
    add("list-flag", "a list flag above 1") {
      $0.listToKeep = rows([1]); $0.listFlag = 255
    }
    add("list-ignored", "a list where the flag says that there is none") {
      $0.ignoredList = rows([1, 2])
    }
    add("list-parts", "a list in three parts") {
      $0.listToKeep = rows([1, 2, 3, 10, 20, 25]); $0.parts = [2, 1, 3]
    }
    add("list-strings", "listed strings", .string) { $0.listToKeep = strings(["b", "", "é"]) }
    add("list-strings-parts", "listed strings in parts", .string) {
      $0.listToKeep = strings(["b", "", "é", "bb"]); $0.parts = [1, 3]
    }
    var twice = Scene("replaced", "the last ones count")
    for place in 0..<3 {
      var own = SceneParameters()
      own.maxToKeep = UInt64(place)
      twice.commits.append(SceneCommit(items: place == 2 ? [] : [.parameters(own)]))
    }
    scenes.append(twice)
    return numbered(scenes, "parameters")
  }

  static var keptSets: [Scene] {
    var scenes: [Scene] = []
    func add(_ name: String, _ what: String, _ sets: [KeptSets], _ type: IndexType = .int64) {
      scenes.append(scene(name, what, [.keptSets(sets)], indexType: type))
    }
    let other = Channel(metric: "m", mode: .test, dsID: "d")
    add("none", "of no channel", [])
    add(
      "empty", "four empty lists",
      [KeptSets(channel: channel, max: [], min: [], list: [], missing: [])])
    add(
      "max", "the highest",
      [KeptSets(channel: channel, max: rows([3, 5, 9]), min: [], list: [], missing: [])])
    add(
      "all", "all four, overlapping",
      [
        KeptSets(
          channel: channel, max: rows([3, 5]), min: rows([1, 5]), list: rows([5, 7]),
          missing: rows([-8, Int.max]))
      ])
    add(
      "channels", "of several channels",
      [
        KeptSets(channel: channel, max: rows([1]), min: rows([2]), list: [], missing: []),
        KeptSets(
          channel: Channel(metric: "ce", mode: .eval), max: rows([3]), min: [], list: [],
          missing: []),
        KeptSets(channel: other, max: [], min: rows([4]), list: [], missing: rows([5])),
      ])
    add(
      "strings", "of strings",
      [
        KeptSets(
          channel: channel, max: strings(["a", "b"]), min: strings([""]),
          list: strings(["é", "z"]), missing: strings(["\u{0}"]))
      ], .string)
    add(
      "strings-empty", "empty lists of strings",
      [KeptSets(channel: other, max: [], min: [], list: [], missing: [])], .string)
    add(
      "strings-paths", "of paths",
      [
        KeptSets(
          channel: other, max: strings((0..<9).map { "train/img_\($0 * 11)" }), min: [], list: [],
          missing: strings(["train/none"]))
      ], .string)
    var later = scene(
      "later", "a later record replaces the one before whole",
      [
        .keptSets([KeptSets(channel: channel, max: rows([1]), min: [], list: [], missing: [])])
      ])
    later.commits.append(
      SceneCommit(items: [
        .keptSets([KeptSets(channel: other, max: rows([2]), min: [], list: [], missing: [])])
      ]))
    scenes.append(later)
    later.name = "kept-on"
    later.what = "a later commit goes on with those before"
    later.commits[1].items = [.tile(tile(rows(0..<2), steps(1)))]
    scenes.append(later)
    return numbered(scenes, "kept")
  }
}
