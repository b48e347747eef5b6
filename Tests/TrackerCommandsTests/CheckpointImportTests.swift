import Foundation
import Testing
import TrackerModel
import TrackerState

/// Checkpoints of FastEstimator, by the command.
@Suite struct CheckpointImportTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures")

  private static func fixture(_ path: String, in folder: Folder) throws -> [UInt8] {
    let file = fixtures.appending(path: path).path
    guard path.hasSuffix(".gz") else {
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
    }
    let run = try folder.run("/bin/gzip", "-dc", file)
    #expect(run.status == 0)
    return run.output
  }

  private static let system = """
    {"mode": "train", "epoch_idx": 10, "global_step": 230, "custom_graphs": {}}
    """

  private static func makeFolder(_ path: String, _ pickle: [UInt8], _ folder: Folder) throws {
    try FileManager.default.createDirectory(
      atPath: folder[path], withIntermediateDirectories: true)
    try folder.write(pickle, "\(path)/objects.pkl")
    try folder.write(Array(system.utf8), "\(path)/system.json")
  }

  // MARK: The reference's own

  @Test(arguments: ["asis", "ctl"]) func goldenCheckpointIsImportedExactly(_ name: String) throws {
    let folder = try Folder()
    let pickle = try Self.fixture("fastestimator/checkpoint_\(name)_e10.pkl.gz", in: folder)
    try Self.makeFolder("saved", pickle, folder)
    let run = try folder.run(
      "tracker", "import", "--format", "fastestimator", "saved", "-o", "a.tracker")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("imported 17,610 points from saved/objects.pkl into a.tracker"))

    let full = try JSONSerialization.jsonObject(
      with: Data(try Self.fixture("fastestimator/full_history.json.gz", in: folder)))
    let history = try #require((full as? [String: Any])?["history"] as? [String: [String: [[Any]]]])
    var golden: Set<[String]> = []
    for (mode, last) in [("train", 230), ("eval", 207)] {
      for (index, points) in try #require(history[mode]) {
        for point in points where (point[0] as? Int ?? .max) <= last {
          let value = try #require((point[2] as? String).flatMap { Double($0) })
          golden.insert([mode, index, "\(point[0])", String(value.bitPattern, radix: 16)])
        }
      }
    }
    #expect(golden.count == 17_610)
    let exported = try folder.run("tracker", "export", "a.tracker", "--format", "csv").lines
    #expect(exported.count == 17_611)
    let found = try exported.dropFirst().map { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      #expect(fields[0] == "sample_ce" && fields[2] == "" && fields[4] == "")
      // Their type is float32, so that their shortest decimals are its.
      let value = Double(try #require(Float(fields[6])))
      return [fields[1], fields[3], fields[5], String(value.bitPattern, radix: 16)]
    }
    #expect(Set(found) == golden)

    let tracker = try InstanceTracker.resume(path: folder["a.tracker"])
    let parameters = tracker.parameters
    #expect(parameters.indexKey == "idx" && parameters.metricKeys == ["sample_ce"])
    #expect(parameters.maxToKeep == 5 && parameters.minToKeep == 5)
    #expect(parameters.listToKeep == [0, 5, 1796])
    #expect(parameters.modes == .only([.train, .eval]))
    #expect(parameters.customOutputName == "ce_vs_idx")
    #expect(tracker.unsealedPointCount == 0)
    try tracker.close()
    let dump = try folder.run("tracker", "dump", "a.tracker").text
    #expect(dump.contains("last at step 230, epoch 10"))
    #expect(try folder.run("tracker", "verify", "a.tracker").status == 0)
    #expect(folder.names == ["a.tracker", "saved"])
  }

  @Test func foldersOfTheWizardAndBareFilesAreTheSame() throws {
    let folder = try Folder()
    let pickle = try Self.fixture("fastestimator/checkpoint_ctl_e10.pkl.gz", in: folder)
    try Self.makeFolder("wizard/B", pickle, folder)
    try folder.write(Array("B".utf8), "wizard/key.txt")
    for (input, output) in [
      ("wizard", "a"), ("wizard/", "b"), ("wizard/B", "c"), ("wizard/B/objects.pkl", "d"),
    ] {
      let run = try folder.run(
        "tracker", "import", input, "--format", "fastestimator", "-o", output)
      #expect(run.status == 0, "\(run.errors)")
      #expect(try folder.read(output) == folder.read("a"))
    }
    let piped = try folder.shell(
      "cat wizard/B/objects.pkl | tracker import - --format fastestimator -o e")
    #expect(piped.status == 0, "\(piped.errors)")
    // Without system.json, the commit has the step of the last point.
    #expect(try folder.run("tracker", "dump", "e").text.contains("last at step 230\n"))
    #expect(
      try folder.run("tracker", "export", "e", "--format", "csv").output
        == folder.run("tracker", "export", "a", "--format", "csv").output)
  }

  @Test func aSelectionOfAnImportIsTheReferences() throws {
    let folder = try Folder()
    let pickle = try Self.fixture("fastestimator/checkpoint_ctl_e10.pkl.gz", in: folder)
    try folder.write(pickle, "objects.pkl")
    #expect(try folder.run("tracker", "import", "objects.pkl", "-o", "a").status == 0)
    let tracker = try InstanceTracker.resume(path: folder["a"])
    #expect(tracker.channels.count == 2)
    for kept in try tracker.select() {
      let indices = (0..<1797).map { InstanceIndex.integer(Int64($0)) }
      let last = zip(indices, try tracker.history(of: indices, in: kept.channel)).compactMap {
        index, points in points.last.map { ($0.value, index) }
      }
      let sorted = last.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.1)
      #expect(last.count == (kept.channel.mode == .train ? 1437 : 360))
      #expect(Set(kept.max) == Set(sorted.suffix(5)))
      #expect(Set(kept.min) == Set(sorted.prefix(5)))
    }
    try tracker.close()
  }

  // MARK: Protocols and unsealed points

  @Test func allProtocolsGiveTheSameBytes() throws {
    let folder = try Folder()
    for stem in ["python", "numpy"] {
      for proto in 0...5 {
        try folder.write(
          Self.fixture("pickles/\(stem)-\(proto).pkl", in: folder), "\(stem).pkl")
        let run = try folder.run(
          "tracker", "import", "\(stem).pkl", "-o", "\(stem)-\(proto).tracker")
        #expect(run.status == 0, "\(run.errors)")
        #expect(
          try folder.read("\(stem)-\(proto).tracker") == folder.read("\(stem)-0.tracker"))
      }
    }
    #expect(
      try folder.run("tracker", "dump", "python-0.tracker").text.contains("float64"))
  }

  @Test func pointsOfAnOpenEpochStayUnsealed() throws {
    let folder = try Folder()
    try Self.makeFolder("saved", Self.fixture("pickles/numpy-5.pkl", in: folder), folder)
    try folder.write(
      Array("{\"mode\": \"test\", \"epoch_idx\": 10}".utf8), "saved/system.json")
    let run = try folder.run(
      "tracker", "import", "saved", "--format", "fastestimator", "-o", "a.tracker")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("6 points of ce test in epoch 10 stay unsealed"), "\(run.errors)")
    let tracker = try InstanceTracker.resume(path: folder["a.tracker"])
    #expect(tracker.unsealedPointCount == 6)
    try tracker.endEpoch(mode: .test, epoch: 10, step: 240)
    let channel = Channel(metric: "ce", mode: .test)
    let found = try tracker.history(of: ["a", "bc", "é0", "x", "y", "z"], in: channel)
    #expect(found.map { $0.last?.value } == [1.5, -0.0, 0.25, 1, 2, 0.75])
    #expect(found[1][0].value.sign == .minus)
    #expect(found.allSatisfy { $0.last?.step == 240 })
    // One that was there in an earlier epoch.
    #expect(found[2].map(\.value) == [1.5, 0.25])
    try tracker.close()

    // Nothing tells the epoch: they are left out, and that is said.
    let bare = try folder.shell(
      "cp saved/objects.pkl bare.pkl; tracker import bare.pkl -o b.tracker")
    #expect(bare.errors.contains("6 unsealed points of InstanceTracker 1 left out"))
    #expect(try InstanceTracker.resume(path: folder["b.tracker"]).unsealedPointCount == 0)
  }

  @Test func precisionRoundsUnsealedPointsToo() throws {
    let folder = try Folder()
    let state = """
      }(Vindex_history\n}Vtrain\n}I1\n((I1\nF1.1\ntlssVinputs\n(Vidx\nVce\nlVpoints\n(((I1\nl(F1.1\nltlu.
      """
    try Self.makeFolder("saved", Array(state.utf8), folder)
    let run = try folder.run(
      "tracker", "import", "saved", "--format", "fastestimator", "-o", "a", "--precision", "4")
    #expect(run.status == 0, "\(run.errors)")
    let tracker = try InstanceTracker.resume(path: folder["a"])
    #expect(tracker.parameters.keepMantissaBits == 4)
    try tracker.endEpoch(mode: .train, epoch: 10, step: 2)
    let channel = Channel(metric: "ce", mode: .train)
    #expect(try tracker.history(of: [1], in: channel)[0].map(\.value) == [1.125, 1.125])
    try tracker.close()
  }

  // MARK: Several trackers

  /// States of trackers in a list.
  private static func pickle(_ states: [String]) -> [UInt8] {
    Array("(\(states.joined())l.".utf8)
  }

  private static func state(_ metric: String, _ points: String, _ more: String = "") -> String {
    "(Vinputs\n(Vidx\nV\(metric)\nlVindex_history\n}Vtrain\n}I1\n(\(points)lss\(more)d"
  }

  @Test func allTrackersOfACheckpointAreImported() throws {
    let folder = try Folder()
    let two = [Self.state("ce", "(I1\nF1\nt"), Self.state("acc", "(I1\nF2\nt")]
    try folder.write(Self.pickle(two), "two.pkl")
    let run = try folder.run("tracker", "import", "two.pkl", "-o", "a")
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      try folder.run("tracker", "export", "a", "--format", "csv").lines.dropFirst()
        == ["acc,train,,1,,1,2", "ce,train,,1,,1,1"])
    #expect(try InstanceTracker.resume(path: folder["a"]).parameters.metricKeys == ["ce", "acc"])

    let second = try folder.run("tracker", "import", "two.pkl", "-o", "b", "--tracker", "2")
    #expect(second.status == 0, "\(second.errors)")
    #expect(
      try folder.run("tracker", "export", "b", "--format", "csv").lines.dropFirst()
        == ["acc,train,,1,,1,2"])
    let third = try folder.run("tracker", "import", "two.pkl", "-o", "c", "--tracker", "3")
    #expect(third.status == 2)
    #expect(third.errors.contains("there is no InstanceTracker 3, the checkpoint has 2"))
    #expect(folder.names == ["a", "b", "two.pkl"])
  }

  @Test func trackersThatDifferAreTold() throws {
    let folder = try Folder()
    let differing = [
      Self.state("ce", "(I1\nF1\nt"), Self.state("acc", "(I1\nF2\nt", "Vn_max_to_keep\nI9\n"),
    ]
    try folder.write(Self.pickle(differing), "a.pkl")
    let run = try folder.run("tracker", "import", "a.pkl", "-o", "a")
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      run.errors.contains("the settings of InstanceTrackers 1 and 2 differ (n_max_to_keep)"),
      "\(run.errors)")
    let conflict = [Self.state("ce", "(I1\nF1\nt"), Self.state("ce", "(I1\nF2\nt")]
    try folder.write(Self.pickle(conflict), "b.pkl")
    let refused = try folder.run("tracker", "import", "b.pkl", "-o", "b")
    #expect(refused.status == 1)
    #expect(
      refused.errors.contains(
        "two InstanceTrackers have different values of index 1 in ce train at step 1"))
    #expect(refused.errors.contains("--tracker"))
    #expect(folder.names == ["a", "a.pkl", "b.pkl"])
  }

  @Test func whatIsLeftOutOrReplacedIsTold() throws {
    let folder = try Folder()
    try folder.write(
      Self.pickle([Self.state("ce", "(I1\nF1\nt(I1\nF2\nt(NF3\nt")]), "a.pkl")
    let run = try folder.run("tracker", "import", "a.pkl", "-o", "a")
    #expect(run.errors.contains("1 value stood before another of the same index and step"))
    #expect(run.errors.contains("1 point had None as the step and were left out"))
    #expect(
      try folder.run("tracker", "export", "a", "--format", "csv").lines.dropFirst()
        == ["ce,train,,1,,1,2"])
  }

  // MARK: Refusals

  @Test func mistakesAreExplained() throws {
    let folder = try Folder()
    try FileManager.default.createDirectory(
      atPath: folder["empty"], withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      atPath: folder["odd"], withIntermediateDirectories: true)
    try folder.write(Array("C".utf8), "odd/key.txt")
    try folder.write(Array("a,b\n".utf8), "a.csv")
    try folder.write(Self.pickle([Self.state("ce", "(I1\nF1\nt", "Vidx_to_keep\n(Vx\nl")]), "l.pkl")
    let cases: [([String], Int32, String)] = [
      (["empty", "--format", "fastestimator"], 1, "it has no objects.pkl"),
      (
        ["odd", "--format", "fastestimator"], 1, "expected A or B, the name of a folder, found 'C'"
      ),
      (["missing.pkl"], 1, "missing.pkl"),
      (["a.csv", "--tracker", "1"], 2, "--tracker goes with --format fastestimator"),
      (["l.pkl", "--tracker", "0"], 2, "--tracker counts from 1"),
      (["a.csv", "--format", "fastestimator"], 1, "pickle opcode APPEND at offset 0"),
      (["l.pkl", "--index-type", "int"], 1, "add --index-type string"),
    ]
    for (arguments, status, says) in cases {
      let run = try folder.run("tracker", ["import"] + arguments + ["-o", "out"])
      #expect(run.status == status, "\(arguments): \(run.errors)")
      #expect(run.errors.contains(says), "\(arguments): \(run.errors)")
    }
    #expect(folder.names == ["a.csv", "empty", "l.pkl", "odd"])
    let string = try folder.run("tracker", "import", "l.pkl", "-o", "s")
    #expect(string.status == 0, "\(string.errors)")
    #expect(
      try InstanceTracker.resume(path: folder["s"]).parameters.listToKeep == [.string("x")])
  }

  @Test(.enabled(if: MeasuredProcess.program != nil, "needs a C compiler"))
  func hostilePicklesNeitherRunNorTakeMemory() throws {
    let folder = try Folder()
    let touch = "touch \(folder["touched"])"
    let bomb =
      "]q\u{0}0"
      + (1...30).map { level in
        let (before, own) = (
          Character(UnicodeScalar(UInt8(level - 1))), Character(UnicodeScalar(UInt8(level)))
        )
        return "](h\(before)h\(before)eq\(own)0"
      }.joined()
    let cases: [(String, [UInt8])] = [
      ("reducer", Array("cposix\nsystem\n(S'\(touch)'\ntR.".utf8)),
      ("instance", Array("(S'\(touch)'\nios\nsystem\n.".utf8)),
      ("value", Self.pickle([Self.state("ce", "(I1\ncposix\nsystem\n(S'\(touch)'\ntRt")])),
      ("bomb", Array(bomb.utf8) + Array("}Vindex_history\n}Vtrain\n}I1\nh\u{1E}sss.".utf8)),
      ("memo", Array("Nr".utf8) + [255, 255, 255, 255] + Array("r".utf8) + [254, 255, 255, 255]),
      ("length", [0x8E, 255, 255, 255, 255, 255, 255, 255, 0x7F]),
      ("lines", Array("V".utf8) + [UInt8](repeating: 97, count: 1 << 20)),
      ("nested", [UInt8](repeating: UInt8(ascii: "]"), count: 1 << 20)),
      ("marks", [UInt8](repeating: UInt8(ascii: "("), count: 1 << 20)),
      ("lists", (0..<1 << 19).flatMap { _ in Array("]0".utf8) }),
    ]
    for (name, bytes) in cases {
      try folder.write(bytes, "\(name).pkl")
      let outcome = try MeasuredProcess.run(
        ["tracker", "import", "\(name).pkl", "-o", "out"], in: folder)
      #expect(outcome.status == 1, "\(name)")
      // 64 bytes of memory for a byte of the file, and what the process has anyway.
      #expect(outcome.peak <= bytes.count * 64 / 1024 + 64 << 10, "\(name): \(outcome.peak) KiB")
    }
    #expect(!FileManager.default.fileExists(atPath: folder["touched"]))
    #expect(folder.names == cases.map { "\($0.0).pkl" }.sorted())
  }
}
