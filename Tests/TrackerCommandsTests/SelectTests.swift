import Foundation
import Testing
import TrackerModel

/// `tracker select`.
@Suite struct SelectTests {
  static func selections(_ run: CommandRun) -> [[String: Any]] {
    run.json["selections"] as? [[String: Any]] ?? []
  }

  static func indices(_ selection: [String: Any]?, _ set: String) -> [Int] {
    (selection?[set] as? [[String: Any]] ?? []).compactMap { $0["index"] as? Int }
  }

  @Test func selectionHasItsDocumentedMembers() throws {
    let folder = try Folder()
    try folder.recordRich("a.tracker")
    let run = try folder.run("tracker", "select", "a.tracker", "--format", "json")
    #expect(run.status == 0)
    #expect(run.json["schema"] as? Int == 1)
    // Unsealed points are counted, not selected from.
    #expect(run.errors.contains("warning: 2 points"))
    let selections = Self.selections(run)
    #expect(selections.map { $0["metric"] as? String } == ["ce", "ce", "hits"])
    #expect(selections.map { $0["mode"] as? String } == ["train", "eval", "train"])
    #expect(selections.map { $0["ds_id"] as? String } == [nil, "a, \"b\"", nil])
    #expect(
      selections.map { $0["output"] as? String } == ["ce_by_idx", "ce_by_idx", "hits_by_idx"])
    #expect(
      Set(selections[0].keys) == [
        "metric", "mode", "ds_id", "output", "max", "min", "list", "missing",
      ])
    #expect(selections[0]["missing"] as? [Int] == [99])
    #expect(selections[1]["missing"] as? [Int] == [3, 99])
    let list = selections[0]["list"] as? [[String: Any]] ?? []
    #expect(list.map { Set($0.keys) } == [["index", "value", "history"]])
    #expect(list[0]["index"] as? Int == 3)
    #expect(run.text.contains("[[100, -0], [200, -0], [300, -0]]"))
    let max = selections[0]["max"] as? [[String: Any]] ?? []
    #expect(max.map { "\($0["index"] ?? "")" } == ["1", "9223372036854775807"])
    #expect(max.map { $0["value"] as? String } == [nil, "nan(0x7fc00001)"])
    let history = max[0]["history"] as? [[Any]] ?? []
    #expect(history.map { $0[0] as? Int } == [100, 200, 300])
    #expect(history.map { $0[1] as? Double } == [0.1, 0.2, 0.3])
    #expect(max[0]["value"] as? Double == 0.3)
  }

  @Test func severalFilesAreSelectedFromAsIfMerged() throws {
    let folder = try Folder()
    try folder.record(
      "w0.tracker", [[1: 5, 5: 1], [1: 6, 5: 9]],
      as: Folder.worker(0, of: 2), parameters: Folder.parameters(list: [5]))
    try folder.record(
      "w1.tracker", [[2: 7, 4: 0.5], [2: 1, 4: 3]],
      as: Folder.worker(1, of: 2), parameters: Folder.parameters(list: [77]))
    #expect(
      try folder.run("tracker-merge", "w0.tracker", "w1.tracker", "-o", "m.tracker").status == 0)
    for format in DumpTests.formats {
      let merged = try folder.run("tracker", "select", "m.tracker", "--format", format)
      let separate = try folder.run(
        "tracker", "select", "w1.tracker", "w0.tracker", "--format", format)
      #expect(merged.status == 0)
      #expect(merged.output == separate.output, "\(format)")
    }
    let selection = Self.selections(
      try folder.run("tracker", "select", "w0.tracker", "w1.tracker", "--format", "json")
    ).first
    #expect(Self.indices(selection, "max") == [1, 5])
    #expect(Self.indices(selection, "min") == [2, 4])
    #expect(Self.indices(selection, "list") == [5])
    #expect(selection?["missing"] as? [Int] == [77])
  }

  @Test func argumentsReplaceParameters() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[1: 1, 2: 2, 3: 3, 4: 4, 5: 4]])
    func select(_ arguments: String...) throws -> [String: Any]? {
      let run = try folder.run(
        "tracker", ["select", "a.tracker", "--format", "json"] + arguments)
      #expect(run.status == 0)
      return Self.selections(run).first
    }
    #expect(Self.indices(try select("--max", "1", "--min", "0"), "max") == [5])
    #expect(Self.indices(try select("--max", "1", "--min", "0"), "min") == [])
    #expect(Self.indices(try select("--max", "100"), "max") == [1, 2, 3, 4, 5])
    #expect(Self.indices(try select("--keep", "2,4", "--keep", "3"), "list") == [2, 3, 4])
    #expect(try select("--keep", "6")?["missing"] as? [Int] == [6])
    try folder.write(Array("3\r\n1\n\n17\n".utf8), "list.txt")
    let kept = try select("--keep-file", "list.txt")
    #expect(Self.indices(kept, "list") == [1, 3])
    #expect(kept?["missing"] as? [Int] == [17])
    #expect(try select("--mode", "eval") == nil)
  }

  @Test func nothingIsChanged() throws {
    let folder = try Folder()
    try folder.recordRich("a.tracker")
    let before = try folder.read("a.tracker")
    for format in DumpTests.formats {
      #expect(try folder.run("tracker", "select", "a.tracker", "--format", format).status == 0)
    }
    #expect(try folder.read("a.tracker") == before)
    #expect(folder.names == ["a.tracker"])
  }

  @Test func conflictsAreCountedAndDecided() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[5: 1, 6: 2]], as: Folder.worker(0, of: 2))
    try folder.record("b.tracker", [[5: 3, 7: 2]], as: Folder.worker(1, of: 2))
    func select(_ arguments: String...) throws -> CommandRun {
      try folder.run(
        "tracker",
        ["select", "b.tracker", "a.tracker", "--format", "csv", "--max", "1", "--min", "0"]
          + arguments)
    }
    let run = try select()
    #expect(run.status == 5)
    #expect(run.errors.contains("warning: 1 point has different values in different files"))
    #expect(run.errors.contains("index 5, step 10"))
    #expect(run.lines.dropFirst() == ["ce,train,,max,7,10,2"])
    for (policy, line) in [
      ("max", "ce,train,,max,5,10,3"), ("min", "ce,train,,max,7,10,2"),
      ("last", "ce,train,,max,5,10,3"), ("first", "ce,train,,max,7,10,2"),
    ] {
      let decided = try select("--on-conflict", policy)
      #expect(decided.status == 0)
      #expect(decided.lines.dropFirst() == [line])
      #expect(decided.errors.contains("decided by '\(policy)'"))
    }
    let refused = try select("--on-conflict", "error")
    #expect(refused.status == 5)
    #expect(refused.lines.isEmpty)
  }

  @Test func everyCriterionSelects() throws {
    let folder = try Folder()
    try folder.record(
      "a.tracker", [[1: 0.5, 2: 9, 3: 1], [1: 2, 2: 3, 3: 1], [1: 0.25, 2: 4, 3: 1.5]],
      parameters: Folder.parameters(max: 1, min: 1, list: [3, 8]))
    for (criterion, highest, lowest, score) in [
      ("final", 2, 1, ""), ("first", 2, 1, "9"), ("min", 2, 1, "3"), ("max", 2, 3, "9"),
      ("range", 2, 3, "6"), ("mean", 2, 1, "5.333333333333333"), ("std", 2, 3, ""),
      ("area", 2, 3, "4.75"), ("early", 2, 1, "5.333333333333333"), ("windowed-std", 2, 3, ""),
      ("trend", 3, 2, "0.025"), ("forgetting", 3, 1, "inf"), ("first-learned", 3, 1, "inf"),
      ("correctness", 1, 2, "0.6666666666666666"), ("rank-change", 3, 2, "0.5"),
    ] {
      let run = try folder.run(
        "tracker", "select", "a.tracker", "--by", criterion, "--format", "csv")
      #expect(run.status == 0, "\(criterion): \(run.errors)")
      let rows = run.lines.dropFirst().map { $0.components(separatedBy: ",") }
      #expect(rows.first { $0[3] == "max" }?[4] == "\(highest)", "\(criterion)")
      #expect(rows.first { $0[3] == "min" }?[4] == "\(lowest)", "\(criterion)")
      #expect(rows.map { $0[3] } == ["max", "min", "list", "missing"])
      if criterion != "final" {
        #expect(rows[0][7] == criterion)
        if !score.isEmpty { #expect(rows[0][8] == score) }
        let json = try folder.run(
          "tracker", "select", "a.tracker", "--by", criterion, "--format", "json")
        #expect(Self.selections(json).first?["by"] as? String == criterion)
        let text = try folder.run("tracker", "select", "a.tracker", "--by", criterion)
        #expect(text.lines[1].contains(criterion) && text.lines[1].contains("last value"))
      }
    }
    #expect(try folder.run("tracker", "select", "a.tracker", "--by", "nonsense").status == 2)
  }

  /// Where the last epoch has every integer there is, earlier ones need not be read; where it has not,
  /// they count.
  @Test func lastValuesOfEarlierEpochsCount() throws {
    let folder = try Folder()
    for (name, last) in [
      ("whole.tracker", [1: 5, 2: 6, 3: 7, 4: 8] as [Int64: Float]),
      ("gap.tracker", [1: 5, 3: 7, 4: 8]), ("end.tracker", [1: 5, 2: 6, 3: 7]),
    ] {
      var epochs = (0..<12).map { epoch in
        Dictionary(uniqueKeysWithValues: (Int64(1)...4).map { ($0, Float(epoch) + 100) })
      }
      epochs.append(last)
      try folder.record(name, epochs)
      let run = try folder.run(
        "tracker", "select", name, "--format", "csv", "--max", "4", "--min", "0")
      let points = try folder.run(
        "tracker", "stats", name, "--by", "final", "--format", "csv")
      #expect(run.status == 0)
      let rows = run.lines.dropFirst().map { $0.components(separatedBy: ",") }
      #expect(
        rows.map { "\($0[4]) \($0[6])" }
          == points.lines.dropFirst().map {
            let fields = $0.components(separatedBy: ",")
            return "\(fields[3]) \(fields[5])"
          })
      #expect(rows.count == 4)
    }
  }
}
