import Foundation
import Testing
import TrackerFile
import TrackerModel
import TrackerState

/// `tracker compact`, `verify`, `recover`, `rewind` and `diff`.
@Suite struct RepairTests {
  // MARK: Compact

  @Test func mergedFileCompactsToItsOwnBytes() throws {
    let folder = try Folder()
    try MergeTests.workers(folder)
    #expect(try folder.run("tracker-merge", "w0.tracker", "w1.tracker", "-o", "m").status == 0)
    #expect(try folder.run("tracker", "compact", "m", "-o", "c").status == 0)
    #expect(try folder.read("c") == folder.read("m"))
  }

  @Test func compactingKeepsAllOfTheLastCommit() throws {
    let folder = try Folder()
    try folder.recordRich("a.tracker")
    #expect(try folder.run("tracker", "compact", "a.tracker", "-o", "c.tracker").status == 0)
    #expect(try folder.run("tracker", "compact", "c.tracker", "-o", "d.tracker").status == 0)
    #expect(try folder.read("c.tracker") == folder.read("d.tracker"))
    #expect(try folder.run("tracker", "diff", "a.tracker", "c.tracker").status == 0)
    #expect(
      try folder.run("tracker-dump", "c.tracker", "--kept").output
        == folder.run("tracker-dump", "a.tracker", "--kept").output)
    let (before, after) = (
      try folder.run("tracker-dump", "a.tracker", "--format", "json").json,
      try folder.run("tracker-dump", "c.tracker", "--format", "json").json
    )
    #expect(after["commits"] as? Int == 1)
    for name in ["unsealed", "parameters", "run"] {
      #expect(after[name] != nil)
      #expect(
        NSDictionary(dictionary: ["": after[name] ?? 0])
          == NSDictionary(dictionary: ["": before[name] ?? 0]), "\(name)")
    }
    // The epoch that was open can be ended, from the step of the last commit.
    let tracker = try InstanceTracker.resume(path: folder["c.tracker"], at: 350)
    #expect(tracker.unsealedPointCount == 2)
    try tracker.endEpoch(mode: .train, epoch: 4, step: 400)
    try tracker.close()
    #expect(
      try MergeTests.points(folder, "c.tracker").contains("ce,train,,2,4,400,9"))
  }

  // MARK: Verify and recover

  @Test func verifyAcceptsSoundFiles() throws {
    let folder = try Folder()
    try folder.recordRich("a.tracker")
    try MergeTests.workers(folder)
    let run = try folder.run("tracker", "verify", "a.tracker", "w0.tracker", "w1.tracker")
    #expect(run.status == 0)
    #expect(run.lines.count == 3)
    #expect(run.lines.allSatisfy { $0.contains(": sound: ") })
    #expect(try folder.run("tracker", "verify", "none.tracker").status == 1)
  }

  /// In this process: one for each byte would take minutes.
  @Test(arguments: [true, false]) func everyFlippedByteIsFound(_ isRich: Bool) throws {
    let folder = try Folder()
    let name =
      try isRich ? folder.recordRich("a.tracker") : folder.record("a.tracker", [[1: 1, 2: 3]])
    let bytes = try folder.read(name)
    // Every byte of a small file, some of each record of one that holds all there is.
    for position in stride(from: 0, to: bytes.count, by: isRich ? 7 : 1) {
      var damaged = bytes
      damaged[position] ^= 1 << UInt8(position % 8)
      do throws(TrackerError) {
        let verification = try Verification.verify(MemoryStorage(damaged))
        #expect(!verification.isSound, "byte \(position) of \(bytes.count)")
      } catch {
        #expect(position < 24, "\(error)")
      }
    }
  }

  @Test func flippedBytesFailToVerifyAndAreRecoveredFrom() throws {
    let folder = try Folder()
    let bytes = try folder.read(folder.recordRich("a.tracker"))
    let header = 24
    for position in stride(from: 0, to: bytes.count, by: bytes.count / 40) {
      var damaged = bytes
      damaged[position] ^= 0x10
      try folder.write(damaged, "b.tracker")
      let verified = try folder.run("tracker", "verify", "b.tracker")
      #expect(verified.status == 4, "byte \(position)")
      #expect(verified.text.contains("damaged"))
      let recovered = try folder.run(
        "tracker", "recover", "b.tracker", "-o", "s.tracker", "--force")
      if position < header {
        #expect(recovered.status == 1, "byte \(position)")
        continue
      }
      #expect(recovered.status == 3, "byte \(position): \(recovered.errors)")
      #expect(try folder.run("tracker", "verify", "s.tracker").status == 0)
      let saved = try Set(MergeTests.points(folder, "s.tracker"))
      let all = try Set(MergeTests.points(folder, "a.tracker"))
      #expect(saved.isSubset(of: all), "byte \(position)")
      // One tile at most, but for index sets, which tiles share: verify says what is lost.
      let lost = verified.lines.compactMap { $0.firstMatch(of: /; (\d+) points lost/) }
        .reduce(0) { $0 + (Int($1.1) ?? 0) }
      #expect(saved.count >= all.count - lost, "byte \(position): \(saved.count)")
    }
  }

  @Test func recoveringASoundFileLosesNothing() throws {
    let folder = try Folder()
    try folder.recordRich("a.tracker")
    let run = try folder.run("tracker", "recover", "a.tracker", "-o", "s.tracker")
    #expect(run.status == 0)
    #expect(try folder.run("tracker", "diff", "a.tracker", "s.tracker").status == 0)
    let again = try folder.run("tracker", "recover", "a.tracker", "-o", "s.tracker")
    #expect(again.status == 1)
    #expect(again.errors.contains("--force"))
  }

  // MARK: Rewind

  @Test func rewindGoesBackToACheckpoint() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[1: 1], [1: 2], [1: 3], [1: 4]])
    let none = try folder.run("tracker", "rewind", "a.tracker", "--to-step", "25")
    #expect(none.status == 1)
    #expect(none.errors.contains("20 before and 30 after"))
    #expect(
      try folder.run("tracker", "rewind", "a.tracker", "--to-step", "99").errors
        .contains("40 before and none after"))
    #expect(try folder.run("tracker", "rewind", "a.tracker", "--to-step", "20").status == 0)
    #expect(
      try MergeTests.points(folder, "a.tracker") == [
        "ce,train,,1,1,10,1", "ce,train,,1,2,20,2",
      ])
    // What was rewound past is there, but no longer a place to rewind to.
    let commits = try folder.run("tracker-dump", "a.tracker", "--commits", "--format", "csv")
    #expect(commits.lines.filter { $0.hasSuffix(",false") }.count == 2)
    #expect(try folder.run("tracker", "rewind", "a.tracker", "--to-step", "30").status == 1)
    let tracker = try InstanceTracker.resume(path: folder["a.tracker"])
    try tracker.record(mode: .train, epoch: 3, indices: [1], [30])
    try tracker.endEpoch(mode: .train, epoch: 3, step: 30)
    try tracker.close()
    #expect(
      try MergeTests.points(folder, "a.tracker") == [
        "ce,train,,1,1,10,1", "ce,train,,1,2,20,2", "ce,train,,1,3,30,30",
      ])
    #expect(try folder.run("tracker", "verify", "a.tracker").status == 0)
  }

  // MARK: Diff

  @Test func diffComparesContentOnly() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[1: 1, 2: 5], [1: 2]])
    try folder.record("b.tracker", [[1: 1, 2: 5], [1: 2]], as: Folder.worker(1, of: 3, run: "s"))
    try folder.record("c.tracker", [[1: 1, 2: 6], [3: 2]])
    let same = try folder.run("tracker", "diff", "a.tracker", "b.tracker")
    #expect(same.status == 0)
    #expect(same.text == "identical: 3 points\n")
    let different = try folder.run("tracker", "diff", "a.tracker", "c.tracker")
    #expect(different.status == 1)
    #expect(
      different.lines == [
        "ce train, index 1, step 20: 2 (epoch 2) | none",
        "ce train, index 2, step 10: 5 (epoch 1) | 6 (epoch 1)",
        "ce train, index 3, step 20: none | 2 (epoch 2)",
        "different: 3 differences, 1 point the same",
      ])
    let limited = try folder.run("tracker", "diff", "a.tracker", "c.tracker", "--limit", "1")
    #expect(limited.status == 1)
    #expect(limited.lines.count == 3)
  }

  @Test func signedZerosAndNaNsDiffer() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[1: 0, 2: .nan]])
    try folder.record("b.tracker", [[1: -0.0, 2: Float(bitPattern: 0x7FC0_0001)]])
    let run = try folder.run("tracker", "diff", "a.tracker", "b.tracker")
    #expect(run.status == 1)
    #expect(run.lines.last == "different: 2 differences, 0 points the same")
    #expect(try folder.run("tracker", "diff", "b.tracker", "b.tracker").status == 0)
  }

  @Test func diffFailsWithItsOwnStatus() throws {
    let folder = try Folder()
    try folder.record("a.tracker", [[1: 1]])
    try folder.write([1, 2, 3], "b.tracker")
    let names = try InstanceTracker.create(
      path: folder["c.tracker"], parameters: Folder.parameters(), indexType: .string,
      run: Folder.worker())
    try names.close()
    for other in ["b.tracker", "c.tracker", "none.tracker"] {
      #expect(try folder.run("tracker", "diff", "a.tracker", other).status == 2, "\(other)")
    }
  }
}
