import Testing
import TrackerModel
import TrackerState

/// `tracker-dump` and `tracker dump`.
@Suite struct DumpTests {
  static let formats = ["text", "json", "ndjson", "csv"]

  @Test func summaryHasItsDocumentedMembers() throws {
    let folder = try Folder()
    let run = try folder.run("tracker-dump", folder.recordRich("a.tracker"), "--format", "json")
    #expect(run.status == 0)
    #expect(run.errors == "")
    let json = run.json
    #expect(json["schema"] as? Int == 1)
    let size = try folder.read("a.tracker").count
    #expect(json["file_bytes"] as? Int == size)
    // 3 epochs of 4 instances and 2 metrics, 3 of 2 instances.
    #expect(json["points"] as? Int == 30)
    #expect(json["bytes_per_point"] as? Double == Double(size) / 30)
    #expect(json["commits"] as? Int == 5)
    #expect(json["unsealed_points"] as? Int == 2)
    #expect(json["damaged_bytes"] as? Int == 0)
    let parameters = json["parameters"] as? [String: Any] ?? [:]
    #expect(parameters["index"] as? String == "idx")
    #expect(parameters["metrics"] as? [String] == ["ce", "hits"])
    #expect(parameters["n_max_to_keep"] as? Int == 2)
    #expect(parameters["list_to_keep"] as? [Int] == [3, 99])
    #expect(parameters["outputs"] as? [String] == ["ce_by_idx", "hits_by_idx"])
    let identities = (json["run"] as? [String: Any])?["identities"] as? [[String: Any]] ?? []
    #expect(identities.map { $0["run_id"] as? String } == ["r"])
    #expect(identities.map { $0["world_size"] as? Int } == [2])
    let channels = json["channels"] as? [[String: Any]] ?? []
    #expect(channels.map { $0["metric"] as? String } == ["ce", "ce", "hits"])
    #expect(channels.map { $0["mode"] as? String } == ["train", "eval", "train"])
    #expect(channels.map { $0["ds_id"] as? String } == [nil, "a, \"b\"", nil])
    #expect(channels.map { $0.keys.contains("ds_id") } == [true, true, true])
    for (name, values) in [
      "instances": [4, 2, 4], "points": [12, 6, 12], "epochs": [3, 3, 3],
      "first_step": [100, 100, 100], "last_step": [300, 300, 300],
    ] {
      #expect(channels.map { $0[name] as? Int } == values, "\(name)")
    }
  }

  @Test(arguments: ["", "--points", "--tiles", "--commits", "--kept"], formats)
  func everyListingPrintsEveryFormat(_ listing: String, _ format: String) throws {
    let folder = try Folder()
    try folder.recordRich("a.tracker")
    let arguments = ["a.tracker", "--format", format] + (listing.isEmpty ? [] : [listing])
    let run = try folder.run("tracker-dump", arguments)
    #expect(run.status == 0)
    #expect(run.errors == "")
    #expect(try folder.run("tracker", ["dump"] + arguments).output == run.output)
    // 30 points; a tile for each channel and epoch; a first, 3 epochs' and a mid-epoch commit; 3
    // kept channels.
    let counts = ["": 1, "--points": 30, "--tiles": 9, "--commits": 5, "--kept": 3]
    let count = counts[listing] ?? 0
    switch format {
    case "json":
      #expect(run.json["schema"] as? Int == 1)
      if !listing.isEmpty {
        #expect((run.json[String(listing.dropFirst(2))] as? [Any])?.count == count)
      }
    case "ndjson":
      #expect(run.jsonLines.count == count)
      #expect(run.jsonLines.allSatisfy { !$0.isEmpty })
    case "csv":
      let fields = run.lines.first?.split(separator: ",") ?? []
      #expect(fields.count > 3)
      if listing == "" { #expect(run.lines.count == 1 + 3) }
      // One line for each kept instance in each set, otherwise one each.
      if listing != "", listing != "--kept" { #expect(run.lines.count == 1 + count) }
    default:
      #expect(run.lines.count >= count)
    }
  }

  @Test func pointsAsCSVReadBackExactly() throws {
    let folder = try Folder()
    try folder.recordRich("a.tracker")
    let run = try folder.run("tracker-dump", "a.tracker", "--points", "--format", "csv")
    #expect(run.lines.first == "metric,mode,ds_id,index,epoch,step,value")
    for line in [
      "ce,train,,1,1,100,0.1", "ce,train,,2,1,100,-inf", "ce,train,,3,1,100,-0",
      "ce,train,,9223372036854775807,1,100,nan(0x7fc00001)",
      "ce,eval,\"a, \"\"b\"\"\",7,1,100,nan",
      "ce,eval,\"a, \"\"b\"\"\",-9223372036854775808,3,300,inf",
      "hits,train,,2,1,100,9007199254740992", "hits,train,,3,2,200,-1.8014398509481984e+16",
    ] {
      #expect(run.lines.contains(line), "\(line)")
    }
  }

  @Test func whatJSONCannotHoldIsAString() throws {
    let folder = try Folder()
    try folder.recordRich("a.tracker")
    let run = try folder.run(
      "tracker-dump", "a.tracker", "--points", "--format", "ndjson", "--steps", "100")
    func values(_ metric: String, _ mode: String) -> [Any?] {
      run.jsonLines.filter { $0["metric"] as? String == metric && $0["mode"] as? String == mode }
        .map { $0["value"] }
    }
    #expect(values("ce", "eval").map { $0 as? String } == ["inf", "nan"])
    #expect(values("ce", "train").map { $0 as? String } == [nil, "-inf", nil, "nan(0x7fc00001)"])
    #expect(values("ce", "train")[0] as? Double == 0.1)
    let indices = run.jsonLines.map { $0["index"] }
    #expect(indices.contains { $0 as? String == "9223372036854775807" })
    #expect(indices.contains { $0 as? String == "-9223372036854775808" })
    #expect(indices.contains { $0 as? Int == 7 })
  }

  @Test func filtersLetThroughWhatTheyName() throws {
    let folder = try Folder()
    try folder.recordRich("a.tracker")
    func count(_ arguments: String...) throws -> Int {
      let run = try folder.run(
        "tracker-dump", ["a.tracker", "--points", "--format", "csv"] + arguments)
      #expect(run.status == 0, "\(arguments)")
      return run.lines.count - 1
    }
    #expect(try count("--mode", "train") == 24)
    #expect(try count("--metric", "hits") == 12)
    #expect(try count("--metric", "none") == 0)
    #expect(try count("--ds-id", "a, \"b\"") == 6)
    #expect(try count("--index", "1", "--index", "7", "--index", "12345") == 9)
    #expect(try count("--index", "-9223372036854775808") == 3)
    #expect(try count("--steps", "100..200") == 20)
    #expect(try count("--steps", "200..") == 20)
    #expect(try count("--steps", "..100") == 10)
    #expect(try count("--steps", "300") == 10)
    #expect(try count("--limit", "7") == 7)
    #expect(try count("--limit", "0") == 0)
    // Commit 1 holds no epoch yet, commit 2 the first.
    #expect(try count("--at-commit", "2") == 10)
    #expect(try count("--at-commit", "1") == 0)
  }

  @Test func summaryAsOfAnEarlierCommitKnowsNothingLater() throws {
    let folder = try Folder()
    try folder.recordRich("a.tracker")
    let run = try folder.run("tracker-dump", "a.tracker", "--at-commit", "3", "--format", "json")
    #expect(run.json["points"] as? Int == 20)
    #expect(run.json["unsealed_points"] as? Int == 0)
    #expect(try folder.run("tracker-dump", "a.tracker", "--at-commit", "6").status == 1)
    #expect(try folder.run("tracker-dump", "a.tracker", "--at-commit", "0").status == 1)
  }

  @Test func summaryReadsNoValues() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[1: 0.5, 2: 0.25], [1: 0.125, 2: 8]])
    let sound = try folder.run("tracker-dump", "a.tracker").output
    // The last byte of the first tile's record belongs to its values.
    let tile = try folder.run("tracker-dump", "a.tracker", "--tiles", "--format", "ndjson")
      .jsonLines[0]
    let end = (tile["offset"] as? Int ?? 0) + (tile["bytes"] as? Int ?? 0)
    var bytes = try folder.read("a.tracker")
    bytes[end - 1] ^= 1
    try folder.write(bytes, "a.tracker")
    let run = try folder.run("tracker-dump", "a.tracker")
    #expect(run.status == 0)
    #expect(run.output == sound)
    #expect(try folder.run("tracker-dump", "a.tracker", "--points").status == 1)
  }

  @Test func keptSetsAreThoseOfTheLastSelection() throws {
    let folder = try Folder()
    try folder.recordRich("a.tracker")
    let run = try folder.run("tracker-dump", "a.tracker", "--kept", "--format", "json")
    let kept = run.json["kept"] as? [[String: Any]] ?? []
    #expect(kept.map { $0["metric"] as? String } == ["ce", "ce", "hits"])
    #expect(kept.map { $0["mode"] as? String } == ["train", "eval", "train"])
    #expect(kept[0]["min"] as? [Int] == [2, 3])
    #expect((kept[0]["max"] as? [Any])?.map { "\($0)" } == ["1", "9223372036854775807"])
    #expect(kept[0]["list"] as? [Int] == [3])
    #expect(kept[0]["missing"] as? [Int] == [99])
    let none = try folder.run(
      "tracker-dump", folder.record("b.tracker", [[1: 1]]), "--kept")
    #expect(none.status == 0)
    #expect(none.output == [])
    #expect(none.errors.contains("no selection"))
  }

  // MARK: Ends of files

  @Test func tornTailIsReportedUnlessAWriterHoldsTheLock() throws {
    let folder = try Folder()
    let tracker = try InstanceTracker.create(
      path: folder["a.tracker"], parameters: Folder.parameters(), run: Folder.worker())
    try tracker.record(mode: .train, epoch: 1, indices: [1, 2], [0.5, 0.25])
    try tracker.endEpoch(mode: .train, epoch: 1, step: 10)
    try tracker.checkpoint()
    // A tile that no commit covers yet.
    try tracker.record(mode: .train, epoch: 2, indices: [1, 2], [1, 2])
    try tracker.endEpoch(mode: .train, epoch: 2, step: 20)
    let writing = try folder.run("tracker-dump", "a.tracker", "--format", "json")
    #expect(writing.status == 0)
    #expect(writing.errors == "")
    #expect(writing.json["points"] as? Int == 2)
    try folder.write(folder.read("a.tracker"), "torn.tracker")
    for arguments in [
      ["tracker-dump", "torn.tracker"], ["tracker", "select", "torn.tracker"],
      ["tracker-merge", "torn.tracker", "-o", "m.tracker"],
      ["tracker", "compact", "torn.tracker", "-o", "c.tracker"],
    ] {
      let torn = try folder.run(arguments[0], Array(arguments.dropFirst()))
      #expect(torn.status == 3, "\(arguments)")
      #expect(torn.errors.contains("follow the last commit"), "\(arguments)")
    }
    #expect(try folder.run("tracker", "verify", "torn.tracker").status == 4)
    #expect(try folder.run("tracker", "diff", "a.tracker", "torn.tracker").status == 2)
    try tracker.close()
    #expect(
      try folder.run("tracker-dump", "a.tracker", "--format", "json").json["points"] as? Int == 4)
    // Resuming the torn file says so, and the first append cuts the tail off.
    let resumed = try InstanceTracker.resume(path: folder["torn.tracker"])
    #expect(resumed.removedTail != nil)
    try resumed.checkpoint()
    try resumed.close()
    #expect(try folder.run("tracker-dump", "torn.tracker").status == 0)
  }

  @Test func closedPipeEndsQuietly() throws {
    let folder = try Folder()
    // More than a pipe holds.
    try folder.record(
      "a.tracker", [Dictionary(uniqueKeysWithValues: (Int64(0)..<20000).map { ($0, Float($0)) })])
    for format in Self.formats {
      let run = try folder.shell(
        "tracker-dump a.tracker --points --format \(format) | head -n 1; echo ${PIPESTATUS[0]}")
      #expect(run.errors == "", "\(format)")
      #expect(run.lines.count == 2, "\(format)")
      #expect(run.lines.last == "0", "\(format)")
    }
  }

  @Test func filesThatAreNoTrackersAreNamed() throws {
    let folder = try Folder()
    try folder.write(Array("metric,mode,ds_id,index,epoch,step,value\n".utf8), "a.csv")
    try folder.write([], "empty.tracker")
    for (name, text) in [
      ("a.csv", "a.csv"), ("empty.tracker", "empty.tracker"), ("none.tracker", "none.tracker"),
      (".", "."),
    ] {
      let run = try folder.run("tracker-dump", name)
      #expect(run.status == 1, "\(name)")
      #expect(run.output == [], "\(name)")
      #expect(run.errors.hasPrefix("error: \(text)"), "\(run.errors)")
      #expect(run.errors.split(separator: "\n").count == 1, "\(name)")
    }
  }
}
