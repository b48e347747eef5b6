import Foundation
import Testing
import TrackerCodec
import TrackerFile
import TrackerModel
import TrackerState
import TrackerSystem

/// `tracker-merge` and `tracker merge`.
@Suite struct MergeTests {
  /// The points of a file as CSV lines.
  static func points(_ folder: Folder, _ name: String) throws -> [String] {
    let run = try folder.run("tracker-dump", name, "--points", "--format", "csv")
    #expect(run.status == 0)
    return Array(run.lines.dropFirst())
  }

  /// Two workers' files that share instance 5: equal in epoch 1, `other` in epoch 2.
  static func workers(_ folder: Folder, other: Float = 2, second: RunIdentity? = nil) throws {
    try folder.record(
      "w0.tracker", [[1: 0.5, 5: 1], [1: 0.25, 5: 2]], as: Folder.worker(0, of: 2))
    try folder.record(
      "w1.tracker", [[2: 0.125, 5: 1], [2: 8, 5: other]], as: second ?? Folder.worker(1, of: 2))
  }

  // MARK: Union

  @Test func unionHoldsEveryPointOnce() throws {
    let folder = try Folder()
    try Self.workers(folder)
    let run = try folder.run("tracker-merge", "w0.tracker", "w1.tracker", "-o", "m.tracker")
    #expect(run.status == 0)
    #expect(run.output == [])
    #expect(run.errors.contains("8 points") && run.errors.contains("6 points"))
    #expect(
      try Self.points(folder, "m.tracker") == [
        "ce,train,,1,1,10,0.5", "ce,train,,1,2,20,0.25", "ce,train,,2,1,10,0.125",
        "ce,train,,2,2,20,8", "ce,train,,5,1,10,1", "ce,train,,5,2,20,2",
      ])
  }

  @Test func orderOfInputsDoesNotMatter() throws {
    let folder = try Folder()
    try Self.workers(folder)
    for arguments in [
      ["w0.tracker", "w1.tracker", "-o", "a"], ["w1.tracker", "w0.tracker", "-o", "b"],
      ["w1.tracker", "w0.tracker", "w1.tracker", "-o", "c"], ["a", "w1.tracker", "-o", "d"],
      ["a", "-o", "e"],
    ] {
      #expect(try folder.run("tracker", ["merge"] + arguments).status == 0)
    }
    let merged = try folder.read("a")
    for name in ["b", "c", "d", "e"] { #expect(try folder.read(name) == merged, "\(name)") }
  }

  @Test func float32WithFloat64IsFloat64() throws {
    let folder = try Folder()
    try folder.record("w0.tracker", [[1: 0.5, 2: 0.1]], as: Folder.worker(0, of: 2))
    let wide = try InstanceTracker.create(
      path: folder["w1.tracker"], parameters: Folder.parameters(), run: Folder.worker(1, of: 2))
    try wide.record(
      mode: .train, epoch: 1, indices: [1, 3], values: ["ce": .double([0.5, 0.1])])
    try wide.endEpoch(mode: .train, epoch: 1, step: 10)
    try wide.close()
    #expect(
      try folder.run("tracker-merge", "w0.tracker", "w1.tracker", "-o", "m.tracker").status == 0)
    // 0.5 is one point: equal after exact widening. The float32 nearest 0.1 is another number.
    #expect(
      try Self.points(folder, "m.tracker") == [
        "ce,train,,1,1,10,0.5", "ce,train,,2,1,10,0.10000000149011612", "ce,train,,3,1,10,0.1",
      ])
  }

  @Test func knownEpochBeatsAnAbsentOne() throws {
    let folder = try Folder()
    try folder.record("w0.tracker", [[1: 0.5]])
    let writer = try TrackerWriter(
      creating: FileStorage(path: folder["w1.tracker"], mode: .createNew), indexType: .int64,
      identity: nil)
    let bits = [UInt64(Float(0.5).bitPattern), UInt64(Float(4).bitPattern)]
    try writer.appendTile(
      channel: Channel(metric: "ce", mode: .train), valueType: .float32, rows: .integers([1, 2]),
      columns: [TileColumn(step: 10, epoch: nil)], presence: .all(2), values: bits.span)
    try writer.commit(step: 10, epoch: nil, wallTime: nil)
    writer.close()
    #expect(
      try folder.run("tracker-merge", "w1.tracker", "w0.tracker", "-o", "m.tracker").status == 0)
    #expect(
      try Self.points(folder, "m.tracker") == ["ce,train,,1,1,10,0.5", "ce,train,,2,,10,4"])
  }

  @Test func unsealedPointsAreLeftOutAndCounted() throws {
    let folder = try Folder()
    try folder.recordRich("a.tracker")
    let run = try folder.run("tracker-merge", "a.tracker", "-o", "m.tracker")
    #expect(run.status == 0)
    #expect(run.errors.contains("warning: 2 points"))
    let json = try folder.run("tracker-dump", "m.tracker", "--format", "json").json
    #expect(json["points"] as? Int == 30)
    #expect(json["unsealed_points"] as? Int == 0)
    #expect(
      try folder.run("tracker-dump", "m.tracker", "--kept", "--format", "json").json["kept"]
        as? [String] == [])
  }

  // MARK: Provenance

  @Test func provenanceIsKeptShownAndMerged() throws {
    let folder = try Folder()
    try Self.workers(folder)
    try folder.record("w2.tracker", [[1: 7], [9: 3]], as: Folder.worker(0, of: 2, generation: 1))
    func merge(_ inputs: [String], _ output: String, _ more: String...) throws -> CommandRun {
      try folder.run("tracker-merge", inputs + ["-o", output] + more)
    }
    // Worker 0 of the next generation recorded instance 1 anew.
    let last = ["--on-conflict", "last"]
    for (inputs, output) in [
      (["w0.tracker", "w1.tracker"], "week.tracker"),
      (["week.tracker", "w2.tracker"], "tree.tracker"),
      (["w0.tracker", "w1.tracker", "w2.tracker"], "whole.tracker"),
    ] {
      let run = try folder.run(
        "tracker-merge", inputs + ["-o", output, "--keep-provenance"] + last)
      #expect(run.status == 0, "\(run.errors)")
    }
    #expect(try folder.read("tree.tracker") == folder.read("whole.tracker"))
    let shown = try folder.run(
      "tracker-dump", "tree.tracker", "--points", "--sources", "--index", "1")
    #expect(
      shown.lines == [
        "ce train", "  1",
        "    7 at step 10, epoch 1, by run r, generation 1, worker 0 of 2",
        "    0.25 at step 20, epoch 2, by run r, generation 0, worker 0 of 2",
      ])
    let json = try folder.run(
      "tracker-dump", "tree.tracker", "--points", "--sources", "--index", "9", "--format", "json"
    ).json
    let points = json["points"] as? [[String: Any]]
    let recordedBy = points?.first?["recorded_by"] as? [[String: Any]]
    #expect(recordedBy?.first?["generation"] as? Int == 1 && recordedBy?.count == 1)

    // Without the option it is left out, and said so; what was left out cannot be kept later.
    let bare = try merge(["tree.tracker"], "bare.tracker")
    #expect(bare.status == 0 && bare.errors.contains("--keep-provenance"))
    let refused = try merge(["bare.tracker", "w0.tracker"], "no.tracker", "--keep-provenance")
    #expect(refused.status == 5 && refused.errors.contains("bare.tracker"))
    #expect(!folder.names.contains("no.tracker"))
    #expect(try folder.run("tracker-dump", "w0.tracker", "--sources").status == 2)
  }

  // MARK: Conflicts

  @Test func conflictsAreCountedShownAndLeaveNoOutput() throws {
    let folder = try Folder()
    let indices = Int64(0)..<12
    for (rank, offset) in [(UInt32(0), Float(0)), (1, 0.5)] {
      try folder.record(
        "w\(rank).tracker",
        [Dictionary(uniqueKeysWithValues: indices.map { ($0, Float($0) + offset) })],
        as: Folder.worker(rank, of: 2))
    }
    let run = try folder.run("tracker-merge", "w0.tracker", "w1.tracker", "-o", "m.tracker")
    #expect(run.status == 5)
    #expect(folder.names == ["w0.tracker", "w1.tracker"])
    #expect(run.errors.contains("12 points have different values"))
    #expect(run.errors.contains("--on-conflict"))
    let shown = run.errors.split(separator: "\n").filter { $0.hasPrefix("conflict: ") }
    #expect(shown.count == 10)
    #expect(
      shown.first == "conflict: ce train, index 0, step 10: 0 in w0.tracker, 0.5 in w1.tracker")
    #expect(run.errors.contains("2 more"))
  }

  @Test(arguments: [("min", "1"), ("max", "3"), ("first", "3"), ("last", "1")])
  func policyDecides(_ policy: String, _ value: String) throws {
    let folder = try Folder()
    // Worker 1 recorded 1, worker 0 recorded 3.
    try folder.record("a.tracker", [[5: 1]], as: Folder.worker(1, of: 2))
    try folder.record("b.tracker", [[5: 3]], as: Folder.worker(0, of: 2))
    for inputs in [["a.tracker", "b.tracker"], ["b.tracker", "a.tracker"]] {
      let run = try folder.run(
        "tracker-merge", inputs + ["-o", "m.tracker", "--on-conflict", policy, "--force"])
      #expect(run.status == 0)
      #expect(run.errors.contains("1 conflict decided by '\(policy)'"))
      #expect(try Self.points(folder, "m.tracker") == ["ce,train,,5,1,10,\(value)"])
    }
  }

  @Test func minAndMaxFollowTheOrderOfValues() throws {
    let folder = try Folder()
    let nan = Float(bitPattern: 0x7FC0_0001)
    try folder.record(
      "a.tracker", [[1: -0.0, 2: .nan, 3: .nan, 4: -.infinity]], as: Folder.worker(0, of: 2))
    try folder.record(
      "b.tracker", [[1: 0.0, 2: .infinity, 3: nan, 4: 1]], as: Folder.worker(1, of: 2))
    for (policy, values) in [
      // Of equal rank the lower bit pattern, in which a negative zero is the higher.
      ("min", ["0", "inf", "nan", "-inf"]), ("max", ["-0", "nan", "nan(0x7fc00001)", "1"]),
    ] {
      for inputs in [["a.tracker", "b.tracker"], ["b.tracker", "a.tracker"]] {
        let run = try folder.run(
          "tracker-merge", inputs + ["-o", "m.tracker", "--on-conflict", policy, "--force"])
        #expect(run.status == 0)
        let lines = try Self.points(folder, "m.tracker")
        #expect(lines.map { $0.split(separator: ",").last.map(String.init) } == values, "\(policy)")
      }
    }
  }

  @Test func laterGenerationIsLast() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[5: 1]], as: Folder.worker(0, of: 2, generation: 1))
    try folder.record("b.tracker", [[5: 3]], as: Folder.worker(1, of: 2, generation: 0))
    #expect(
      try folder.run(
        "tracker-merge", "a.tracker", "b.tracker", "-o", "m.tracker", "--on-conflict", "last"
      ).status == 0)
    #expect(try Self.points(folder, "m.tracker") == ["ce,train,,5,1,10,1"])
  }

  @Test(arguments: ["first", "last"])
  func firstAndLastRefuseWhatTheyCannotDecide(_ policy: String) throws {
    let folder = try Folder()
    // The same generation and rank twice; and a merged file, which no one worker recorded.
    try folder.record("a.tracker", [[5: 1]], as: Folder.worker(0, of: 2))
    try folder.record("b.tracker", [[5: 3]], as: Folder.worker(0, of: 2))
    try folder.record("c.tracker", [[6: 3]], as: Folder.worker(1, of: 2))
    #expect(try folder.run("tracker-merge", "b.tracker", "c.tracker", "-o", "bc").status == 0)
    for inputs in [["a.tracker", "b.tracker"], ["a.tracker", "bc"]] {
      let run = try folder.run(
        "tracker-merge", inputs + ["-o", "m.tracker", "--on-conflict", policy])
      #expect(run.status == 5)
      #expect(run.errors.contains("cannot be decided"))
      #expect(!folder.names.contains("m.tracker"))
    }
  }

  @Test func differentEpochsOfAStepAreAConflict() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[5: 1]], as: Folder.worker(0, of: 2))
    let tracker = try InstanceTracker.create(
      path: folder["b.tracker"], parameters: Folder.parameters(), run: Folder.worker(1, of: 2))
    try tracker.record(mode: .train, epoch: 7, indices: [5], [1])
    try tracker.endEpoch(mode: .train, epoch: 7, step: 10)
    try tracker.close()
    let refused = try folder.run("tracker-merge", "a.tracker", "b.tracker", "-o", "m.tracker")
    #expect(refused.status == 5)
    #expect(refused.errors.contains("epoch 1") && refused.errors.contains("epoch 7"))
    for (policy, epoch) in [("min", 1), ("max", 7), ("first", 1), ("last", 7)] {
      let run = try folder.run(
        "tracker-merge", "b.tracker", "a.tracker", "-o", "m.tracker", "--on-conflict", policy,
        "--force")
      #expect(run.status == 0)
      #expect(try Self.points(folder, "m.tracker") == ["ce,train,,5,\(epoch),10,1"], "\(policy)")
    }
  }

  /// Equal values of one step, whose epochs differ: the one who decides is to be remembered.
  @Test func thirdEpochOfAStepMeetsTheWinnerOfTheFirstTwo() throws {
    let folder = try Folder()
    let files = ["a.tracker", "b.tracker", "c.tracker"]
    let generations: [UInt32] = [2, 0, 1]
    for place in 0..<3 {
      let (epoch, generation) = (Int64(place) + 1, generations[place])
      let tracker = try InstanceTracker.create(
        path: folder[files[place]], parameters: Folder.parameters(),
        run: Folder.worker(generation: generation))
      try tracker.record(mode: .train, epoch: epoch, indices: [5], [1])
      try tracker.endEpoch(mode: .train, epoch: epoch, step: 10)
      try tracker.close()
    }
    for (policy, epoch) in [("first", 2), ("last", 1)] {
      let run = try folder.run(
        "tracker-merge", files + ["-o", "m.tracker", "--on-conflict", policy, "--force"])
      #expect(run.status == 0)
      #expect(try Self.points(folder, "m.tracker") == ["ce,train,,5,\(epoch),10,1"], "\(policy)")
    }
  }

  @Test func inputsThatCannotBeOrderedGiveTheSameInAnyOrder() throws {
    let folder = try Folder()
    // No one can say which of a and b is later, but c is later than both.
    try folder.record("a.tracker", [[5: 1]], as: Folder.worker(0, of: 2))
    try folder.record("b.tracker", [[5: 2]], as: Folder.worker(0, of: 2))
    try folder.record("c.tracker", [[5: 3]], as: Folder.worker(0, of: 2, generation: 1))
    func merge(_ inputs: String...) throws -> Int32 {
      try folder.run(
        "tracker-merge", inputs + ["-o", "m.tracker", "--on-conflict", "last", "--force"]
      ).status
    }
    let statuses = [
      try merge("c.tracker", "a.tracker", "b.tracker"),
      try merge("a.tracker", "b.tracker", "c.tracker"),
    ]
    // The last of the three is known, whatever the order of the other two.
    #expect(statuses == [0, 0])
    #expect(try Self.points(folder, "m.tracker") == ["ce,train,,5,1,10,3"])
  }

  @Test func parametersOfAnotherIndexTypeAreRefused() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[5: 1]], as: Folder.worker(0, of: 1))
    let strings = try InstanceTracker.create(
      path: folder["s.tracker"],
      parameters: Parameters(metricKeys: ["ce"], listToKeep: ["x"]), indexType: .string)
    try strings.close()
    let run = try folder.run(
      "tracker-merge", "a.tracker", "-o", "m.tracker", "--parameters-from", "s.tracker")
    #expect(run.status == 1)
    #expect(run.errors.contains("string"))
    #expect(folder.names == ["a.tracker", "s.tracker"])
  }

  @Test func aFileThatIsBeingWrittenIsNotReplaced() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[5: 1]], as: Folder.worker(0, of: 1))
    let writing = try InstanceTracker.resume(path: folder["a.tracker"])
    let run = try folder.run("tracker", "compact", "a.tracker", "-o", "a.tracker", "--force")
    #expect(run.status == 1)
    #expect(run.errors.contains("is writing to this file"))
    try writing.close()
    #expect(
      try folder.run("tracker", "compact", "a.tracker", "-o", "a.tracker", "--force").status == 0)
  }

  // MARK: Who took part

  @Test func missingWorkersAreNamed() throws {
    let folder = try Folder()
    try folder.record("w0.tracker", [[1: 1]], as: Folder.worker(0, of: 4))
    try folder.record("w2.tracker", [[2: 1]], as: Folder.worker(2, of: 4, generation: 3))
    let run = try folder.run(
      "tracker-merge", "w0.tracker", "w2.tracker", "-o", "m.tracker", "--expect-workers", "4")
    #expect(run.status == 6)
    #expect(run.errors.contains("workers 1, 3 of 4"))
    #expect(folder.names == ["w0.tracker", "w2.tracker"])
    // Without the option it is a warning.
    let warned = try folder.run("tracker-merge", "w0.tracker", "w2.tracker", "-o", "m.tracker")
    #expect(warned.status == 0)
    #expect(warned.errors.contains("warning: no input holds workers 1, 3 of 4"))
    try folder.record("w1.tracker", [[3: 1]], as: Folder.worker(1, of: 4))
    try folder.record("w3.tracker", [[4: 1]], as: Folder.worker(3, of: 4))
    // Those that a merged file says took part count.
    #expect(
      try folder.run(
        "tracker-merge", "m.tracker", "w1.tracker", "w3.tracker", "-o", "all.tracker",
        "--expect-workers", "4"
      ).status == 0)
  }

  @Test func hugeExpectedWorkersAreRefusedAtOnce() throws {
    let folder = try Folder()
    try folder.record("w0.tracker", [[1: 1]])
    for count in ["4294967295", "4294967296", "9223372036854775807"] {
      let run = try folder.run(
        "tracker-merge", "w0.tracker", "-o", "m.tracker", "--expect-workers", count)
      #expect(run.status == 6 || run.status == 2, "\(count)")
    }
  }

  @Test func filesOfDifferentRunsNeedConsent() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[1: 1]], as: Folder.worker(run: "one"))
    try folder.record("b.tracker", [[2: 1]], as: Folder.worker(run: "two"))
    let run = try folder.run("tracker-merge", "a.tracker", "b.tracker", "-o", "m.tracker")
    #expect(run.status == 1)
    #expect(run.errors.contains("one") && run.errors.contains("two"))
    #expect(run.errors.contains("--allow-mixed-runs"))
    #expect(
      try folder.run(
        "tracker-merge", "a.tracker", "b.tracker", "-o", "m.tracker", "--allow-mixed-runs"
      ).status == 0)
    #expect(try Self.points(folder, "m.tracker").count == 2)
  }

  // MARK: Parameters

  @Test func disagreeingParametersNeedAChoice() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[1: 1]], parameters: Folder.parameters(max: 3, list: [4, 5]))
    try folder.record("b.tracker", [[2: 1]], parameters: Folder.parameters(max: 7, list: [9, 5]))
    let run = try folder.run("tracker-merge", "a.tracker", "b.tracker", "-o", "m.tracker")
    #expect(run.status == 1)
    #expect(run.errors.contains("n_max_to_keep is 7, in a.tracker it is 3"))
    #expect(run.errors.contains("--parameters-from"))
    #expect(
      try folder.run(
        "tracker-merge", "a.tracker", "b.tracker", "-o", "m.tracker", "--parameters-from",
        "b.tracker"
      ).status == 0)
    let json = try folder.run("tracker-dump", "m.tracker", "--format", "json").json
    let parameters = json["parameters"] as? [String: Any] ?? [:]
    #expect(parameters["n_max_to_keep"] as? Int == 7)
    #expect(parameters["list_to_keep"] as? [Int] == [4, 5, 9])
  }

  @Test func listsAreUnitedNotCompared() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[1: 1]], parameters: Folder.parameters(list: [4]))
    try folder.record("b.tracker", [[2: 1]], parameters: Folder.parameters())
    try folder.record("c.tracker", [[3: 1]], parameters: Folder.parameters(list: [2]))
    let inputs = ["a.tracker", "b.tracker", "c.tracker"]
    #expect(try folder.run("tracker-merge", inputs + ["-o", "m.tracker"]).status == 0)
    let json = try folder.run("tracker-dump", "m.tracker", "--format", "json").json
    #expect((json["parameters"] as? [String: Any])?["list_to_keep"] as? [Int] == [2, 4])
  }

  // MARK: Output

  @Test func existingOutputIsKeptUnlessForced() throws {
    let folder = try Folder()
    try Self.workers(folder)
    try folder.write([1, 2, 3], "m.tracker")
    let inputs = ["w0.tracker", "w1.tracker", "-o", "m.tracker"]
    let run = try folder.run("tracker-merge", inputs)
    #expect(run.status == 1)
    #expect(run.errors.contains("--force"))
    #expect(try folder.read("m.tracker") == [1, 2, 3])
    #expect(try folder.run("tracker-merge", inputs + ["--force"]).status == 0)
    #expect(try Self.points(folder, "m.tracker").count == 6)
    #expect(folder.names == ["m.tracker", "w0.tracker", "w1.tracker"])
  }

  @Test func outputIsNeverAnInput() throws {
    let folder = try Folder()
    try Self.workers(folder)
    let before = try folder.read("w0.tracker")
    try FileManager.default.createSymbolicLink(
      atPath: folder["link.tracker"], withDestinationPath: "w0.tracker")
    try FileManager.default.linkItem(atPath: folder["w0.tracker"], toPath: folder["hard.tracker"])
    for output in [
      "w0.tracker", "./w0.tracker", folder["w0.tracker"], "link.tracker", "hard.tracker",
    ] {
      let run = try folder.run(
        "tracker-merge", "w0.tracker", "w1.tracker", "-o", output, "--force")
      #expect(run.status == 2, "\(output)")
      #expect(run.errors.contains("output"), "\(output)")
      #expect(try folder.read("w0.tracker") == before)
    }
  }

  @Test func unwritableOutputIsAFailure() throws {
    let folder = try Folder()
    try Self.workers(folder)
    for output in ["none/m.tracker", ".", "/proc/m.tracker"] {
      let run = try folder.run("tracker-merge", "w0.tracker", "-o", output, "--force")
      #expect(run.status == 1, "\(output)")
      #expect(run.errors.contains("error: "))
    }
    #expect(folder.names == ["w0.tracker", "w1.tracker"])
  }
}
