import Foundation
import Testing
import TrackerFile
import TrackerModel
import TrackerState

/// `tracker-dump --digest`: the same for the same content, and for no other.
@Suite struct DigestTests {
  static func digest(_ folder: Folder, _ inputs: String...) throws -> String {
    let run = try folder.run("tracker-dump", inputs + ["--digest", "--format", "json"])
    #expect(run.status == 0)
    return try #require(run.json["digest"] as? String)
  }

  static func withParameters(_ folder: Folder, _ input: String) throws -> String {
    let run = try folder.run("tracker-dump", input, "--digest", "--format", "json")
    return try #require(run.json["digest_with_parameters"] as? String)
  }

  /// Made by `Spec/reader/check.py --digest`, which knows Spec/DIGEST.md and nothing of this program.
  @Test func specExampleHasTheDigestThatTheSpecSays() throws {
    let spec = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Spec")
    let folder = try Folder()
    let run = try folder.run(
      "tracker-dump", spec.appending(path: "example.tracker").path, "--digest")
    let points = "df85668d86b3c207405b157b99e5587779a18a7d2ce14be5c1c75a9679ce1523"
    let channel = "ab954fe660b0b3861f25f9660a07f2ba6b1ec3feec04fb62e7adc9099d0a8379"
    #expect(run.lines.count == 3)
    #expect(run.lines[0].contains(points) && run.lines[1].contains(channel))
    let text = try String(contentsOf: spec.appending(path: "DIGEST.md"), encoding: .utf8)
    #expect(text.contains(points) && text.contains(channel))
  }

  static let csv = """
    metric,mode,ds_id,index,epoch,step,value
    ce,train,,a,1,10,0.5
    ce,train,,a,2,20,-0
    ce,train,,"é, longer than 8",1,10,nan
    ce,train,,"é, longer than 8",,30,inf
    ce,train,,"",1,10,0.1
    ce,eval,set 2,a,1,10,1e-300
    hits,infer,,a,-1,-5,1

    """

  /// Strings, an absent epoch, a data set, NaN: by Spec/reader/check.py from the file that the import
  /// made.
  @Test func goldenOfStringsAndAbsentEpochs() throws {
    let folder = try Folder()
    try folder.write(Array(Self.csv.utf8), "a.csv")
    #expect(try folder.run("tracker", "import", "a.csv", "-o", "a.tracker").status == 0)
    #expect(
      try Self.digest(folder, "a.tracker")
        == "dc453beb1fc82df29ad40c78f65d89633c2ec7cd5cdc5fb7e3c4110ec3f89c26")
  }

  @Test func howAHistoryWasWrittenDoesNotMatter() throws {
    let folder = try Folder()
    try folder.recordRich("rich.tracker")
    let expected = try Self.digest(folder, "rich.tracker")
    func check(_ name: String, _ arguments: String...) throws {
      #expect(try folder.run("tracker", arguments + ["-o", name]).status == 0)
      #expect(try Self.digest(folder, name) == expected, "\(name)")
      #expect(try folder.run("tracker", "diff", "rich.tracker", name).status == 0)
    }
    try check("compacted.tracker", "compact", "rich.tracker")
    try check("small.tracker", "compact", "rich.tracker", "--level", "small")
    try check("merged.tracker", "merge", "rich.tracker", "compacted.tracker")
    // As text and back, in the types that the texts are of.
    for (metric, type) in [("ce", "float32"), ("hits", "float64")] {
      for format in ["csv", "ndjson"] {
        for (arguments, output) in [
          (["export", "rich.tracker", "--metric", metric], "\(metric).\(format)"),
          (["import", "\(metric).\(format)", "--value-type", type], "\(metric)-\(format).tracker"),
        ] { #expect(try folder.run("tracker", arguments + ["-o", output]).status == 0) }
      }
    }
    #expect(try Self.digest(folder, "ce-csv.tracker", "hits-ndjson.tracker") == expected)
    #expect(try Self.digest(folder, "*-csv.tracker", "merged.tracker") == expected)
    try check("joined.tracker", "merge", "hits-csv.tracker", "ce-ndjson.tracker")
    // Parameters stay in compactions.
    #expect(
      try Self.withParameters(folder, "rich.tracker")
        == Self.withParameters(folder, "compacted.tracker"))
  }

  @Test func orderOfWorkersAndOfCommitsDoesNotMatter() throws {
    let folder = try Folder()
    for rank in UInt32(0)..<3 {
      try folder.record(
        "w\(rank).tracker", [[Int64(rank): 0.5, 9: 1], [Int64(rank) * 1000: 0.25]],
        as: Folder.worker(rank, of: 3))
    }
    try folder.record(
      "whole.tracker", [[0: 0.5, 1: 0.5, 2: 0.5, 9: 1], [0: 0.25, 1000: 0.25, 2000: 0.25]])
    let expected = try Self.digest(folder, "whole.tracker")
    #expect(try Self.digest(folder, "w2.tracker", "w0.tracker", "w1.tracker") == expected)
    #expect(
      try folder.run(
        "tracker-merge", "w2.tracker", "w0.tracker", "w1.tracker", "-o", "m.tracker"
      ).status == 0)
    #expect(try Self.digest(folder, "m.tracker") == expected)
  }

  /// Anything that changes changes the digest.
  @Test func everyFieldCounts() throws {
    let folder = try Folder()
    let base = ["ce", "train", "", "7", "1", "10", "0.5"]
    var variants = [base]
    for (field, value) in [
      (0, "cf"), (1, "eval"), (2, "a"), (3, "8"), (3, "-7"), (4, "2"), (4, ""), (5, "11"),
      (5, "-10"), (6, "0.5000000000000001"), (6, "-0.5"), (6, "0"), (6, "-0"), (6, "nan"),
      (6, "inf"),
    ] {
      var variant = base
      variant[field] = value
      variants.append(variant)
    }
    var digests: [String] = []
    for (number, fields) in variants.enumerated() {
      let text = "metric,mode,ds_id,index,epoch,step,value\n\(fields.joined(separator: ","))\n"
      try folder.write(Array(text.utf8), "\(number).csv")
      var arguments = ["import", "\(number).csv", "-o", "\(number).tracker"]
      #expect(try folder.run("tracker", arguments).status == 0)
      digests.append(try Self.digest(folder, "\(number).tracker"))
      guard number == 0 else { continue }
      // The same as a string is another index.
      arguments = ["import", "0.csv", "-o", "string.tracker", "--index-type", "string"]
      #expect(try folder.run("tracker", arguments).status == 0)
      digests.append(try Self.digest(folder, "string.tracker"))
      try folder.write(Array((text + "ce,train,,9,1,10,0.5\n").utf8), "more.csv")
      #expect(
        try folder.run("tracker", "import", "more.csv", "-o", "more.tracker").status == 0)
      digests.append(try Self.digest(folder, "more.tracker"))
    }
    #expect(Set(digests).count == digests.count)
  }

  @Test func filtersAndParametersHaveDigestsOfTheirOwn() throws {
    let folder = try Folder()
    try folder.recordRich("rich.tracker")
    #expect(
      try folder.run("tracker", "export", "rich.tracker", "--mode", "eval", "-o", "eval.csv").status
        == 0)
    #expect(try folder.run("tracker", "import", "eval.csv", "-o", "eval.tracker").status == 0)
    let part = try folder.run(
      "tracker-dump", "rich.tracker", "--digest", "--mode", "eval", "--format", "json")
    #expect(part.json["digest"] as? String == (try Self.digest(folder, "eval.tracker")))
    #expect(part.errors.isEmpty)
    for (name, max) in [("a.tracker", 2), ("b.tracker", 3), ("c.tracker", 2)] {
      try folder.record(name, [[1: 1]], parameters: Folder.parameters(max: max))
    }
    #expect(try Self.digest(folder, "a.tracker") == Self.digest(folder, "b.tracker"))
    #expect(
      try Self.withParameters(folder, "a.tracker") != Self.withParameters(folder, "b.tracker"))
    #expect(
      try Self.withParameters(folder, "a.tracker") == Self.withParameters(folder, "c.tracker"))
    #expect(
      try folder.run("tracker-dump", "rich.tracker", "--digest", "--limit", "1").status == 2)
  }
}
