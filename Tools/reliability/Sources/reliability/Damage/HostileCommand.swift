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
      besides. No process may be ended by a signal, nor take more than four times its file and 64 MiB; \
      those that scan it may take 256 MiB besides, for what their --memory allows and for lists of its tiles.
      """)

  @OptionGroup var programs: ProgramOptions
  @Argument(help: "Folders of other files.") var folders: [String] = []
  @Option(
    help:
      "What is allowed besides four times the file, in MiB; little shows that the check can fail.")
  var allowance = 64
  @Option(help: "Write the made files into a folder, and end.") var write: String?

  private static let opening = [
    ["dump", "FILE"], ["dump", "--commits", "FILE"], ["verify", "FILE"],
  ]
  private static let scanning = [
    ["select", "FILE"], ["recover", "FILE", "-o", "OUTPUT", "--force"],
    ["merge", "FILE", "-o", "OUTPUT", "--force"],
  ]
  /// The default of `--memory`, and as much for the lists of tiles and columns that scans make.
  private static let scanMiB = 256

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
    var (violations, refused, processes): ([String], Int, Int) = ([], 0, 0)
    // By whether the command only opens the file.
    var (most, largest) = ([0, 0], ["", ""])
    let output = work.file("output")
    for path in files {
      let size = Int(try FileHandle(path: path, mode: .read).size())
      for (kind, commands) in [Self.opening, Self.scanning].enumerated() {
        for command in commands {
          let arguments = command.map { $0 == "FILE" ? path : $0 == "OUTPUT" ? output : $0 }
          let process = try ChildProcess(
            paths.tracker, arguments, output: work.file("out"), errors: work.file("errors"))
          var status: Int32 = 0
          var usage = rusage()
          while wait4(process.id, &status, 0, &usage) < 0, errno == EINTR {}
          processes += 1
          let peak = Int(usage.ru_maxrss)
          let name = "\(Paths.name(of: path)): \(command[0])"
          if status & 0x7F != 0 { violations.append("\(name): ended by signal \(status & 0x7F)") }
          if status >> 8 & 0xFF != 0 { refused += 1 }
          // Scans may hold besides what their --memory allows.
          let bound = size * 4 / 1024 + (allowance + (kind == 0 ? 0 : Self.scanMiB)) << 10
          if peak > bound { violations.append("\(name): \(peak) KiB for \(size) bytes") }
          if peak > most[kind] { (most[kind], largest[kind]) = (peak, name) }
        }
      }
    }
    Report.line(
      "hostile", 0,
      [
        ("files", files.count), ("of them made to claim much", made), ("processes", processes),
        ("of them refusing", refused), ("KiB at most to open", most[0]),
        ("KiB at most to scan", most[1]), ("violations", violations.count),
      ], TrackerSystem.Clock.monotonicSeconds() - start)
    Report.note("most memory: \(largest[0]); \(largest[1])")
    for text in violations.prefix(20) { Report.note(text) }
    if !violations.isEmpty { throw ExitCode.failure }
  }
}
