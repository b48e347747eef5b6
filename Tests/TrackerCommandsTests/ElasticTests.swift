import Foundation
import Testing

/// A run of three workers that goes on with five and then with two, with workers killed in between.
@Suite struct ElasticTests {
  /// One world of workers: processes of `digits-training` that meet in a folder.
  private struct World {
    let folder: Folder
    let directory: String
    let size: Int
    let earlier: String?
    var epochs = 1000

    func start(_ rank: Int, pace: Double = 3) throws -> RunningCommand {
      try FileManager.default.createDirectory(
        atPath: folder[directory], withIntermediateDirectories: true)
      let data = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/digits-training/Data/digits.csv")
      return try RunningCommand(
        "digits-training",
        [
          "train", "--data", data.path, "--directory", directory, "--rank", "\(rank)",
          "--world-size", "\(size)", "--epochs", "\(epochs)", "--run-id", "elastic", "--pace",
          "\(pace)", "--peer-timeout", "60", "--checkpoint-every", "3",
        ] + (earlier.map { ["--continue-from", $0] } ?? []), in: folder)
    }

    func startAll(pace: Double = 3) throws -> [RunningCommand] {
      try (0..<size).map { try start($0, pace: pace) }
    }

    /// Waits until a worker has said something.
    static func wait(for text: String, from worker: RunningCommand) throws {
      let deadline = Date().addingTimeInterval(300)
      while !worker.errorsSoFar.contains(text) {
        try #require(worker.isRunning && Date() < deadline, "\(worker.errorsSoFar)")
        usleep(5000)
      }
    }

    static func killAll(_ workers: [RunningCommand]) throws {
      for worker in workers { worker.kill() }
      for worker in workers { #expect(try worker.finish().status == -1) }
    }

    /// The last epoch of the world before that this one goes on from, as its workers said.
    static func epochContinuedFrom(_ text: String) throws -> Int {
      let line = try #require(
        text.split(separator: "\n").first { $0.hasPrefix("continues after epoch ") })
      return try #require(Int(line.split(separator: " ")[3]))
    }
  }

  private func merge(_ folder: Folder, _ inputs: [String], into name: String) throws -> [UInt8] {
    let run = try folder.run("tracker-merge", inputs + ["-o", name])
    #expect(run.status == 0 && !run.errors.contains("no input holds"), "\(run.errors)")
    return try folder.read(name)
  }

  @Test func threeThenFiveThenTwoWorkersWithKills() throws {
    let folder = try Folder()
    // Three workers; one is killed and comes back, then all are.
    let three = World(folder: folder, directory: "three", size: 3, earlier: nil)
    var workers = try three.startAll()
    try World.wait(for: "checkpoint in epoch 2 ", from: workers[1])
    workers[1].kill()
    #expect(try workers[1].finish().status == -1)
    workers[1] = try three.start(1)
    try World.wait(for: "checkpoint in epoch 4 ", from: workers[2])
    try World.killAll(workers)
    // Five, killed in the same way.
    let five = World(folder: folder, directory: "five", size: 5, earlier: "three")
    workers = try five.startAll()
    try World.wait(for: "continues after epoch ", from: workers[0])
    let first = try World.epochContinuedFrom(workers[0].errorsSoFar)
    #expect(first >= 2)
    try World.wait(for: "checkpoint in epoch \(first + 1) ", from: workers[4])
    workers[4].kill()
    #expect(try workers[4].finish().status == -1)
    workers[4] = try five.start(4)
    try World.wait(for: "checkpoint in epoch \(first + 3) ", from: workers[0])
    try World.killAll(workers)
    // Two, which come to their end.
    var two = World(folder: folder, directory: "two", size: 2, earlier: "five")
    two.epochs = 8
    workers = try two.startAll(pace: 0)
    var second = 0
    for worker in workers {
      let run = try worker.finish()
      #expect(run.status == 0, "\(run.errors)")
      second = try World.epochContinuedFrom(run.errors)
    }
    #expect(second >= first + 1 && second < 8)

    // All at once, in any order; what was merged before and the new; a tree.
    let all = try merge(folder, ["three", "five", "two"], into: "all.tracker")
    #expect(try merge(folder, ["two", "five", "three"], into: "turned.tracker") == all)
    let files = ["three/worker-2.tracker", "five/*.tracker", "two", "three/worker-[01].tracker"]
    #expect(try merge(folder, files, into: "mixed.tracker") == all)
    _ = try folder.run("tracker-merge", "five", "three", "-o", "old.tracker")
    #expect(try merge(folder, ["old.tracker", "two"], into: "later.tracker") == all)
    #expect(try merge(folder, ["two", "old.tracker", "five"], into: "again.tracker") == all)

    // The same as a run whose workers changed at the same epochs and were never killed.
    for (world, epochs) in [
      (World(folder: folder, directory: "calm-3", size: 3, earlier: nil), first),
      (World(folder: folder, directory: "calm-5", size: 5, earlier: "calm-3"), second),
      (World(folder: folder, directory: "calm-2", size: 2, earlier: "calm-5"), 8),
    ] {
      var calm = world
      calm.epochs = epochs
      for worker in try calm.startAll(pace: 0) { #expect(try worker.finish().status == 0) }
    }
    _ = try merge(folder, ["calm-3", "calm-5", "calm-2"], into: "calm.tracker")
    let difference = try folder.run("tracker", "diff", "calm.tracker", "all.tracker")
    #expect(difference.status == 0, "\(difference.text)")
    #expect(difference.text == "identical: 28,752 points\n")
    let summary = try folder.run("tracker-dump", "all.tracker", "--format", "json").json
    let identities = (summary["run"] as? [String: Any])?["identities"] as? [[String: Any]] ?? []
    #expect(Set(identities.compactMap { $0["world_size"] as? Int }) == [2, 3, 5])
    #expect(Set(identities.compactMap { $0["run_id"] as? String }) == ["elastic"])
  }

  @Test func newWorkersNeedTheOldOnesToHaveEnded() throws {
    let folder = try Folder()
    let none = World(folder: folder, directory: "none", size: 1, earlier: "missing")
    let run = try none.start(0).finish()
    #expect(run.status == 1)
    #expect(run.errors.contains("worker 0 saved none"))
    // Alive: its lock is held.
    let old = World(folder: folder, directory: "old", size: 1, earlier: nil)
    let worker = try old.start(0)
    try World.wait(for: "checkpoint in epoch 2 ", from: worker)
    let new = World(folder: folder, directory: "new", size: 1, earlier: "old")
    let refused = try new.start(0).finish()
    worker.kill()
    _ = try worker.finish()
    #expect(refused.status == 1)
    #expect(refused.errors.contains("is writing to this file"))
  }
}
