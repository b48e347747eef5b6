import Foundation
import Testing
import TrackerModel

/// `tracker-merge --partition` and `--memory`.
@Suite struct PartitionTests {
  static func workers(_ folder: Folder, _ count: Int) throws -> [String] {
    try (0..<count).map { rank throws in
      let name = "w\(rank).tracker"
      try folder.record(
        name, [[Int64(rank): 0.5, 1000: 1], [Int64(rank) + 7: 0.25]],
        as: Folder.worker(UInt32(rank), of: UInt32(count)))
      return name
    }
  }

  @Test func partitionsAreTheWholeAgain() throws {
    let folder = try Folder()
    let inputs = try Self.workers(folder, 20)
    #expect(try folder.run("tracker-merge", inputs + ["-o", "whole"]).status == 0)
    var parts: [String] = []
    for number in 1...3 {
      let run = try folder.run(
        "tracker-merge", inputs.reversed() + ["-o", "p\(number)", "--partition", "\(number)/3"])
      #expect(run.status == 0, "\(run.errors)")
      parts.append("p\(number)")
    }
    #expect(try folder.run("tracker-merge", "p3", "p1", "p2", "-o", "again").status == 0)
    #expect(try folder.read("again") == folder.read("whole"))
    let missing = try folder.run("tracker-merge", "p3", "p1", "-o", "part")
    #expect(missing.status == 6)
    #expect(missing.errors.contains("partition 2 of 3"))
    #expect(try folder.run("tracker-dump", "p2").text.contains("partition 2 of 3"))
    #expect(try folder.run("tracker", "verify", "p2").status == 0)
  }

  @Test func fewDescriptorsAndLittleMemoryGiveTheSame() throws {
    let folder = try Folder()
    let inputs = try Self.workers(folder, 120)
    #expect(try folder.run("tracker-merge", inputs + ["-o", "whole"]).status == 0)
    let program = CommandRun.programs.appendingPathComponent("tracker-merge").path
    let run = try folder.run(
      "/bin/sh",
      ["-c", "ulimit -n 40; exec \"$@\"", "sh", program]
        + inputs.map { folder[$0] } + ["-o", folder["few"], "--memory", "16MiB"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try folder.read("few") == folder.read("whole"))
    #expect(
      try folder.run("tracker", "compact", "few", "-o", "compacted", "--memory", "8MB").status == 0)
    #expect(try folder.read("compacted") == folder.read("whole"))
  }

  @Test(arguments: [
    ["--partition", "0/3"], ["--partition", "4/3"], ["--partition", "1"], ["--partition", "a/b"],
    ["--memory", "0"], ["--memory", "12XB"],
  ])
  func wrongArgumentsAreUsageErrors(_ arguments: [String]) throws {
    let folder = try Folder()
    let inputs = try Self.workers(folder, 2)
    #expect(try folder.run("tracker-merge", inputs + ["-o", "m"] + arguments).status == 2)
  }
}
