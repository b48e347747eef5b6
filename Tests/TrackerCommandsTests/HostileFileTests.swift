import Foundation
import Testing
import TrackerModel
import TrackerState

/// Memory of a process and what it ended with, as told by the system.
enum MeasuredProcess {
  struct Outcome {
    /// -1 where a signal ended it.
    var status: Int
    /// The most that was resident, in KiB.
    var peak: Int
  }

  /// Between the test and the command: a process begins with the peak of the one that starts it, and that
  /// of the tests is large.
  static let program: String? = {
    let source = """
      #include <stdio.h>
      #include <sys/resource.h>
      #include <sys/wait.h>
      #include <unistd.h>
      int main(int count, char **words) {
        pid_t child = fork();
        if (child == 0) {
          execv(words[2], words + 2);
          _exit(127);
        }
        int status;
        struct rusage usage;
        if (wait4(child, &status, 0, &usage) < 0) return 1;
        FILE *file = fopen(words[1], "w");
        fprintf(file, "%d %ld\\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1, usage.ru_maxrss);
        return fclose(file);
      }
      """
    let base = FileManager.default.temporaryDirectory.appending(
      path: "measured-\\(ProcessInfo.processInfo.processIdentifier)")
    let file = base.appendingPathExtension("c")
    guard (try? Data(source.utf8).write(to: file)) != nil else { return nil }
    defer { try? FileManager.default.removeItem(at: file) }
    let compiler = Process()
    compiler.executableURL = URL(filePath: "/usr/bin/env")
    compiler.arguments = ["clang", "-O1", file.path, "-o", base.path]
    guard (try? compiler.run()) != nil else { return nil }
    compiler.waitUntilExit()
    return compiler.terminationStatus == 0 ? base.path : nil
  }()

  static func run(_ command: [String], in folder: Folder) throws -> Outcome {
    let report = folder.unusedPath()
    let program = CommandRun.programs.appending(path: command[0]).path
    let run = try folder.run(try #require(self.program), [report, program] + command.dropFirst())
    #expect(run.status == 0)
    let words = try String(contentsOfFile: report, encoding: .utf8).split { $0.isWhitespace }
    return Outcome(status: try #require(Int(words[0])), peak: try #require(Int(words[1])))
  }
}

/// Files that claim more than they hold, and names that are no names.
@Suite struct HostileFileTests {
  private static let vectors = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(
      path: "Spec/vectors/malformed")

  private static let opening = [
    ["tracker-dump", "file"], ["tracker", "dump", "--commits", "file"],
    ["tracker", "verify", "file"],
  ]
  private static let scanning = [
    ["tracker", "select", "file"], ["tracker", "recover", "file", "-o", "out", "--force"],
    ["tracker-merge", "file", "-o", "out", "--force"],
  ]

  /// Which of the made files are opened here, and by what: others take long without optimisation.
  private static let made = [
    "entries-small.tracker": opening, "identity-sets-small.tracker": opening,
    "groups.tracker": opening, "bomb.tracker": opening, "columns.tracker": [opening[1]],
  ]

  /// `Tools/reliability/run` does all made files, all malformed vectors and inputs of the fuzzer.
  @Test(.enabled(if: MeasuredProcess.program != nil, "needs a C compiler"))
  func noCommandTakesMuchMoreThanTheFile() throws {
    let folder = try Folder()
    var cases: [(name: String, bytes: [UInt8], commands: [[String]])] = []
    for (name, bytes) in HostileFiles.all() {
      if let commands = Self.made[name] { cases.append((name, bytes, commands)) }
    }
    #expect(cases.count == Self.made.count)
    let malformed = try FileManager.default.contentsOfDirectory(atPath: Self.vectors.path)
      .filter { $0.hasSuffix(".tracker") }.sorted()
    try #require(malformed.count > 60)
    for name in stride(from: 0, to: malformed.count, by: 40).map({ malformed[$0] }) {
      let bytes = [UInt8](try Data(contentsOf: Self.vectors.appending(path: name)))
      cases.append((name, bytes, Self.opening + Self.scanning))
    }
    for (name, bytes, commands) in cases {
      try folder.write(bytes, "file")
      for command in commands {
        let outcome = try MeasuredProcess.run(command, in: folder)
        #expect(outcome.status >= 0, "\(name): \(command)")
        let bound = bytes.count * 4 / 1024 + 64 << 10
        #expect(outcome.peak <= bound, "\(name), \(bytes.count) bytes: \(command)")
      }
    }
    #expect(folder.names.filter { $0 != "file" && $0 != "out" } == [])
  }

  private static let evil =
    "../../\u{1B}[2J\u{1B}]0;owned\u{7}\u{0}\u{9B}31m\u{202E}\r\nx: sound: 1 record"

  @Test func namesMoveNeitherTerminalsNorPaths() throws {
    let outer = try Folder()
    try FileManager.default.createDirectory(
      atPath: outer["a/b"], withIntermediateDirectories: true)
    let evil = Name(Self.evil)
    let tracker = try InstanceTracker.create(
      path: outer["a/b/f"],
      parameters: try Parameters(
        indexKey: evil, metricKeys: [evil], maxToKeep: 1, minToKeep: 1,
        listToKeep: [.string(evil)], modes: .all, dsIDs: .only([evil]), outputName: evil),
      indexType: .string, run: Folder.worker(run: evil))
    for epoch in Int64(1)...2 {
      try tracker.record(
        mode: .train, dsID: evil, epoch: epoch, indices: [evil],
        values: [evil: .float([Float(epoch)])])
      try tracker.endEpoch(mode: .train, dsID: evil, epoch: epoch, step: epoch)
      try tracker.checkpoint()
    }
    _ = try tracker.select()
    try tracker.close()
    // A damaged one besides: what is lost is named, too.
    var bytes = try outer.read("a/b/f")
    let half = bytes.count / 2
    let runs = """
      cd a/b
      tracker dump f; tracker dump --commits f; tracker dump --tiles f; tracker dump --kept f
      tracker dump --points f; tracker dump --digest f; tracker select f; tracker stats f -o s.csv
      tracker verify f; tracker recover f -o r; tracker merge f r -o m; tracker compact f -o c
      tracker diff f m; tracker diff f e; tracker export f -o o.csv; tracker export f -o o.npz
      tracker export f --metric none -o o2.npz; tracker verify d; tracker recover d -o rd
      tracker export f --metric none -o o3.csv; tracker dump d; tracker merge f d -o md
      """
    for position in half..<bytes.count - 30 { bytes[position] ^= 0x10 }
    try outer.write(bytes, "a/b/d")
    _ = try outer.shell("cp a/b/f a/b/e")
    let run = try outer.shell(runs)
    #expect(run.lines.count > 40)
    // What machines read has names whole; none of it is among these.
    for text in [run.text, run.errors] {
      for line in text.split(separator: "\n") {
        let controls = line.unicodeScalars.contains {
          $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0.value == 0x202E
        }
        #expect(!controls, "\(String(line.unicodeScalars.prefix(300)).debugDescription)")
        #expect(!line.hasPrefix("x: sound"))
      }
    }
    #expect(outer.names == ["a"])
    #expect(try FileManager.default.contentsOfDirectory(atPath: outer["a"]) == ["b"])
  }
}
