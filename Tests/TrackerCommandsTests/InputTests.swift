import Foundation
import Testing

/// Files, folders, patterns and lists as inputs of all commands that read trackers.
@Suite struct InputTests {
  /// Three workers' files in a folder, with others that are none.
  static func workers() throws -> Folder {
    let folder = try Folder()
    try FileManager.default.createDirectory(
      atPath: folder["runs/nested.tracker"], withIntermediateDirectories: true)
    for rank in UInt32(0)..<3 {
      try folder.record(
        "runs/w\(rank).tracker", [[Int64(rank): 0.5, 7: 1], [Int64(rank): 0.25]],
        as: Folder.worker(rank, of: 3))
    }
    try folder.write([1, 2, 3], "runs/w0.tracker.tmp-1")
    try folder.write([1, 2, 3], "runs/.hidden.tracker")
    try folder.write([1, 2, 3], "runs/notes.txt")
    return folder
  }

  static let names = ["runs/w0.tracker", "runs/w1.tracker", "runs/w2.tracker"]
  /// What means the three files, as words of a shell.
  static let forms = [
    "runs", "runs/", "./runs", "'runs/w*.tracker'", "'runs/w?.tracker'", "'ru*/w[0-2].tracker'",
    "'runs/w[!34].tracker'", "'r*s'", "runs/w*.tracker", "--files-from list",
    "--files-from - < list", "--files-from folder-list", "--files-from nul-list",
    "runs/w0.tracker --files-from list", "'runs/w[01].tracker' runs/w2.tracker",
  ]

  static func writeLists(_ folder: Folder) throws {
    try folder.write(Array("\n\(names[0])\r\n  \n\(names[1])\n\(names[2])".utf8), "list")
    try folder.write(Array("runs\n".utf8), "folder-list")
    try folder.write(Array((names.joined(separator: "\0") + "\0").utf8), "nul-list")
  }

  @Test(arguments: forms) func allFormsMeanTheSameFiles(_ form: String) throws {
    let folder = try Self.workers()
    try Self.writeLists(folder)
    #expect(
      try folder.run("tracker-merge", Self.names + ["-o", "expected.tracker"]).status == 0)
    let merge = try folder.shell("tracker-merge \(form) -o m.tracker")
    #expect(merge.status == 0)
    #expect(merge.errors.contains("merged 3 files"))
    #expect(try folder.read("m.tracker") == folder.read("expected.tracker"))

    let verify = try folder.shell("tracker verify \(form)")
    #expect(verify.status == 0)
    #expect(
      verify.lines.map { $0.replacing("./", with: "").prefix(15) }
        == Self.names.map { $0.prefix(15) })

    for command in [
      "tracker export --format csv", "tracker dump --points", "tracker dump --digest --format csv",
      "tracker select --format csv", "tracker stats --format csv",
    ] {
      let union = try folder.shell("\(command) \(form)")
      let merged = try folder.shell("\(command) expected.tracker")
      #expect(union.status == 0 && merged.status == 0)
      #expect(union.lines == merged.lines, "\(command)")
    }
  }

  @Test func npzOfAUnionIsThatOfItsMerge() throws {
    let folder = try Self.workers()
    #expect(try folder.run("tracker-merge", "runs", "-o", "m.tracker").status == 0)
    #expect(try folder.run("tracker", "export", "runs", "-o", "union.npz").status == 0)
    #expect(try folder.run("tracker", "export", "m.tracker", "-o", "merged.npz").status == 0)
    #expect(try folder.read("union.npz") == folder.read("merged.npz"))
  }

  @Test func diffReadsFolders() throws {
    let folder = try Self.workers()
    #expect(try folder.run("tracker-merge", "runs", "-o", "m.tracker").status == 0)
    let same = try folder.run("tracker", "diff", "runs", "m.tracker")
    #expect(same.status == 0)
    #expect(same.text == "identical: 7 points\n")
    let part = try folder.run("tracker", "diff", "m.tracker", "runs/w[01].tracker")
    #expect(part.status == 1)
    #expect(
      part.lines == [
        "ce train, index 2, step 10: 0.5 (epoch 1) | none",
        "ce train, index 2, step 20: 0.25 (epoch 2) | none",
        "different: 2 differences, 5 points the same",
      ])
  }

  @Test func summariesOfFilesAndTheirUnion() throws {
    let folder = try Self.workers()
    let text = try folder.run("tracker-dump", "runs")
    #expect(text.status == 0)
    for name in Self.names { #expect(text.lines.contains { $0.hasPrefix("\(name)   ") }) }
    let union = try #require(text.lines.last { $0.hasPrefix("union of 3 files") })
    #expect(union.hasSuffix(", 7 points"))
    let json = try folder.run("tracker-dump", "runs", "--format", "json").json
    #expect((json["files"] as? [[String: Any]])?.compactMap { $0["points"] as? Int } == [3, 3, 3])
    let all = try #require(json["union"] as? [String: Any])
    #expect(all["union_of"] as? Int == 3 && all["points"] as? Int == 7)
    let channel = try #require((all["channels"] as? [[String: Any]])?.first)
    #expect(channel["instances"] as? Int == 4 && channel["epochs"] as? Int == 2)
    #expect(try folder.run("tracker-dump", "runs", "--format", "ndjson").jsonLines.count == 4)
    let csv = try folder.run("tracker-dump", "runs", "--format", "csv").lines
    #expect(csv.count == 5)
    #expect(csv[1].hasPrefix("runs/w0.tracker,ce,train,") && csv[4].hasPrefix(",ce,train,"))
  }

  @Test func whatBelongsToOneFileIsListedAfterItsName() throws {
    let folder = try Self.workers()
    for mode in ["--tiles", "--commits", "--kept"] {
      let run = try folder.run("tracker-dump", "runs", mode)
      #expect(run.status == 0)
      #expect(run.lines.filter { $0.hasSuffix(".tracker:") } == Self.names.map { $0 + ":" })
      #expect(try folder.run("tracker-dump", "runs", mode, "--format", "json").status == 2)
    }
    #expect(try folder.run("tracker-dump", "runs", "--at-commit", "1").status == 2)
  }

  @Test func contradictingFilesHaveNoUnion() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[1: 0.5, 2: 1]], as: Folder.worker(0, of: 2))
    try folder.record("b.tracker", [[1: 0.25]], as: Folder.worker(1, of: 2))
    for command in [
      "export --format csv", "export -o out.csv", "export -o out.npz", "dump --points",
      "dump --digest", "select",
    ] {
      let run = try folder.shell("tracker \(command) a.tracker b.tracker")
      #expect(run.status == 5, "\(command)")
      #expect(run.output == [] || command == "select")
      #expect(run.errors.contains("0.5 in a.tracker, 0.25 in b.tracker"), "\(command)")
    }
    #expect(try folder.shell("tracker diff a.tracker '?.tracker'").status == 2)
    #expect(folder.names == ["a.tracker", "b.tracker"])
  }

  // MARK: What is not there

  @Test func emptyFoldersAndPatternsAreNamed() throws {
    let folder = try Folder()
    try FileManager.default.createDirectory(
      atPath: folder["empty"], withIntermediateDirectories: true)
    try folder.record("a.tracker", [[1: 0.5]])
    for (input, text) in [
      ("empty", "empty: inputs: the folder holds no *.tracker"),
      ("'empty/*'", "empty/*: inputs: no file matches this pattern"),
      ("nothing.tracker", "nothing.tracker"), ("'no*/x.tracker'", "no*/x.tracker"),
      ("--files-from none", "none"),
    ] {
      for command in ["tracker dump", "tracker verify", "tracker-merge -o m", "tracker select"] {
        let run = try folder.shell("\(command) a.tracker \(input)")
        #expect(run.status == 1, "\(command) \(input)")
        #expect(run.errors.contains(text), "\(command) \(input)")
      }
    }
    #expect(folder.names == ["a.tracker", "empty"])
  }

  @Test func commandsOnOneFileSayWhatToDoWithAFolder() throws {
    let folder = try Self.workers()
    let run = try folder.run("tracker", "compact", "runs", "-o", "c.tracker")
    #expect(run.status == 2)
    #expect(run.errors.contains("runs: open: it is a folder") && run.errors.contains("merge"))
  }

  @Test func errorsOfAListNameItsLine() throws {
    let folder = try Folder()
    try FileManager.default.createDirectory(
      atPath: folder["empty"], withIntermediateDirectories: true)
    try folder.record("a.tracker", [[1: 0.5]])
    for (bytes, text) in [
      (Array("a.tracker\n\nb.tracker\n".utf8), "line 3 of list"),
      (Array("a.tracker\0b.tracker".utf8), "entry 2 of list"),
      (Array("empty\n".utf8), "line 1 of list"),
      (Array("a.tracker\n".utf8) + [0xFF], "line 2"), ([10, 10], "the list names no file"),
    ] {
      try folder.write(bytes, "list")
      let run = try folder.run("tracker", "verify", "--files-from", "list")
      #expect(run.status == 1)
      #expect(run.errors.contains(text), "\(text)")
    }
  }

  @Test func filesWhoseNamesArePatternsAreFiles() throws {
    let folder = try Folder()
    try folder.record("[ab].tracker", [[1: 0.5]])
    try folder.record("a.tracker", [[2: 0.5]])
    #expect(
      try folder.run("tracker", "verify", "[ab].tracker").lines.map { $0.prefix(12) }
        == ["[ab].tracker"])
    #expect(
      try folder.run("tracker", "verify", "\\[ab].tracker", "[a].tracker").lines.count == 2)
  }

  /// The bytes of a name decide its place, not the user's language.
  @Test func patternsAndFoldersAreSortedByBytes() throws {
    let folder = try Folder()
    try FileManager.default.createDirectory(
      atPath: folder["f"], withIntermediateDirectories: true)
    let names = ["A", "B", "a", "b", "é", "e\u{301}", "10", "9", "-"]
    for name in names { try folder.record("f/\(name).tracker", [[1: 0.5]]) }
    let sorted = names.sorted { ($0 + ".").utf8.lexicographicallyPrecedes(($1 + ".").utf8) }
    for input in ["f", "f/*.tracker", "f/*"] {
      let run = try folder.run("tracker", "verify", input)
      #expect(
        run.lines.compactMap { $0.split(separator: ".tracker").first.map(String.init) }
          .map { Array($0.utf8) } == sorted.map { Array("f/\($0)".utf8) })
    }
  }
}
