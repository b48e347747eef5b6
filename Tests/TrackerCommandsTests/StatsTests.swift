import Foundation
import Testing
import TrackerModel
import TrackerState

/// `tracker stats`.
@Suite struct StatsTests {
  static let fields =
    "final,first,min,max,range,mean,std,area,early,windowed_std,trend,forgetting,first_learned,correctness"

  @Test func csvHasItsDocumentedColumns() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[1: 0.5, 4: 9], [1: 2], [1: 0.25, 4: .nan]])
    let run = try folder.run("tracker", "stats", "a.tracker")
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      run.lines == [
        "metric,mode,ds_id,index,points,\(Self.fields)",
        "ce,train,,1,3,0.25,0.5,0.25,2,1.75,0.9166666666666666,0.7728015412913087,1.1875,"
          + "0.9166666666666666,0.7728015412913087,-0.0125,1,10,0.6666666666666666",
        "ce,train,,4,2,nan,9,9,nan,nan,nan,nan,nan,nan,nan,nan,inf,inf,0",
      ])
    let chosen = try folder.run(
      "tracker", "stats", "a.tracker", "--by", "mean,rank-change", "--by", "early,mean",
      "--early", "2", "--format", "ndjson")
    #expect(
      chosen.lines == [
        #"{"metric":"ce","mode":"train","ds_id":null,"index":1,"points":3,"mean":0.9166666666666666,"rank_change":0.5,"early":1.25}"#,
        #"{"metric":"ce","mode":"train","ds_id":null,"index":4,"points":2,"mean":"nan","rank_change":0,"early":"nan"}"#,
      ])
    let all = try folder.run("tracker", "stats", "a.tracker", "--by", "all")
    #expect(all.lines.first == "metric,mode,ds_id,index,points,\(Self.fields),rank_change")
  }

  /// Random shards, repeats, gaps and checkpoints: any cut of a history into files gives the same bytes.
  @Test(arguments: UInt64(0)..<6) func workersFilesGiveWhatTheirMergeGives(_ seed: UInt64) throws {
    let folder = try Folder()
    var random = SeededRandom(seed: seed)
    let workers = UInt32.random(in: 2...4, using: &random)
    let rows = Int64.random(in: 1...3000, using: &random)
    print("seed \(seed): \(workers) workers, \(rows) rows")
    let trackers = try (0..<workers).map { rank in
      try InstanceTracker.create(
        path: folder["w\(rank).tracker"], parameters: Folder.parameters(["ce", "hits"]),
        run: Folder.worker(rank, of: workers))
    }
    for epoch in Int64(1)...12 {
      var shares = [[Int64]](repeating: [], count: Int(workers))
      for row in 0..<rows where Int.random(in: 0..<8, using: &random) > 0 {
        shares[Int.random(in: 0..<Int(workers), using: &random)].append(row * 3)
      }
      for (tracker, share) in zip(trackers, shares) where !share.isEmpty {
        // A first try with other values, which the second replaces.
        for isFinal in [false, true] where isFinal || epoch % 5 == 0 {
          try tracker.record(
            mode: .train, epoch: epoch, indices: share.shuffled(using: &random),
            values: [
              "ce": .float(share.map { _ in Float.random(in: 0..<3, using: &random) }),
              "hits": .float(
                share.map { _ in isFinal ? Float(Int.random(in: 0...1, using: &random)) : 7 }),
            ])
          try tracker.endEpoch(mode: .train, epoch: epoch, step: epoch * 10)
          try tracker.checkpoint()
        }
      }
    }
    for tracker in trackers { try tracker.close() }
    let files = (0..<workers).map { "w\($0).tracker" }
    #expect(try folder.run("tracker-merge", files + ["-o", "m.tracker"]).status == 0)
    for arguments in [
      ["--by", "all"], ["--by", "all", "--format", "ndjson", "--memory", "1kB"],
      ["--steps", "30..90", "--epochs", "2..8"], ["--by", "rank-change,final", "--index", "33"],
    ] {
      let merged = try folder.run("tracker", ["stats", "m.tracker"] + arguments)
      let separate = try folder.run("tracker", ["stats"] + files.reversed() + arguments)
      #expect(merged.status == 0 && separate.status == 0, "\(merged.errors) \(separate.errors)")
      #expect(!merged.output.isEmpty && merged.output == separate.output, "\(arguments)")
    }
    for criterion in ["final", "std", "forgetting", "rank-change"] {
      let arguments = ["--by", criterion, "--format", "json", "--max", "7"]
      let merged = try folder.run("tracker", ["select", "m.tracker"] + arguments)
      let separate = try folder.run("tracker", ["select"] + files + arguments)
      #expect(merged.status == 0 && merged.output == separate.output, "\(criterion)")
    }
    for name in ["m", "w"] {
      let inputs = name == "m" ? ["m.tracker"] : files
      let run = try folder.run(
        "tracker", ["stats"] + inputs + ["--metric", "ce", "--by", "all", "-o", "\(name).npz"])
      #expect(run.status == 0, "\(run.errors)")
    }
    #expect(try folder.read("m.npz") == folder.read("w.npz"))
    // Nothing is left of what was put aside.
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).count == files.count + 3)
  }

  @Test func zerosAndOnesAreHits() throws {
    let folder = try Folder()
    try folder.record("hits.tracker", [[1: 1, 2: 0], [1: 0, 2: 0], [1: 1, 2: 1], [1: 0, 2: 1]])
    try folder.record(
      "loss.tracker", [[1: 1, 2: 0], [1: 0, 2: 0.5], [1: 1, 2: 1], [1: 0, 2: 1]])
    func stats(_ arguments: String...) throws -> [String] {
      let run = try folder.run(
        "tracker", ["stats", "--by", "forgetting,first-learned,correctness"] + arguments)
      #expect(run.status == 0, "\(run.errors)")
      return run.lines.dropFirst().map {
        $0.components(separatedBy: ",").dropFirst(5).joined(separator: " ")
      }
    }
    #expect(try stats("hits.tracker") == ["2 10 0.5", "0 30 0.5"])
    #expect(try stats("loss.tracker") == ["1 20 0.5", "1 10 0.5"])
    #expect(try stats("hits.tracker", "--correct-below", "0.5") == ["1 20 0.5", "1 10 0.5"])
    #expect(try stats("loss.tracker", "--correct-from", "0.75") == ["2 10 0.5", "0 30 0.5"])
    #expect(try stats("loss.tracker", "--correct-below", "-1") == ["inf inf 0", "inf inf 0"])
  }

  @Test func filtersLeavePointsOut() throws {
    let folder = try Folder()
    try folder.recordRich("a.tracker")
    func lines(_ arguments: String...) throws -> [String] {
      let run = try folder.run("tracker", ["stats", "a.tracker", "--by", "final"] + arguments)
      #expect(run.status == 0, "\(run.errors)")
      return Array(run.lines.dropFirst())
    }
    #expect(try lines("--metric", "ce", "--mode", "train", "--index", "1") == ["ce,train,,1,3,0.3"])
    #expect(
      try lines("--metric", "ce", "--mode", "train", "--index", "1", "--steps", "..200")
        == ["ce,train,,1,2,0.2"])
    #expect(
      try lines("--metric", "ce", "--mode", "train", "--index", "1", "--epochs", "1")
        == ["ce,train,,1,1,0.1"])
    #expect(try lines("--mode", "train", "--epochs", "9..") == [])
    #expect(try lines("--mode", "eval").allSatisfy { $0.hasPrefix("ce,eval,\"a, \"\"b\"\"\",") })
  }

  @Test func stringIndicesAndNumPy() throws {
    let folder = try Folder()
    let tracker = try InstanceTracker.create(
      path: folder["a.tracker"], parameters: Folder.parameters(), indexType: .string,
      run: Folder.worker())
    for epoch in Int64(1)...2 {
      try tracker.record(
        mode: .train, epoch: epoch, indices: ["é,\"x", "b", ""].map { Name($0) },
        values: ["ce": .float([Float(epoch), 0.1, 3])])
      try tracker.endEpoch(mode: .train, epoch: epoch, step: epoch)
    }
    try tracker.close()
    let run = try folder.run("tracker", "stats", "a.tracker", "--by", "mean,max")
    #expect(
      run.lines.dropFirst() == [
        "ce,train,,\"\",2,3,3", "ce,train,,b,2,0.10000000149011612,0.1",
        "ce,train,,\"é,\"\"x\",2,1.5,2",
      ])
    #expect(
      try folder.run("tracker", "stats", "a.tracker", "-o", "a.npz", "--by", "mean,max").status == 0
    )
    #expect(try folder.run("tracker", "stats", "a.tracker", "-o", "a.npz").status == 1)
    #expect(try folder.run("tracker", "stats", "a.tracker", "--format", "npz").status == 2)
    #expect(
      try folder.run("tracker", "stats", "a.tracker", "-o", "a.tracker", "--force").status == 2)
    guard let python = Workplace.python else { return }
    let script =
      "import numpy; a = numpy.load('a.npz'); print(*a.files);"
      + "print([str(x) for x in a['indices']], a['points'], a['mean'].dtype, a['max'].dtype, a['max'])"
    let check = try CommandRun(python, ["-c", script], in: folder)
    #expect(
      check.lines == [
        "indices points mean max", "['', 'b', 'é,\"x'] [2 2 2] float64 float32 [3.  0.1 2. ]",
      ], "\(check.errors)")
  }

  @Test func conflictsAreCountedAndDecided() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[5: 1], [5: 8]], as: Folder.worker(0, of: 2))
    try folder.record("b.tracker", [[5: 3], [6: 8]], as: Folder.worker(1, of: 2))
    func stats(_ arguments: String...) throws -> CommandRun {
      try folder.run("tracker", ["stats", "b.tracker", "a.tracker", "--by", "mean"] + arguments)
    }
    let run = try stats()
    #expect(run.status == 5)
    #expect(run.lines.dropFirst() == ["ce,train,,5,2,4.5", "ce,train,,6,1,8"])
    #expect(run.errors.contains("index 5, step 10"))
    let decided = try stats("--on-conflict", "max")
    #expect(decided.status == 0)
    #expect(decided.lines.dropFirst() == ["ce,train,,5,2,5.5", "ce,train,,6,1,8"])
    #expect(try stats("--on-conflict", "error", "-o", "x.csv").status == 5)
    #expect(folder.names == ["a.tracker", "b.tracker"])
  }

  @Test func wrongArgumentsAreExplained() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[5: 1]])
    for arguments in [
      ["--by", "mean,nonsense"], ["--memory", "12 apples"], ["--window", "0"], ["--early", "0"],
      ["--correct-below", "1", "--correct-from", "2"], ["--epochs", "5..3"],
    ] {
      #expect(try folder.run("tracker", ["stats", "a.tracker"] + arguments).status == 2)
    }
  }
}
