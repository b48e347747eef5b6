import Foundation
import Testing
import TrackerInterchange
import TrackerModel

@Suite struct ImportExportTests {
  @Test(arguments: SeededRandom.seeds, [TextFormat.csv, .ndjson])
  func exportOfAnImportIsTheSameText(seed: UInt64, format: TextFormat) throws {
    let place = try Workplace()
    let history = RandomHistory(seed: seed)
    let text = try history.text(format)
    let (input, output) = ("in.\(format.rawValue)", "out.\(format.rawValue)")
    try place.write(text, to: input)
    let imported = try place.tracker(
      "import", input, "-o", "a.tracker", "--value-type", "\(history.valueType)")
    #expect(imported.status == 0, "seed \(seed): \(imported.errors)")
    let exported = try place.tracker("export", "a.tracker", "-o", output)
    #expect(exported.status == 0, "seed \(seed): \(exported.errors)")
    #expect(try place.text(output) == text, "seed \(seed)")
    let printed = try place.tracker("export", "a.tracker", "--format", format.rawValue)
    #expect(printed.output == text, "seed \(seed)")
    #expect(try place.files() == ["a.tracker", input, output].sorted())
  }

  @Test(arguments: SeededRandom.seeds)
  func orderAndRepetitionsDoNotMatter(seed: UInt64) throws {
    let place = try Workplace()
    let history = RandomHistory(seed: seed)
    var random = SeededRandom(seed: seed)
    var points = history.points + history.points.filter { _ in Bool.random(using: &random) }
    points.shuffle(using: &random)
    try place.write(try history.text(.csv), to: "sorted.csv")
    try place.write(try history.text(.ndjson, points), to: "mixed.ndjson")
    for name in ["sorted.csv", "mixed.ndjson"] {
      let result = try place.tracker(
        "import", name, "-o", "\(name).tracker", "--value-type", "\(history.valueType)")
      #expect(result.status == 0, "seed \(seed): \(result.errors)")
    }
    #expect(
      try place.read("sorted.csv.tracker") == place.read("mixed.ndjson.tracker"), "seed \(seed)")
  }

  @Test func aCompactedImportHasItsOwnBytes() throws {
    let place = try Workplace()
    try place.write(try RandomHistory(seed: 4).text(.csv), to: "in.csv")
    #expect(try place.tracker("import", "in.csv", "-o", "a.tracker").status == 0)
    #expect(try place.tracker("compact", "a.tracker", "-o", "b.tracker").status == 0)
    #expect(try place.read("a.tracker") == place.read("b.tracker"))
  }

  @Test func theDigitsHistoryComesBackIdentical() throws {
    let place = try Workplace()
    let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Fixtures/digits_history.csv.gz")
    let text = try place.run("/bin/gzip", ["-dc", fixture.path]).output
    #expect(text.utf8.count == 1_138_054)
    let imported = try place.tracker(
      "import", "-", "-o", "a.tracker", "--format", "csv", "--value-type", "float32", input: text)
    #expect(imported.status == 0, "\(imported.errors)")
    #expect(imported.errors.contains("35,940 points"))
    let exported = try place.tracker("export", "a.tracker", "--format", "csv")
    #expect(exported.output == text)
  }

  @Test func absentColumnsTakeTheOptions() throws {
    let place = try Workplace()
    try place.write("step,value,index\n2,0.5,7\n1,0.25,7\n", to: "in.csv")
    let result = try place.tracker(
      "import", "in.csv", "-o", "a.tracker", "--metric", "ce", "--mode", "eval", "--ds-id", "d")
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      try place.tracker("export", "a.tracker", "--format", "csv").output
        == """
        metric,mode,ds_id,index,epoch,step,value
        ce,eval,d,7,,1,0.25
        ce,eval,d,7,,2,0.5

        """)
  }

  @Test func indicesAreStringsWhereOneIsNoCanonicalInteger() throws {
    let place = try Workplace()
    for (text, type) in [("10\n9", "int64"), ("10\n09", "string"), ("10\nx", "string")] {
      let rows = text.split(separator: "\n").map { "\($0),1,0" }.joined(separator: "\n")
      let result = try place.tracker(
        "import", "-", "-o", "a.tracker", "--format", "csv", "--force",
        input: "index,step,value\n\(rows)\n")
      #expect(result.status == 0, "\(result.errors)")
      #expect(try place.tracker("dump", "a.tracker").output.contains("indices are \(type)"))
    }
    let strings = try place.tracker(
      "import", "-", "-o", "b.tracker", "--format", "csv", "--index-type", "string",
      input: "index,step,value\n10,1,0\n9,1,0\n")
    #expect(strings.status == 0)
    #expect(try place.tracker("dump", "b.tracker").output.contains("indices are string"))
    let integers = try place.tracker(
      "import", "-", "-o", "c.tracker", "--format", "csv", "--index-type", "int",
      input: "index,step,value\n10,1,0\nx,1,0\n")
    #expect(integers.status == 1)
    #expect(integers.errors.contains("line 3"), "\(integers.errors)")
    #expect(try place.files() == ["a.tracker", "b.tracker"])
  }

  @Test(arguments: [
    ("1,1,,0.5\n2,1,,0.25\n1,1,,0.5\n2,1,,0.75\n", "CSV line 5", "0.25 in line 3"),
    ("1,1,,0\n1,1,,-0\n", "CSV line 3", "0 in line 2"),
    ("1,1,3,0.5\n1,1,4,0.5\n", "CSV line 3", "3 in line 2"),
    ("1,1,,0.5\n1,x,,0.5\n", "CSV line 3", "'x'"),
    ("1,1,,0.5\n1,2,,1e999\n", "CSV line 3", "1e999"),
    ("1,1,,0.5\n1,2\n", "CSV line 3", "4 fields"),
    ("1,1,,0.5\n,2,,1\n", "CSV line 3", "'index'"),
    ("1,1,,0.5\n\"\n", "CSV line 3", "quote"),
  ])
  func whatIsWrongIsNamedWithItsLine(rows: String, line: String, detail: String) throws {
    let place = try Workplace()
    try place.write("index,step,epoch,value\n" + rows, to: "in.csv")
    let result = try place.tracker("import", "in.csv", "-o", "a.tracker")
    #expect(result.status == 1 && result.exited)
    #expect(result.errors.contains(line) && result.errors.contains(detail), "\(result.errors)")
    #expect(try place.files() == ["in.csv"])
  }

  @Test func anAbsentEpochGivesWayToAKnownOne() throws {
    let place = try Workplace()
    let result = try place.tracker(
      "import", "-", "-o", "a.tracker", "--format", "csv",
      input: "index,step,epoch,value\n1,1,,0.5\n1,1,7,0.5\n1,1,,0.5\n")
    #expect(result.status == 0 && result.errors.contains("2 points stood there again"))
    let text = try place.tracker("export", "a.tracker", "--format", "csv").output
    #expect(text.hasSuffix("value,train,,1,7,1,0.5\n"))
  }

  @Test func exportsTakeTheFiltersOfDump() throws {
    let place = try Workplace()
    var text = "metric,mode,index,step,value\n"
    for metric in ["a", "b"] {
      for index in 0..<5 {
        for step in 1...4 { text += "\(metric),eval,\(index),\(step),\(index * 10 + step)\n" }
      }
    }
    try place.write(text, to: "in.csv")
    #expect(try place.tracker("import", "in.csv", "-o", "t.tracker").status == 0)
    for filter in [
      ["--metric", "b"], ["--index", "3", "--index", "1"], ["--steps", "2..3"], ["--limit", "7"],
      ["--mode", "train"], ["--limit", "0"], ["--index", "9"],
      ["--index", "1", "--steps", "3..", "--limit", "3"],
    ] {
      let exported = try place.tracker(
        ["export", "t.tracker", "--format", "csv"] + filter)
      let dumped = try place.tracker(
        ["dump", "t.tracker", "--points", "--format", "json"] + filter)
      let count = exported.output.split(separator: "\n").count - 1
      #expect(exported.status == 0 && dumped.status == 0)
      #expect(dumped.output.components(separatedBy: "\"step\"").count - 1 == count, "\(filter)")
    }
    let one = try place.tracker(
      "export", "t.tracker", "--format", "csv", "--metric", "b", "--index", "3", "--steps", "2..3")
    #expect(
      one.output.split(separator: "\n").dropFirst() == ["b,eval,,3,,2,32", "b,eval,,3,,3,33"])
  }

  @Test func outputsAreNotOverwrittenUnasked() throws {
    let place = try Workplace()
    try place.write("index,step,value\n1,1,1\n", to: "in.csv")
    #expect(try place.tracker("import", "in.csv", "-o", "a.tracker").status == 0)
    for arguments in [
      ["import", "in.csv", "-o", "a.tracker"], ["export", "a.tracker", "-o", "in.csv"],
    ] {
      let refused = try place.tracker(arguments)
      #expect(refused.status == 1 && refused.errors.contains("--force"), "\(refused.errors)")
      #expect(try place.tracker(arguments + ["--force"]).status == 0)
    }
    let own = try place.tracker(
      "export", "a.tracker", "-o", "a.tracker", "--format", "csv", "--force")
    #expect(own.status == 2 && own.errors.contains("the output and one of the inputs"))
    #expect(try place.files() == ["a.tracker", "in.csv"])
  }

  @Test(arguments: [
    ["import", "in.dat", "-o", "a.tracker"], ["import", "in.csv", "-o", "-"],
    ["import", "in.csv", "-o", "a.tracker", "--mode", "x"], ["export", "a.tracker"],
    ["export", "a.tracker", "--format", "npz"],
    ["export", "a.tracker", "-o", "a.npz", "--limit", "3"],
  ])
  func argumentsThatAreNoneEndWithTwo(arguments: [String]) throws {
    #expect(try Workplace().tracker(arguments).status == 2)
  }

  @Test func aHeaderAloneIsAnEmptyTracker() throws {
    let place = try Workplace()
    let text = "metric,mode,ds_id,index,epoch,step,value\n"
    let imported = try place.tracker(
      "import", "-", "-o", "a.tracker", "--format", "csv", input: text)
    #expect(imported.status == 0, "\(imported.errors)")
    #expect(try place.tracker("export", "a.tracker", "--format", "csv").output == text)
  }
}
