import Foundation
import Testing
import TrackerModel
import TrackerState
import TrackerSystem

/// What killed writers leave goes; what living ones write stays.
@Suite struct LeftoverTests {
  private static let leftover = "a.tracker.tmp-00000000abc12"
  private let folder: Folder

  init() throws {
    folder = try Folder()
    try folder.recordRich("a.tracker")
  }

  private func holding(_ name: String, _ body: () throws -> Void) throws {
    let descriptor = unsafe open(folder[name], O_RDWR)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    try body()
  }

  @Test func verifyNamesThemAndTheNextWriterRemovesThem() throws {
    try folder.write([1, 2, 3], Self.leftover)
    let verified = try folder.run("tracker", "verify", "a.tracker")
    #expect(verified.status == 0)
    #expect(verified.lines.count == 2)
    #expect(verified.lines[0].contains("\(Self.leftover), 3 bytes"), "\(verified.text)")
    #expect(folder.names == ["a.tracker", Self.leftover])
    #expect(
      try folder.run("tracker", "compact", "a.tracker", "-o", "a.tracker", "--force").status == 0)
    #expect(folder.names == ["a.tracker"])
  }

  @Test func resumingRemovesThem() throws {
    try folder.write([1, 2, 3], Self.leftover)
    // A process killed on giving a file its name: one file, two names, and one lock.
    try FileManager.default.linkItem(
      atPath: folder["a.tracker"], toPath: folder["a.tracker.tmp-00000000abc13"])
    try InstanceTracker.resume(path: folder["a.tracker"]).close()
    #expect(folder.names == ["a.tracker"])
    #expect(try folder.run("tracker", "verify", "a.tracker").status == 0)
  }

  @Test func whatALivingProcessHoldsStays() throws {
    try folder.write([1, 2, 3], Self.leftover)
    try holding(Self.leftover) {
      let verified = try folder.run("tracker", "verify", "a.tracker")
      #expect(verified.lines.count == 1)
      let compact = ["compact", "a.tracker", "-o", "a.tracker", "--force"]
      try folder.run("tracker", compact).expectSuccess()
      #expect(folder.names == ["a.tracker", Self.leftover])
      let bytes = try folder.read(Self.leftover)
      #expect(bytes == [1, 2, 3])
    }
    try InstanceTracker.resume(path: folder["a.tracker"]).close()
    #expect(folder.names == ["a.tracker"])
  }

  @Test func otherFilesStay() throws {
    let others = [
      "a.tracker.tmp-backup", "a.tracker.tmp-00000000ABC12", "a.tracker.tmp-00000000abc12.bak",
      "a.tracker.tmp-00000000abc12-unlocked", "b.tracker.tmp-00000000abc12", "tmp-00000000abc12",
    ]
    for name in others { try folder.write([1], name) }
    try FileManager.default.createDirectory(
      atPath: folder[Self.leftover], withIntermediateDirectories: false)
    try folder.run("/usr/bin/mkfifo", folder["a.tracker.tmp-00000000abc13"]).expectSuccess()
    let before = folder.names
    try InstanceTracker.resume(path: folder["a.tracker"]).close()
    #expect(try folder.run("tracker", "verify", "a.tracker").lines.count == 1)
    #expect(folder.names == before)
  }

  @Test func aKilledMergeIsTidiedByTheNext() throws {
    for rank in UInt32(0)..<2 {
      let indices = stride(from: Int64(rank), to: 120_000, by: 2)
      let values = Dictionary(uniqueKeysWithValues: indices.map { ($0, Float($0 % 977) / 977) })
      try folder.record("worker-\(rank)", [values], as: Folder.worker(rank, of: 2))
    }
    let merge = ["worker-0", "worker-1", "-o", "merged", "--memory", "1MiB"]
    let temporaries = { folder.names.filter { $0.hasPrefix("merged.tmp-") } }
    // A machine may be so fast that a merge ends before it is killed.
    for _ in 0..<20 where temporaries().isEmpty {
      try? FileManager.default.removeItem(atPath: folder["merged"])
      let running = try RunningCommand("tracker-merge", merge, in: folder)
      while running.isRunning, temporaries().isEmpty { usleep(1000) }
      running.kill()
      _ = try running.finish()
    }
    try #require(temporaries().count == 1)
    try? FileManager.default.removeItem(atPath: folder["merged"])
    #expect(try folder.run("tracker-merge", merge).status == 0)
    #expect(temporaries().isEmpty)
    #expect(try folder.run("tracker", "verify", "merged").lines.count == 1)
  }

  /// Each begins by looking for leftovers, while others have made theirs and not locked them yet.
  @Test func writersThatStartAtOnceLeaveEachOtherAlone() async throws {
    let path = folder["out"]
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in UInt8(0)..<8 {
        group.addTask {
          for _ in 0..<150 {
            let output = try OutputFile(path: path, overwriting: true)
            let bytes = [UInt8](repeating: writer, count: 100)
            try output.write(bytes.span)
            try output.flush()
            let found = try Data(contentsOf: URL(filePath: output.temporaryPath))
            #expect([UInt8](found) == bytes)
            output.discard()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(folder.names == ["a.tracker"])
  }

  @Test func processesThatStartAtOnceAllWriteTheOutput() throws {
    for _ in 0..<5 {
      let running = try (0..<4).map { _ in
        try RunningCommand(
          "tracker", ["compact", "a.tracker", "-o", "out.tracker", "--force"], in: folder)
      }
      for command in running {
        let run = try command.finish()
        // Two may replace the file in the same moment.
        #expect(
          run.status == 0 || run.errors.contains("writing to this file")
            || run.errors.contains("was replaced meanwhile"), "\(run.errors)")
      }
      #expect(folder.names == ["a.tracker", "out.tracker"])
      #expect(try folder.run("tracker", "verify", "out.tracker").status == 0)
    }
  }
}

extension CommandRun {
  func expectSuccess() { #expect(status == 0, "\(errors)") }
}
