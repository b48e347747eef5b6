import ArgumentParser
import Glibc
import TrackerCodec
import TrackerModel
import TrackerSystem

/// `reliability hostile`: real processes open files that claim much, and their memory is measured.
struct HostileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hostile", abstract: "Measure the memory that opening hostile files takes.",
    discussion: """
      Made files claim counts, lengths and directories beyond what they hold; those of the folders are opened \
      besides. No process may be ended by a signal, nor take more than four times its file and 64 MiB.
      """)

  @OptionGroup var programs: ProgramOptions
  @Argument(help: "Folders of other files.") var folders: [String] = []
  @Option(
    help:
      "What is allowed besides four times the file, in MiB; little shows that the check can fail.")
  var allowance = 64
  @Option(help: "Write the made files into a folder, and end.") var write: String?

  func run() throws {
    let start = TrackerSystem.Clock.monotonicSeconds()
    let work = try WorkFolder.temporary()
    defer { work.remove() }
    if let write {
      let folder = try WorkFolder(write)
      for (name, bytes) in HostileFiles.all() { try folder.write(bytes, name) }
      return
    }
    let paths = try programs.resolved()
    // By another process: a new one begins with the peak of the one that started it, so this stays small.
    let madeFolder = work.file("made")
    guard
      try ChildProcess.run(
        paths.own, ["hostile", "--write", madeFolder], output: work.file("out"),
        errors: work.file("errors")) == .exited(0)
    else { throw Violation("the files cannot be made") }
    var files = try Paths.names(inFolder: madeFolder).sorted().map { "\(madeFolder)/\($0)" }
    let made = files.count
    for folder in folders {
      files += try Paths.names(inFolder: folder).sorted().map { "\(folder)/\($0)" }
    }
    var (violations, most, refused, largest): ([String], Int, Int, String) = ([], 0, 0, "")
    for path in files {
      let size = Int(try FileHandle(path: path, mode: .read).size())
      let process = try ChildProcess(
        paths.tracker, ["dump", "--commits", path], output: work.file("out"),
        errors: work.file("errors"))
      var status: Int32 = 0
      var usage = rusage()
      while wait4(process.id, &status, 0, &usage) < 0, errno == EINTR {}
      let peak = Int(usage.ru_maxrss)
      if status & 0x7F != 0 { violations.append("\(path): ended by signal \(status & 0x7F)") }
      if status >> 8 & 0xFF != 0 { refused += 1 }
      if peak > size * 4 / 1024 + allowance << 10 {
        violations.append("\(path): \(peak) KiB for \(size) bytes")
      }
      if peak > most { (most, largest) = (peak, path) }
    }
    Report.line(
      "hostile", 0,
      [
        ("files", files.count), ("of them made to claim much", made), ("refused", refused),
        ("KiB at most", most), ("violations", violations.count),
      ], TrackerSystem.Clock.monotonicSeconds() - start)
    Report.note("most memory: \(Paths.name(of: largest))")
    for text in violations.prefix(20) { Report.note(text) }
    if !violations.isEmpty { throw ExitCode.failure }
  }
}
