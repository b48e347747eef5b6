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
    files["a.pkl"] = Self.checkpoint
    files["system.json"] = Array(#"{"mode": "eval", "epoch_idx": 3, "global_step": 60}"#.utf8)
    folder.clear()
  }

  /// A checkpoint of FastEstimator in protocol 0: two histories, and points of an open epoch.
  private static var checkpoint: [UInt8] {
    let histories = (0..<500).map { index in
      "I\(index)\n((I20\nF\(index).5\nt(I40\nF0.1\ntl"
    }
    let text = """
      (Vindex_history\n(Vtrain\n(\(histories.joined())ddVinputs\n(Vidx\nVce\nlVpoints\n\
      (((I1\nI2\nl(F0.5\nF0.25\nltld.
      """
    return Array(text.utf8)
  }

  subscript(name: String) -> [UInt8] { files[name] ?? [] }
}
