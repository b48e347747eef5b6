import Foundation

/// What one of the executables did, run as a process of its own.
struct CommandRun {
  var status: Int32
  var output: [UInt8]
  var errors: String

  var text: String { String(decoding: output, as: UTF8.self) }
  var lines: [String] { text.split(separator: "\n").map(String.init) }
  /// The output as one JSON object; empty where it is none.
  var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(output))) as? [String: Any] ?? [:]
  }
  /// The output as a JSON object on every line.
  var jsonLines: [[String: Any]] {
    lines.map {
      (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any] ?? [:]
    }
  }

  /// The executables stand beside the tests.
  static let programs: URL = {
    // On Linux the running file is beside them; elsewhere the test bundle is.
    let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
    var folder = link.map { URL(fileURLWithPath: $0) } ?? tests ?? Bundle.main.bundleURL
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let tracker = folder.appendingPathComponent("tracker").path
      if FileManager.default.isExecutableFile(atPath: tracker) { return folder }
    }
    fatalError("the executable 'tracker' is not beside the tests")
  }()

  init(_ program: String, _ arguments: [String], in folder: Folder) throws {
    self = try RunningCommand(program, arguments, in: folder).finish()
  }

  init(status: Int32, output: [UInt8], errors: String) {
    self.status = status
    self.output = output
    self.errors = errors
  }
}

/// One of the executables at work. Standard input is empty; outputs go to files, so that no pipe can
/// fill up.
final class RunningCommand {
  private let process = Process()
  private let outputs: [URL]
  private let handles: [FileHandle]

  init(_ program: String, _ arguments: [String], in folder: Folder) throws {
    outputs = [folder.unusedPath(), folder.unusedPath()].map { URL(fileURLWithPath: $0) }
    for path in outputs { try Data().write(to: path) }
    handles = try outputs.map { try FileHandle(forWritingTo: $0) }
    process.executableURL =
      program.hasPrefix("/")
      ? URL(fileURLWithPath: program) : CommandRun.programs.appendingPathComponent(program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = handles[0]
    process.standardError = handles[1]
    try process.run()
  }

  var isRunning: Bool { process.isRunning }

  func send(_ signal: Int32) { Foundation.kill(process.processIdentifier, signal) }

  /// Ends the process by SIGKILL, which it cannot see coming.
  func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

  /// What it has said on standard error so far.
  var errorsSoFar: String {
    (try? Data(contentsOf: outputs[1])).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// Waits for the end. A status of -1 is that of a command which was killed or crashed.
  func finish() throws -> CommandRun {
    process.waitUntilExit()
    for handle in handles { try handle.close() }
    let texts = try outputs.map { [UInt8](try Data(contentsOf: $0)) }
    for path in outputs { try FileManager.default.removeItem(at: path) }
    return CommandRun(
      status: process.terminationReason == .exit ? process.terminationStatus : -1,
      output: texts[0], errors: String(decoding: texts[1], as: UTF8.self))
  }
}

/// A folder for one test, removed with it.
final class Folder {
  let path: String
  private var unused = 0

  init() throws {
    path =
      FileManager.default.temporaryDirectory
      .appendingPathComponent("tracker-tests-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  subscript(name: String) -> String { path + "/" + name }

  func unusedPath() -> String {
    unused += 1
    return self[".output-\(unused)"]
  }

  /// Names in the folder, but for those that begin with a dot.
  var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
      .filter { !$0.hasPrefix(".") }.sorted()
  }

  func read(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: self[name])))
  }

  func write(_ bytes: [UInt8], _ name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: self[name]))
  }

  func run(_ program: String, _ arguments: String...) throws -> CommandRun {
    try CommandRun(program, arguments, in: self)
  }

  func run(_ program: String, _ arguments: [String]) throws -> CommandRun {
    try CommandRun(program, arguments, in: self)
  }

  /// Runs a line of bash in the folder, in which the executables are found by name.
  func shell(_ script: String) throws -> CommandRun {
    try CommandRun(
      "/bin/bash", ["-c", "PATH='\(CommandRun.programs.path)':$PATH; \(script)"], in: self)
  }
}
