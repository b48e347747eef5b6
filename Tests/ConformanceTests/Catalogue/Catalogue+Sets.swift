import TrackerCodec
import TrackerModel

/// Index sets, as tiles use them.
extension Catalogue {
  private static func setScene(
    _ name: String, _ what: String, _ indices: [InstanceIndex], _ coding: IndexCoding,
    _ type: IndexType = .int64
  ) -> Scene {
    var own = tile(indices, steps(1))
    own.index = coding
    own.values = ValuePlanText(.linear(exponent: 3))
    return scene(name, what, [.tile(own)], indexType: type)
  }

  static var integerSets: [Scene] {
    var scenes: [Scene] = []
    func add(_ name: String, _ what: String, _ integers: [Int], _ plan: IntegerSetPlan) {
      scenes.append(setScene(name, what, rows(integers), .list(plan)))
    }
    let scattered = [3, 4, 9, 17, 18, 19, 40, 41, 1000]
    let dense = [0, 1, 2, 3, 6, 7, 9, 10, 11, 12, 15, 16, 17, 20, 21]
    add("one", "one index", [7], IntegerSetPlan())
    add("one-lowest", "the lowest index", [Int.min], IntegerSetPlan())
    add("one-highest", "the highest index", [Int.max], IntegerSetPlan())
    add("consecutive", "consecutive integers as a record", Array(5..<12), IntegerSetPlan())
    add("unit", "multiples of 4 from 3 on", [3, 7, 11, 15], IntegerSetPlan())
    add("gaps", "gaps", scattered, IntegerSetPlan(.gaps))
    add("gaps-deflated", "gaps, deflated", scattered, IntegerSetPlan(.gaps, bytes: .deflated))
    add("gaps-consecutive", "consecutive integers as gaps", Array(5..<12), IntegerSetPlan(.gaps))
    add("gaps-unit", "gaps of a unit", [2, 8, 14, 32, 38], IntegerSetPlan(.gaps))
    add(
      "gaps-unit-1", "a unit that is not the greatest", [2, 8, 14, 32],
      IntegerSetPlan(.gaps, unit: 1))
    add(
      "gaps-unit-3", "a unit that is not the greatest", [2, 8, 14, 32],
      IntegerSetPlan(.gaps, unit: 3))
    add("widest", "the lowest and the highest index", [Int.min, Int.max], IntegerSetPlan())
    add(
      "widest-gaps", "gaps beyond Int64", [Int.min, -1, 0, Int.max], IntegerSetPlan(.gaps, unit: 1))
    add(
      "hashes", "integers like hashes",
      (0..<9).map { Int.min + $0 * 2_049_638_230_412_172_40 + $0 * $0 },
      IntegerSetPlan(.gaps, unit: 1))
    add("runs", "runs", scattered, IntegerSetPlan(.runs))
    add("runs-one", "one run", Array(5..<12), IntegerSetPlan(.runs))
    add("runs-singles", "runs of one each", [1, 3, 5, 7], IntegerSetPlan(.runs, unit: 1))
    add("runs-unit", "runs of a unit", [0, 5, 10, 50, 55, 60], IntegerSetPlan(.runs))
    add("runs-deflated", "runs, deflated", dense, IntegerSetPlan(.runs, bytes: .deflated))
    add("bits", "bits", dense, IntegerSetPlan(.bits(.bitmap)))
    add("bits-deflated", "bits, deflated", dense, IntegerSetPlan(.bits(.deflatedBitmap)))
    add("bits-all", "bits that are all ones", Array(5..<13), IntegerSetPlan(.bits(.bitmap)))
    add("bits-unit", "bits of a unit", [-30, -20, 0, 10, 40], IntegerSetPlan(.bits(.bitmap)))
    add(
      "bits-ones", "bits, the ones listed", [0, 9, 20, 31], IntegerSetPlan(.bits(.ones)))
    add(
      "bits-zeros", "bits, the zeros listed", (0..<24).filter { $0 != 5 && $0 != 17 },
      IntegerSetPlan(.bits(.zeros)))
    add(
      "bits-sparse", "as few ones as there may be", [0, 8, 17, 31], IntegerSetPlan(.bits(.bitmap)))
    var shared = tile(rows([4, 8, 9]), steps(2))
    shared.index = .named("set")
    var second = tile(
      rows([4, 8, 9]), steps(2, from: 50), .float64, channel: Channel(metric: "m", mode: .test))
    second.index = .named("set")
    scenes.append(
      scene(
        "shared", "a set of several tiles",
        [
          .indexSet(SceneIndexSet(name: "set", indices: rows([4, 8, 9]))), .tile(shared),
          .tile(second),
        ]))
    scenes.append(
      scene(
        "unused", "a set that no tile uses, and a dense tile",
        [
          .indexSet(SceneIndexSet(name: "set", indices: rows([4, 8, 9]))),
          .tile(tile(rows(0..<3), steps(1))),
        ]))
    return numbered(scenes, "indices-int64")
  }

  static var stringSets: [Scene] {
    var scenes: [Scene] = []
    func add(
      _ name: String, _ what: String, _ names: [String], _ plan: StringSetPlan = StringSetPlan()
    ) {
      scenes.append(
        setScene(name, what, strings(names), .list(IntegerSetPlan(strings: plan)), .string))
    }
    let paths = (0..<12).map { "train/class\($0 / 4)/img_\(1000 + $0 * 37).jpg" }
    add("one", "one string", ["only"])
    add("empty", "the empty string alone", [""])
    add("empty-first", "the empty string and others", ["", "a", "b"])
    add("letters", "letters", ["a", "b", "c", "d"])
    add("prefixes", "each begins the next", ["a", "aa", "aaa", "aaaa", "aaaab"])
    add("paths", "front and back coding", paths)
    add(
      "paths-deflated", "everything deflated", paths,
      StringSetPlan(columns: .deflated, bytes: .deflated))
    add("paths-front", "front coding alone", paths, StringSetPlan(sharesBack: false))
    add("paths-back", "back coding alone", paths, StringSetPlan(sharesFront: false))
    add(
      "paths-full", "every string in full", paths,
      StringSetPlan(sharesFront: false, sharesBack: false))
    add(
      "unicode", "strings of several scripts", ["ä", "β", "中文", "\u{1F600}", "e\u{301}", "é", "z"])
    add(
      "cut-scalars", "shared bytes that end within a character",
      ["\u{E9}", "\u{EA}", "\u{4E2D}", "\u{4E2E}", "\u{1F600}", "\u{1F601}"])
    add(
      "zero-bytes", "characters U+0000 and others that print nothing",
      ["\u{0}", "\u{0}\u{0}", "a\u{0}b", "\n", "\u{7F}"])
    add("highest", "the last character", ["\u{10FFFF}", "\u{D7FF}", "\u{E000}", "\u{FFFD}"])
    add("long", "a string of 1,000 bytes", [String(repeating: "ab", count: 500), "abc"])
    add("numbers", "numbers as strings sort by their bytes", ["10", "9", "100", "1", "-1", "01"])
    add("quotes", "characters that JSON escapes", ["\"", "\\", "/", "\t", "\u{1}"])
    var shared = tile(strings(["x", "y"]), steps(2))
    shared.index = .named("set")
    var second = shared
    second.columns = steps(2, from: 40)
    scenes.append(
      scene(
        "shared", "a set of several tiles",
        [
          .indexSet(SceneIndexSet(name: "set", indices: strings(["x", "y"]))), .tile(shared),
          .tile(second),
        ], indexType: .string))
    return numbered(scenes, "indices-string")
  }

  static var subsets: [Scene] {
    var scenes: [Scene] = []
    let base = rows([
      1, 5, 6, 20, 33, 34, 35, 50, 77, 90, 91, 120, 121, 122, 130, 140, 144, 145, 160, 170,
    ])
    func add(
      _ name: String, _ what: String, _ base: [InstanceIndex], _ indices: [InstanceIndex],
      _ bits: BitPlan = .bitmap, _ type: IndexType = .int64,
      _ others: IntegerSetPlan = IntegerSetPlan()
    ) {
      var own = tile(indices, steps(1))
      own.index = .named("subset")
      var whole = tile(base, steps(1, from: 30), .float64)
      whole.index = .named("base")
      scenes.append(
        Catalogue.scene(
          name, what,
          [
            .indexSet(SceneIndexSet(name: "base", indices: base)),
            .indexSet(
              SceneIndexSet(
                name: "subset", indices: indices, coding: .list(others), base: "base", bits: bits)),
            .tile(own), .tile(whole),
          ], indexType: type))
    }
    add("some", "some rows of a base", base, base.indices.filter { $0 % 3 != 1 }.map { base[$0] })
    add(
      "deflated", "bits, deflated", base, base.indices.filter { $0 % 3 != 1 }.map { base[$0] },
      .deflatedBitmap)
    add("all", "all rows of a base", base, base)
    add("first", "the first row alone", base, [base[0]])
    add("last", "the last row alone", base, [base[19]])
    add("middle", "rows within the base", base, [base[5], base[9], base[10]])
    add("ones", "few rows, listed", base, [base[0], base[19]], .ones)
    add(
      "zeros", "few rows left out, listed", base,
      base.indices.filter { $0 != 7 && $0 != 8 }.map { base[$0] }, .zeros)
    add("others-between", "others between rows", base, (rows([2, 3, 51]) + base[3...9]).sorted())
    add("others-before", "others before the base", base, (rows([-9, 0]) + base[3...9]).sorted())
    add(
      "others-behind", "others behind the base", base,
      (rows([1000, Int.max]) + base[3...9]).sorted())
    add(
      "others-runs", "others as runs", base,
      (rows([200, 201, 202, 300, 301]) + base[3...9]).sorted(),
      .bitmap, .int64, IntegerSetPlan(.runs))
    add("others-more", "more others than rows", base, (rows(200..<220) + [base[4]]).sorted())
    let names = strings((0..<16).map { "img_\($0 * 77 % 100)_\($0)" })
    add(
      "strings", "some of a base of strings", names,
      names.indices.filter { $0 % 2 == 0 }.map { names[$0] }, .bitmap, .string)
    add(
      "strings-others", "others of strings", names,
      (strings(["", "img", "z"]) + names[2...6]).sorted(), .bitmap, .string)
    // Two subsets of one base, in commits that follow each other.
    var scene = Scene("across-commits", "subsets of a base of an earlier commit")
    for (place, chosen) in [base, Array(base[2..<9]), Array(base[8..<20])].enumerated() {
      var own = tile(chosen, steps(1, from: Int64(10 * place + 10)))
      own.index = .named("set \(place)")
      var set = SceneIndexSet(name: "set \(place)", indices: chosen)
      if place > 0 { set.base = "set 0" }
      scene.commits.append(
        SceneCommit(step: Int64(10 * place + 10), items: [.indexSet(set), .tile(own)]))
    }
    scenes.append(scene)
    return numbered(scenes, "indices-subset")
  }
}
