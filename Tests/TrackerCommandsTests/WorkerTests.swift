import Foundation
import Testing
import TrackerFile
import TrackerModel
import TrackerState

/// Workers that are missing, foreign, cut short or of no run.
@Suite struct WorkerTests {
  @Test func everyWorldIsCheckedForMissingWorkers() throws {
    let folder = try Folder()
    // Two workers, then three: worker 1 of two and worker 2 of three are missing.
    try folder.record("a.tracker", [[1: 1]], as: Folder.worker(0, of: 2))
    try folder.record("b.tracker", [[2: 1]], as: Folder.worker(0, of: 3, generation: 1))
    try folder.record("c.tracker", [[3: 1]], as: Folder.worker(1, of: 3, generation: 1))
    let run = try folder.run("tracker-merge", "?.tracker", "-o", "m")
    #expect(run.status == 0)
    #expect(run.errors.contains("warning: no input holds worker 1 of 2\n"))
    #expect(run.errors.contains("warning: no input holds worker 2 of 3\n"))
    // What is missing in a merged file is still missing.
    let again = try folder.run("tracker-merge", "m", "-o", "n")
    #expect(again.errors.contains("worker 1 of 2") && again.errors.contains("worker 2 of 3"))
    try folder.record("d.tracker", [[4: 1]], as: Folder.worker(1, of: 2))
    try folder.record("e.tracker", [[5: 1]], as: Folder.worker(2, of: 3, generation: 2))
    let whole = try folder.run("tracker-merge", "m", "[de].tracker", "-o", "o")
    #expect(whole.status == 0 && !whole.errors.contains("warning"))
  }

  @Test func importedFilesMixWithAnyRun() throws {
    let folder = try Folder()
    try folder.record("one.tracker", [[1: 0.5]], as: Folder.worker(run: "one"))
    try folder.record("two.tracker", [[2: 0.5]], as: Folder.worker(run: "two"))
    for name in ["one", "two"] {
      #expect(
        try folder.run("tracker", "export", "\(name).tracker", "-o", "\(name).csv").status == 0)
      #expect(
        try folder.run("tracker", "import", "\(name).csv", "-o", "imported-\(name).tracker").status
          == 0)
    }
    for (inputs, status) in [
      (["one.tracker", "imported-two.tracker"], Int32(0)),
      (["imported-two.tracker", "one.tracker", "imported-one.tracker"], 0),
      (["imported-two.tracker", "imported-one.tracker"], 0),
      (["imported-two.tracker", "one.tracker", "two.tracker"], 1),
    ] {
      let run = try folder.run("tracker-merge", inputs + ["-o", "m", "--force"])
      #expect(run.status == status, "\(inputs)")
      #expect(run.errors.contains("--allow-mixed-runs") == (status == 1))
    }
    // A merge with an imported file is still of its run.
    #expect(
      try folder.run("tracker-merge", "one.tracker", "imported-two.tracker", "-o", "m", "--force")
        .status == 0)
    #expect(try folder.run("tracker-merge", "m", "two.tracker", "-o", "n").status == 1)
  }

  /// A worker cut short in the middle of a write: every command goes on with what is whole, says so, and
  /// ends with 3; `diff`, which answers one question, refuses.
  @Test func aDamagedTailIsToldAndEndsWithThree() throws {
    let folder = try Folder()
    try folder.record("w0.tracker", [[1: 0.5], [1: 0.25]], as: Folder.worker(0, of: 2))
    try folder.record("w1.tracker", [[2: 0.5], [2: 0.25]], as: Folder.worker(1, of: 2))
    let bytes = try folder.read("w1.tracker")
    try folder.write(Array(bytes.dropLast(5)), "w1.tracker")
    for command in [
      "tracker-merge w0.tracker w1.tracker -o m.tracker", "tracker-merge . -o n --force",
      "tracker select w0.tracker w1.tracker", "tracker-dump 'w*.tracker'",
      "tracker-dump . --points",
      "tracker-dump w1.tracker --digest", "tracker export . --format csv",
      "tracker compact w1.tracker -o c.tracker",
    ] {
      let run = try folder.shell(command)
      #expect(run.status == 3, "\(command)")
      #expect(run.errors.contains("w1.tracker: "), "\(command)")
      #expect(run.errors.contains("follow the last commit"), "\(command)")
    }
    #expect(
      try folder.shell("tracker-dump m.tracker --points --format csv").lines.dropFirst()
        == ["ce,train,,1,1,10,0.5", "ce,train,,1,2,20,0.25", "ce,train,,2,1,10,0.5"])
    #expect(try folder.shell("tracker diff w0.tracker w1.tracker").status == 2)
    #expect(try folder.shell("tracker verify w0.tracker w1.tracker").status == 4)
  }

  @Test func meansAreRefusedWithTheReason() throws {
    let run = try Folder().run("tracker-merge", "a", "-o", "b", "--on-conflict", "mean")
    #expect(run.status == 2)
    #expect(run.errors.contains("the mean of a mean and a third value"))
  }
}
