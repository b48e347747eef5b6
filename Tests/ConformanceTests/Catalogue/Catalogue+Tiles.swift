import TrackerCodec
import TrackerModel

/// Shapes of tiles, their columns, and which cells hold a point.
extension Catalogue {
  static var shapes: [Scene] {
    var scenes: [Scene] = []
    func add(
      _ name: String, _ what: String, rows count: Int, columns: Int, _ type: ValueType,
      _ cell: (Int) -> Double?
    ) {
      let tile = SceneTile(
        channel, type, rows: rows(-2..<count - 2), columns: steps(columns),
        cells: (0..<count * columns).map { cell($0).map { bits($0, type) } })
      scenes.append(scene("\(name)-\(type.name)", what, [.tile(tile)]))
    }
    for type in [ValueType.float32, .float64] {
      add("one-point", "one point", rows: 1, columns: 1, type) { _ in 0.25 }
      add("one-row", "one row", rows: 1, columns: 9, type) { Double($0) / 3 }
      add("one-column", "one step", rows: 9, columns: 1, type) { Double($0) / 3 }
      add("no-point", "a tile without a point", rows: 3, columns: 2, type) { _ in nil }
      add("last-cell", "only the last cell holds a point", rows: 3, columns: 3, type) {
        $0 == 8 ? 1 : nil
      }
      add("empty-row", "a row without a point", rows: 3, columns: 3, type) {
        $0 % 3 == 1 ? nil : Double($0)
      }
      add("empty-column", "a column without a point", rows: 3, columns: 3, type) {
        $0 / 3 == 1 ? nil : Double($0)
      }
      add("constant", "the same value everywhere", rows: 3, columns: 3, type) { _ in -0.0 }
      add("checkers", "every other cell", rows: 4, columns: 5, type) {
        ($0 % 4 + $0 / 4) % 2 == 0 ? Double($0) / 7 : nil
      }
    }
    scenes.append(scene("nothing", "a commit without a record", []))
    var empty = Scene("header-only", "a header and nothing else")
    scenes.append(empty)
    empty = Scene("header-only-strings", "a header and nothing else, of strings", .string)
    scenes.append(empty)
    for (name, first) in [("lowest", Int64.min), ("highest", Int64.max - 2), ("zero", -1)] {
      let tile = SceneTile(
        channel, .float32, rows: (0..<3).map { .integer(first + $0) }, columns: steps(2),
        cells: (0..<6).map { bits(Double($0), .float32) })
      scenes.append(scene("dense-\(name)", "dense rows from \(first)", [.tile(tile)]))
    }
    for mode in [Mode.train, .eval, .test, .infer] {
      let items = [nil, "a", "", "ä/β\u{0}", "\u{1F600}"].compactMap {
        (dsID: String?) -> SceneItem? in
        if dsID == "" { return nil }
        return .tile(
          tile(
            rows(0..<2), steps(1),
            channel: Channel(metric: "m", mode: mode, dsID: dsID.map { Name($0) })))
      }
      scenes.append(scene("mode-\(mode.name)", "data sets of mode \(mode.name)", items))
    }
    let names = [
      "b", "a", "\u{0}", "ce\n", "Z", "é", "e\u{301}", "\"\\", String(repeating: "x", count: 130),
    ]
    scenes.append(
      scene(
        "metrics", "channels sort by the bytes of their metrics",
        names.map {
          .tile(tile(rows(0..<1), steps(1), channel: Channel(metric: Name($0), mode: .eval)))
        }))
    scenes.append(
      scene(
        "types-mixed", "a channel with tiles of both types: values widen",
        [
          .tile(tile(rows(0..<3), steps(2))),
          .tile(tile(rows(5..<8), steps(2), .float64)),
          .tile(
            SceneTile(
              channel, .float32, rows: rows(9..<12), columns: steps(1),
              cells: [0x7F80_0001, 0xFFC0_0000, 0x0000_0001])),
        ]))
    return numbered(scenes, "shape")
  }

  static var columnLists: [Scene] {
    var scenes: [Scene] = []
    func add(
      _ name: String, _ what: String, _ columns: [(Int64, Int64?)],
      _ plan: ColumnListPlan = ColumnListPlan(), cell: (Int) -> Bool = { _ in true }
    ) {
      let list = columns.map { TileColumn(step: $0.0, epoch: $0.1) }
      var tile = SceneTile(
        channel, .float32, rows: rows(0..<2), columns: list,
        cells: (0..<2 * list.count).map { cell($0) ? bits(Double($0) / 4, .float32) : nil })
      tile.columnList = plan
      scenes.append(scene(name, what, [.tile(tile)]))
    }
    let (low, high) = (Int64.min, Int64.max)
    add("one", "one column", [(7, 3)])
    add("one-no-epoch", "one column without an epoch", [(7, nil)])
    add("one-lowest", "the lowest step and epoch", [(low, low)])
    add("one-highest", "the highest step and epoch", [(high, high)])
    add("even", "steps of one distance", [(1, 5), (4, 6), (7, 7), (10, 8)])
    add(
      "even-listed", "steps of one distance, each listed", [(1, 5), (4, 6), (7, 7), (10, 8)],
      ColumnListPlan(listsSteps: true))
    add(
      "counted-listed", "epochs that count up, each listed", [(1, 5), (4, 6), (7, 7)],
      ColumnListPlan(listsEpochs: true))
    add(
      "all-listed", "steps and epochs listed where they need not be", [(1, 5), (4, 6), (7, 7)],
      ColumnListPlan(listsSteps: true, listsEpochs: true))
    add("uneven", "steps of several distances", [(-5, 1), (0, 2), (1, 3), (100, 4)])
    add("epochs-down", "epochs that fall", [(1, 9), (2, 4), (3, -8), (4, -9)])
    add("epochs-some", "some epochs are not known", [(1, nil), (2, 4), (3, nil), (4, 2)])
    add("epochs-none", "no epoch is known", [(1, nil), (2, nil), (3, nil)])
    add("widest", "steps from the lowest to the highest", [(low, 1), (high, 2)])
    add("widest-three", "distances beyond Int64", [(low, 1), (0, 2), (high, 3)])
    add("epochs-widest", "epochs whose distance wraps around", [(1, low), (2, high), (3, low)])
    add("epochs-wrap", "counting epochs that wrap around", [(1, high), (2, low), (3, low + 1)])
    add("twins", "a step with two epochs", [(1, 1), (1, 2), (2, 3)]) { [0, 3, 4, 5].contains($0) }
    add("twins-unknown", "a step with an unknown and a known epoch", [(5, nil), (5, 7)]) {
      [0, 3].contains($0)
    }
    add("twins-even", "a distance of 0 for all", [(5, 1), (5, 2), (5, 3)]) { [0, 3].contains($0) }
    add("twins-both", "a row in twin columns: the last one counts", [(5, 1), (5, 2), (6, 3)])
    let squares: [(Int64, Int64?)] = (0..<40).map { (place: Int64) in
      (place * place, place % 3 == 0 ? nil : place)
    }
    let fives: [(Int64, Int64?)] = (0..<257).map { (place: Int64) in (place * 5, nil) }
    let counted: [(Int64, Int64?)] = (0..<256).map { (place: Int64) in (place * 5, place) }
    add("many", "40 columns", squares)
    add("even-256", "256 columns of one distance", counted) {
      $0 % 64 == 9
    }
    add("listed-257", "257 columns: distances are listed", fives) {
      $0 % 64 == 9
    }
    return numbered(scenes, "columns")
  }

  static var presences: [Scene] {
    var scenes: [Scene] = []
    func add(
      _ name: String, _ what: String, rows count: Int, columns: Int, _ plan: PresencePlan,
      _ isPresent: (_ row: Int, _ column: Int) -> Bool
    ) {
      var number = 0
      var tile = SceneTile(
        channel, .float32, rows: rows(0..<count), columns: steps(columns),
        cells: (0..<count * columns).map { cell -> UInt64? in
          guard isPresent(cell % count, cell / count) else { return nil }
          number += 1
          return bits(Double(number % 5), .float32)
        })
      tile.presence = plan
      tile.values = ValuePlanText(.dictionary())
      scenes.append(scene(name, what, [.tile(tile)]))
    }
    for (name, plan) in [
      ("bitmap", BitPlan.bitmap), ("deflated", .deflatedBitmap),
    ] {
      add("own-\(name)", "columns of their own bits", rows: 11, columns: 4, .bitmap(plan)) {
        ($0 * 7 + $1 * 3) % 5 < 3
      }
      add(
        "every-\(name)", "bits for full and empty columns, too", rows: 9, columns: 3,
        .everyColumn(plan)
      ) { row, column in column == 0 || column == 2 && row == 4 }
    }
    add("ones", "few points, listed", rows: 40, columns: 2, .bitmap(.ones)) { ($0 + $1) % 13 == 0 }
    add(
      "ones-deflated", "few points, listed and deflated", rows: 40, columns: 2,
      .bitmap(.deflatedOnes)
    ) {
      ($0 + $1) % 13 == 0
    }
    add("zeros", "few holes, listed", rows: 24, columns: 2, .bitmap(.zeros)) {
      ($0 + 5 * $1) % 19 != 0
    }
    add("kinds", "a full, an empty and another column", rows: 5, columns: 3, .bitmap(.bitmap)) {
      row, column in column == 0 || column == 2 && row % 2 == 0
    }
    add(
      "changes", "columns by what changed", rows: 10, columns: 4,
      .kinds([2, 3, 3, 3], own: .bitmap, changes: .bitmap)
    ) { ($0 + $1 / 2) % 3 == 0 }
    add(
      "changes-ones", "few changes, listed", rows: 40, columns: 3,
      .kinds([2, 3, 3], own: .bitmap, changes: .ones)
    ) { row, column in row % 2 == 0 && !(column > 0 && row == 6) }
    add(
      "changes-full", "changes since a full and an empty column", rows: 6, columns: 4,
      .kinds([0, 3, 1, 3])
    ) { row, column in column == 0 || column == 1 && row != 2 || column == 3 && row == 4 }
    add("same", "columns like the one before", rows: 6, columns: 4, .kinds([2, 4, 4, 4])) {
      row, _ in
      row % 2 == 0
    }
    add("same-far", "columns like earlier ones", rows: 6, columns: 6, .kinds([2, 2, 5, 5, 7, 7])) {
      ($0 + $1) % 2 == 0
    }
    add(
      "same-of-same", "like a column that is like one", rows: 6, columns: 5,
      .kinds([2, 4, 5, 5, 4])
    ) {
      row, _ in row > 2
    }
    add(
      "same-full", "full and empty columns by likeness", rows: 4, columns: 4, .kinds([0, 4, 1, 4])
    ) {
      _, column in column < 2
    }
    add(
      "mixed", "all kinds, deflated", rows: 12, columns: 8,
      .kinds(
        [0, 1, 2, 3, 4, 2, 6, 3], own: .deflatedBitmap, changes: .deflatedBitmap, bytes: .deflated)
    ) { row, column in
      switch column {
      case 0: true
      case 1: false
      case 2: row % 3 == 0
      case 3, 4, 6: row % 3 == 0 && row != 6
      case 5: row > 7
      default: row % 3 == 0 && row != 6 || row == 1
      }
    }
    add("rows-70", "columns alike, of 70 rows", rows: 70, columns: 2, .kinds([2, 4])) { row, _ in
      row % 4 == 1
    }
    add("rows-8", "a bitmap that fills its bytes", rows: 8, columns: 2, .bitmap(.bitmap)) {
      ($0 + $1) % 2 == 0
    }
    return numbered(scenes, "presence")
  }
}
