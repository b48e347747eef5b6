#if os(Linux)
  import Foundation
  import Testing

  /// What is preloaded into processes to make their calls fail.
  private enum FaultShim {
    /// The library that makes calls fail, built once.
    static let library: String? = {
      let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
      let source = root.appending(path: "Tools/reliability/Sources/FaultShim")
      let library = FileManager.default.temporaryDirectory.appending(
        path: "fault-shim-\(ProcessInfo.processInfo.processIdentifier).so")
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = [
        "clang", "-O1", "-shared", "-fPIC", "-I", source.appending(path: "include").path,
        source.appending(path: "FaultShim.c").path, "-o", library.path,
      ]
      guard (try? process.run()) != nil else { return nil }
      process.waitUntilExit()
      return process.terminationStatus == 0 ? library.path : nil
    }()
  }

  /// Single system calls of real processes fail. `Tools/reliability` fails them all; these are the ones that
  /// once went wrong.
  @Suite(.enabled(if: FaultShim.library != nil, "needs a C compiler")) struct SystemFaultTests {
    private let folder: Folder
    /// Where the processes write; what concerns the test itself stands beside it.
    private var work: String { folder["work"] }

    init() throws {
      folder = try Folder()
      try FileManager.default.createDirectory(
        atPath: folder["work"], withIntermediateDirectories: true)
      try folder.recordRich("work/a.tracker")
    }

    /// Runs a command; the call `letter` of it fails once, the first or the last one.
    private func run(_ command: String, failing letter: Character, last: Bool = false) throws
      -> CommandRun
    {
      let calls = try log(command, at: 0).calls
      let place = try #require(last ? calls.lastIndex(of: letter) : calls.firstIndex(of: letter))
      for name in try names() where name.hasPrefix("out") {
        try FileManager.default.removeItem(atPath: "\(work)/\(name)")
      }
      let (run, seen) = try log(command, at: calls.distance(from: calls.startIndex, to: place) + 1)
      #expect(seen.contains(Character(letter.uppercased())), "\(seen)")
      return run
    }

    private func log(_ command: String, at call: Int, nfs: Bool = false) throws -> (
      run: CommandRun, calls: String
    ) {
      let log = folder["calls-\(call)"]
      let words = command.split(separator: " ").map(String.init)
      let programs = CommandRun.programs.path
      let run = try folder.run(
        "/usr/bin/env",
        [
          "LD_PRELOAD=\(FaultShim.library ?? "")", "TRACKER_FAULT_ROOT=\(work)",
          "TRACKER_FAULT_KIND=eio", "TRACKER_FAULT_NFS_LOCKS=\(nfs ? 1 : 0)",
          "TRACKER_FAULT_AT=\(call)", "TRACKER_FAULT_LOG=\(log)", "\(programs)/\(words[0])",
        ] + words.dropFirst().map { $0.hasPrefix("@") ? "\(work)/\($0.dropFirst())" : $0 })
      return (run, try String(contentsOfFile: log, encoding: .utf8))
    }

    private func names() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: work).sorted()
    }

    @Test func anOutputIsThereThoughRemovingItsTemporaryNameFailsOnce() throws {
      let run = try run("tracker compact @a.tracker -o @out.tracker", failing: "u")
      #expect(run.status == 0, "\(run.errors)")
      #expect(try names() == ["a.tracker", "out.tracker"])
    }

    @Test func anOutputWhoseNameIsNotDurableIsNotThere() throws {
      let run = try run("tracker compact @a.tracker -o @out.tracker", failing: "f")
      #expect(run.status == 1)
      #expect(try names() == ["a.tracker"])
    }

    @Test(arguments: ["r", "w", "s", "c"] as [Character])
    func errorsNameTheFileThatWasAskedForAndARemedy(_ letter: Character) throws {
      let run = try run("tracker compact @a.tracker -o @out.tracker", failing: letter)
      #expect(run.status == 1)
      let file = letter == "r" ? "a.tracker" : "out.tracker"
      #expect(run.errors.contains("error: \(work)/\(file): "), "\(run.errors)")
      #expect(run.errors.contains("; "), "\(run.errors)")
      #expect(!run.errors.contains(".tmp-"), "\(run.errors)")
      #expect(try names() == ["a.tracker"])
    }

    /// Over NFS Linux gives an exclusive lock to descriptors that can write alone.
    @Test func whatIsReplacedIsLockedWhereLocksNeedAWritableDescriptor() throws {
      try FileManager.default.copyItem(atPath: "\(work)/a.tracker", toPath: "\(work)/out.tracker")
      let run = try log("tracker compact @a.tracker -o @out.tracker --force", at: 0, nfs: true).run
      #expect(run.status == 0, "\(run.errors)")
      #expect(try names() == ["a.tracker", "out.tracker"])
    }

    @Test func aFileSystemWithoutLocksStillTakesExports() throws {
      let run = try run("tracker export @a.tracker -o @out.csv", failing: "k")
      #expect(run.status == 0, "\(run.errors)")
      #expect(try names() == ["a.tracker", "out.csv"])
    }

    @Test func recoverVerifiesBeforeItGivesTheName() throws {
      let run = try run("tracker recover @a.tracker -o @out.tracker", failing: "r", last: true)
      #expect(run.status == 1)
      #expect(try names() == ["a.tracker"])
    }

    /// A half-made tracker can neither be begun nor resumed.
    @Test func aTrackerThatCannotBeBegunIsNotThere() throws {
      let data = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/digits-training/Data/digits.csv").path
      try FileManager.default.createDirectory(
        atPath: "\(work)/out", withIntermediateDirectories: true)
      let command =
        "digits-training train --data \(data) --directory @out --rank 0 --world-size 1 --epochs 1"
      let log = try log(command, at: 0).calls
      let place = try #require(log.firstIndex(of: "w"))
      try FileManager.default.removeItem(atPath: "\(work)/out")
      try FileManager.default.createDirectory(
        atPath: "\(work)/out", withIntermediateDirectories: true)
      let run = try self.log(command, at: log.distance(from: log.startIndex, to: place) + 1).run
      #expect(run.status == 1)
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(work)/out").isEmpty)
    }
  }
#endif
