import TrackerCodec
import TrackerModel

/// Columns of values: every mapping, with every difference, grouped and not.
extension Catalogue {
  static let differences = ["none", "previous", "trend", "neighbour"]

  /// Values that few mappings have.
  private static func odd(_ type: ValueType) -> [UInt64] {
    type == .float32
      ? [0x7FC0_1234, 0x8000_0000, 0x0000_0001, 0xFF80_0000, 0x7F80_0001, 0x4049_0FDB]
      : [
        0x7FF8_0000_0000_1234, 1 << 63, 1, 0xFFF0_0000_0000_0000, 0x7FF0_0000_0000_0001,
        0x4009_21FB_5444_2D18,
      ]
  }

  static var values: [Scene] {
    var scenes: [Scene] = []
    for type in [ValueType.float32, .float64] {
      for mapping in MappingCase.allCases where mapping.takes(type) {
        for difference in 0..<4 {
          for isGrouped in [false, true] {
            scenes.append(
              valueScene(mapping, type, UInt8(difference), isGrouped, number: scenes.count))
          }
        }
      }
    }
    return scenes
  }

  static var narrowed: [Scene] {
    var scenes: [Scene] = []
    for mapping in MappingCase.allCases {
      for difference in 0..<4 {
        let number = scenes.count
        scenes.append(
          valueScene(
            mapping, .float32, UInt8(difference), (number + difference) % 2 == 0,
            number: number, isNarrowed: true))
      }
    }
    return scenes
  }

  /// Details change from one to the next: shape, holes, exceptions, bins, streams, buckets.
  private static func valueScene(
    _ mapping: MappingCase, _ type: ValueType, _ difference: UInt8, _ isGrouped: Bool, number: Int,
    isNarrowed: Bool = false
  ) -> Scene {
    var random = Random(number + (isNarrowed ? 1000 : type == .float32 ? 0 : 500))
    let (rowCount, columnCount) = [(5, 4), (3, 7), (8, 3), (4, 5)][number % 4]
    let hasHoles = number % 3 == 1
    let exceptions = mapping == .dictionary || mapping == .binary ? 0 : number % 5
    var cells: [UInt64?] = (0..<rowCount * columnCount).map { cell in
      let value = mapping.value(type, row: cell % rowCount, &random)
      return hasHoles && random.below(4) == 0 ? nil : value
    }
    for place in 0..<exceptions {
      let cell = random.below(cells.count)
      if cells[cell] != nil { cells[cell] = odd(type)[(number + place) % 6] }
    }
    var plan = ValuePlanText(mapping.mapping(rowCount: rowCount))
    plan.difference = difference
    plan.isNarrowed = isNarrowed
    if isGrouped {
      plan.groups = ValuePlanText.Groups(
        inertia: number / 2 % 8, bucketBits: 1 + number / 2 % 5, start: UInt8(random.below(256)),
        highest: number % 8 == 6 ? 255 : nil)
      // As many tables as there are buckets, or fewer.
      let buckets = 1 << (1 + number / 2 % 5)
      plan.numerals.runs = [Int](repeating: 1 + number % 2, count: (buckets - 1) / (1 + number % 2))
    }
    plan.bins = [.fitted, .one, .even, .fitted][number / 3 % 4]
    plan.symbols = BytePlan.allCases[number % BytePlan.allCases.count]
    plan.exceptionBytes = number % 7 == 0 ? .deflated : .stored
    plan.corrections = [.list, .plane, .deflatedPlane][number / 2 % 3]
    plan.numerals.tableBits = 5 + number % 8
    plan.numerals.runs.removeLast(
      max(0, plan.numerals.runs.count + 1 - NumeralsText.maxTables(plan.numerals.tableBits)))
    let wide: (UInt64) -> UInt64 = { isNarrowed ? Widening.widen(UInt32($0)) : $0 }
    var tile = SceneTile(
      channel, isNarrowed ? .float64 : type, rows: rows(100..<100 + rowCount),
      columns: steps(columnCount), cells: cells.map { $0.map(wide) })
    tile.values = plan
    let name = [
      isNarrowed ? "narrowed" : type.name, mapping.rawValue, differences[Int(difference)],
      isGrouped ? "grouped" : "plain",
    ].joined(separator: "-")
    return numbered(
      [
        scene(
          name,
          "mapping \(mapping.rawValue), difference \(differences[Int(difference)])"
            + (isGrouped ? ", grouped" : "") + (isNarrowed ? ", float64 that are float32" : "")
            + (hasHoles ? ", holes" : "") + (exceptions > 0 ? ", odd values" : ""), [.tile(tile)])
      ], "values")[0]
  }

  // MARK: Streams of symbols

  static var symbols: [Scene] {
    var scenes: [Scene] = []
    func add(
      _ name: String, _ what: String, _ cells: [UInt64], rows count: Int, _ plan: ValuePlanText
    ) {
      var tile = SceneTile(
        channel, .float32, rows: rows(0..<count), columns: steps(cells.count / count), cells: cells)
      tile.values = plan
      scenes.append(scene(name, what, [.tile(tile)]))
    }
    for (place, bytes) in BytePlan.allCases.enumerated() {
      var plan = ValuePlanText(.linear(exponent: 3))
      plan.bins = .fitted
      plan.symbols = bytes
      var random = Random(place)
      let cells = (0..<60).map { _ in bits(Double(random.below(7)) / 8, .float32) }
      add("stream-\(bytes)", "60 symbols, \(bytes)", cells, rows: 12, plan)
    }
    for tableBits in 5...12 {
      var plan = ValuePlanText(.dictionary())
      plan.symbols = .numerals
      plan.numerals.tableBits = tableBits
      let cells = (0..<64).map { $0 % (tableBits + 1) == 3 ? bits(1, .float32) : bits(0, .float32) }
      add("numerals-\(tableBits)", "tables of 2^\(tableBits) states", cells, rows: 8, plan)
    }
    let shapes: [(String, String, rows: Int, columns: Int, runs: [Int])] = [
      ("one", "a symbol alone", 1, 2, []), ("lane", "255 symbols, one lane", 51, 5, []),
      ("lanes", "256 symbols, four lanes", 64, 4, []),
      ("rest", "columns of symbols that four do not divide", 131, 3, []),
      ("parts", "2,100 symbols, three tables", 700, 3, [1, 1]),
      ("part", "2,100 symbols, two tables of three buckets", 700, 3, [2]),
    ]
    for (name, what, rows, columns, runs) in shapes {
      for isGrouped in [false, true] where rows > 1 {
        var plan = ValuePlanText(.linear(exponent: 3))
        plan.bins = .fitted
        plan.symbols = .numerals
        plan.numerals = NumeralsText(tableBits: 7, runs: runs)
        if isGrouped {
          plan.groups = ValuePlanText.Groups(inertia: 3, bucketBits: 3, start: 40)
          plan.numerals.runs = [1, 2]
        }
        var random = Random(rows)
        let cells = (0..<rows * columns).map { place in
          bits(Double(random.below(2 + place / 700 * 5)) / 8, .float32)
        }
        add(
          "numerals-\(name)" + (isGrouped ? "-context" : ""), what, cells, rows: rows, plan)
      }
    }
    for (tableBits, bucketBits) in [(5, 5), (8, 5), (8, 6), (9, 4), (12, 1)] {
      var plan = ValuePlanText(.linear(exponent: 3))
      plan.bins = .fitted
      plan.groups = ValuePlanText.Groups(inertia: 4, bucketBits: bucketBits, start: 100)
      let tables = NumeralsText.maxTables(tableBits)
      plan.numerals = NumeralsText(
        tableBits: tableBits, runs: [Int](repeating: 1, count: tables - 1))
      var random = Random(tableBits + bucketBits)
      let cells = (0..<480).map { place in
        bits(Double(random.below(2 + place / 96)) / 8, .float32)
      }
      add(
        "numerals-tables-\(tableBits)-\(1 << bucketBits)",
        "\(tables) tables, as many as may be, of 2^\(tableBits) states for \(1 << bucketBits) buckets",
        cells, rows: 96, plan)
    }
    var rare = ValuePlanText(.dictionary())
    rare.symbols = .numerals
    rare.numerals.tableBits = 12
    add(
      "numerals-filled", "30,000 symbols of which two are not the usual one: filled up with zeros",
      (0..<30_000).map { bits($0 % 15_000 == 777 ? 1 : 0, .float32) }, rows: 10_000, rare)
    for (name, more) in [
      ("unnamed", [bits(9, .float32), bits(-9, .float32)]), ("first", [0x0000_0000]),
      ("highest", [0x7FFF_FFFF]), ("lowest", [0xFFFF_FFFF]),
    ] {
      var plan = ValuePlanText(.dictionary(more: more))
      plan.symbols = .stored
      add(
        "dictionary-\(name)", "entries that no value names",
        [bits(1, .float32), bits(2, .float32)],
        rows: 2, plan)
    }
    var full = ValuePlanText(.dictionary())
    full.symbols = .deflated
    add(
      "dictionary-256", "256 entries", (0..<256).map { bits(Double($0 * 7 % 256), .float32) },
      rows: 64, full)
    for inertia in 0...7 {
      var plan = ValuePlanText(.linear(exponent: 2))
      plan.groups = ValuePlanText.Groups(
        inertia: inertia, bucketBits: 8 - inertia, start: UInt8(inertia * 36))
      if inertia == 0 { plan.groups?.bucketBits = 6 }
      if inertia == 7 { plan.groups?.highest = 255 }
      plan.numerals.runs = inertia == 7 ? [1] : [1, 1]
      var random = Random(inertia)
      let cells = (0..<42).map { bits(Double($0 % 6) + Double(random.below(3)) / 4, .float32) }
      add("groups-\(inertia)", "inertia \(inertia)", cells, rows: 6, plan)
    }
    return numbered(scenes, "symbols")
  }

  // MARK: Values at the edges

  static var edges: [Scene] {
    var scenes: [Scene] = []
    for type in [ValueType.float32, .float64] {
      let (sign, infinity, low): (UInt64, UInt64, UInt64) =
        type == .float32
        ? (0x8000_0000, 0x7F80_0000, 0x007F_FFFF)
        : (1 << 63, 0x7FF0_0000_0000_0000, 0x000F_FFFF_FFFF_FFFF)
      let quiet = infinity | (low + 1) >> 1
      let kinds: [(String, [UInt64])] = [
        (
          "nan",
          [
            quiet, quiet | sign, infinity | 1, infinity | sign | 1, infinity | low,
            sign | infinity | low, quiet | 0x1234,
          ]
        ),
        ("zeros", [0, sign, 0, 0, sign, sign, 0]),
        ("subnormals", [1, sign | 1, low, sign | low, (low + 1) >> 1, 2, low + 1]),
        (
          "infinities",
          [infinity, sign | infinity, infinity - 1, sign | infinity - 1, 0, 1, infinity]
        ),
        (
          "ulps",
          [
            bits(1, type) - 1, bits(1, type), bits(1, type) + 1, bits(-1, type), bits(0.5, type),
            bits(2, type), bits(0.1, type),
          ]
        ),
        ("all-nan", [quiet, quiet, infinity | 1, quiet, quiet | sign, quiet, quiet]),
      ]
      for (name, bitsOfValues) in kinds {
        var codings: [(String, ValuePlanText)] = [
          ("ordered", ValuePlanText(.ordered(shift: 0))),
          ("dictionary", ValuePlanText(.dictionary())),
          ("linear", ValuePlanText(.linear(exponent: 20))),
          ("squared", ValuePlanText(.squared(exponent: 4))),
        ]
        if type == .float32 {
          codings.append(("rising", ValuePlanText(.logarithm(isRising: true, precision: 0))))
          codings.append(("falling16", ValuePlanText(.logarithm(isRising: false, precision: 1))))
          codings.append(("float16", ValuePlanText(.float16)))
        }
        for (coding, plan) in codings {
          var tile = SceneTile(
            channel, type, rows: rows(0..<7), columns: steps(1), cells: bitsOfValues)
          tile.values = plan
          if coding == "linear" { tile.values.difference = 3 }
          scenes.append(
            scene("\(type.name)-\(name)-\(coding)", "\(name), by \(coding)", [.tile(tile)]))
        }
      }
    }
    // Ends of the grids: every length of k, the floats behind, and corrections at the ends.
    for isRising in [true, false] {
      for precision in UInt8(0)...2 {
        let grid = LogarithmCodes(isRising: isRising, precision: precision)
        var cells: [UInt64] = [0x8000_0000]
        for length in 0...grid.m {
          for k in [1 << length - 1, 1 << length] { cells.append(grid.value(k)) }
        }
        let last = grid.gridBits(1 << grid.m)
        let (infinity, highest): (UInt64, UInt64) =
          precision == 0
          ? (0x7F80_0000, 0x7FFF_FFFF) : (precision == 1 ? 0x7C00 : 0x7F80, 0x7FFF)
        for bits in [last + 1, last + 2, infinity - 1, infinity, infinity + 1, highest] {
          cells.append(grid.widen(bits))
        }
        for difference in [UInt8(0), 3] {
          var tile = SceneTile(
            channel, .float32, rows: rows(0..<cells.count), columns: steps(1), cells: cells)
          tile.values = ValuePlanText(.logarithm(isRising: isRising, precision: precision))
          tile.values.difference = difference
          scenes.append(
            scene(
              "grid-\(isRising ? "rising" : "falling")-\(precision)-\(differences[Int(difference)])",
              "the ends of a grid, and its widths", [.tile(tile)]))
        }
      }
    }
    // Ends of the exponents: overflow to infinity, underflow, the largest k.
    for type in [ValueType.float32, .float64] {
      for exponent in [-64, 0, 64, 100] {
        var cells = [0.0, 1, -1, 3].map { bits($0 * power(-exponent), type) }
        cells.append(bits(0x1p50 * power(-exponent), type))
        cells.append(bits(-0x1p50 * power(-exponent), type))
        var tile = SceneTile(
          channel, type, rows: rows(0..<cells.count), columns: steps(1), cells: cells)
        tile.values = ValuePlanText(.linear(exponent: exponent))
        scenes.append(
          scene("\(type.name)-linear\(exponent)", "multiples of 2^\(-exponent)", [.tile(tile)]))
        tile = SceneTile(
          channel, type, rows: rows(0..<4), columns: steps(1),
          cells: [0.0, 1, 5, 0x1p50].map {
            bits($0 * power(-exponent) * ($0 * power(-exponent)), type)
          })
        tile.values = ValuePlanText(.squared(exponent: exponent))
        scenes.append(
          scene("\(type.name)-squared\(exponent)", "squares of 2^\(-exponent)", [.tile(tile)]))
      }
    }
    for divisor in [UInt64(3), 7, 1000, 1 << 40] {
      let cells = [0, 1, 2, 5, -1, -7].map { bits(Double($0) / Double(divisor), .float64) }
      var tile = SceneTile(channel, .float64, rows: rows(0..<6), columns: steps(1), cells: cells)
      tile.values = ValuePlanText(.linear(exponent: 0, divisor: divisor))
      scenes.append(scene("float64-divisor\(divisor)", "multiples of 1/\(divisor)", [.tile(tile)]))
    }
    return numbered(scenes, "edge")
  }

  private static func power(_ exponent: Int) -> Double {
    Double(sign: .plus, exponent: exponent, significand: 1)
  }
}
