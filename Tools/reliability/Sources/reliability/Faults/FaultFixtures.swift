import TrackerFile
import TrackerModel
import TrackerState

/// The files that operations begin with, by name.
struct FaultFixtures {
  private(set) var files: [String: [UInt8]] = [:]
  /// Where the runs of trackers are.
  static let place = Course.Place(epochs: 3, isWithin: true)

  /// - Parameters:
  ///   - programs: this one and `tracker`.
  init(in folder: WorkFolder, own: String, tracker: String) throws {
    func run(_ program: String, _ arguments: [String]) throws {
      let end = try ChildProcess.run(
        program, arguments, output: folder.file("log"), errors: folder.file("errors"))
      guard end == .exited(0) else {
        throw Violation("fixture \(arguments): \(end) \(try folder.text("errors"))")
      }
    }
    let path = folder.file("a.tracker")
    try run(own, ["act", "append", path, "--checkpoints", "7"])
    files["a.tracker"] = try folder.bytes("a.tracker")
    try run(
      own,
      [
        "act", "append", folder.file("b.tracker"), "--seed", "2", "--checkpoints", "4", "--rank",
        "1",
      ])
    files["b.tracker"] = try folder.bytes("b.tracker")
    // A checkpoint more, of which the last bytes are missing.
    try run(own, ["act", "append", path, "--checkpoints", "1"])
    files["torn.tracker"] = try folder.bytes("a.tracker")?.dropLast(9)
    try folder.write(files["a.tracker"] ?? [], "a.tracker")
    try run(tracker, ["export", path, "-o", folder.file("a.csv")])
    files["a.csv"] = try folder.bytes("a.csv")
    // Names show as such only after many integers: the import begins anew then.
    files["names.csv"] = (files["a.csv"] ?? []) + Array("ce,train,,seven,1,10,0.5\n".utf8)
    try run(tracker, ["export", path, "--metric", "ce", "-o", folder.file("a.npz")])
    files["a.npz"] = try folder.bytes("a.npz")
    folder.clear()
  }

  subscript(name: String) -> [UInt8] { files[name] ?? [] }
}
