import TrackerModel

/// Something that is done to files, in which every system call fails once.
struct FaultOperation {
  enum Outcome {
    /// A file that appears whole or not at all, the same bytes each time.
    case output(String)
    /// A tracker that is begun.
    case creation(String)
    /// A tracker that is changed in its place.
    case change(String)
  }

  let name: String
  /// Whether this very program does it, instead of `tracker`.
  var isOwn = false
  let arguments: [String]
  let outcome: Outcome
  /// What the folder holds before, by name: the fixture's name.
  let files: [String: String]
  var input: String?

  /// All of them. Names of files stand in braces in the arguments.
  static let all: [FaultOperation] = [
    FaultOperation(
      name: "create", isOwn: true, arguments: ["act", "create", "{new.tracker}"],
      outcome: .creation("new.tracker"), files: [:]),
    FaultOperation(
      name: "append", isOwn: true, arguments: ["act", "append", "{a.tracker}"],
      outcome: .change("a.tracker"), files: ["a.tracker": "a.tracker"]),
    FaultOperation(
      name: "commit in the background", isOwn: true,
      arguments: ["act", "append", "{a.tracker}", "--background", "--checkpoints", "3"],
      outcome: .change("a.tracker"), files: ["a.tracker": "a.tracker"]),
    FaultOperation(
      name: "resume behind a torn tail", isOwn: true,
      arguments: ["act", "append", "{a.tracker}", "--checkpoints", "1"],
      outcome: .change("a.tracker"), files: ["a.tracker": "torn.tracker"]),
    FaultOperation(
      name: "rewind", isOwn: true, arguments: ["act", "rewind", "{a.tracker}"],
      outcome: .change("a.tracker"), files: ["a.tracker": "a.tracker"]),
    FaultOperation(
      name: "tracker rewind", arguments: ["rewind", "{a.tracker}", "--to-step", "10"],
      outcome: .change("a.tracker"), files: ["a.tracker": "a.tracker"]),
    FaultOperation(
      name: "compact", arguments: ["compact", "{a.tracker}", "-o", "{out.tracker}"],
      outcome: .output("out.tracker"), files: ["a.tracker": "a.tracker"]),
    FaultOperation(
      name: "compact over a file",
      arguments: ["compact", "{a.tracker}", "-o", "{out.tracker}", "--force"],
      outcome: .output("out.tracker"),
      files: ["a.tracker": "a.tracker", "out.tracker": "b.tracker"]),
    FaultOperation(
      name: "merge",
      arguments: [
        "merge", "{a.tracker}", "{b.tracker}", "-o", "{out.tracker}", "--on-conflict", "min",
      ],
      outcome: .output("out.tracker"), files: ["a.tracker": "a.tracker", "b.tracker": "b.tracker"]),
    FaultOperation(
      name: "merge of a folder over a file",
      arguments: ["merge", "{}", "-o", "{out.merged}", "--force", "--on-conflict", "max"],
      outcome: .output("out.merged"),
      files: ["a.tracker": "a.tracker", "b.tracker": "b.tracker", "out.merged": "a.tracker"]),
    FaultOperation(
      name: "import of CSV", arguments: ["import", "{a.csv}", "-o", "{out.tracker}"],
      outcome: .output("out.tracker"), files: ["a.csv": "a.csv"]),
    FaultOperation(
      name: "import of CSV with names", arguments: ["import", "{a.csv}", "-o", "{out.tracker}"],
      outcome: .output("out.tracker"), files: ["a.csv": "names.csv"]),
    FaultOperation(
      name: "import of a stream",
      arguments: ["import", "-", "--format", "csv", "-o", "{out.tracker}"],
      outcome: .output("out.tracker"), files: [:], input: "a.csv"),
    FaultOperation(
      name: "import of an npz archive", arguments: ["import", "{a.npz}", "-o", "{out.tracker}"],
      outcome: .output("out.tracker"), files: ["a.npz": "a.npz"]),
    FaultOperation(
      name: "import of a checkpoint", arguments: ["import", "{a.pkl}", "-o", "{out.tracker}"],
      outcome: .output("out.tracker"),
      files: ["a.pkl": "a.pkl", "system.json": "system.json"]),
    FaultOperation(
      name: "export to CSV", arguments: ["export", "{a.tracker}", "-o", "{out.csv}"],
      outcome: .output("out.csv"), files: ["a.tracker": "a.tracker"]),
    FaultOperation(
      name: "export to an npz archive",
      arguments: ["export", "{a.tracker}", "--metric", "ce", "-o", "{out.npz}"],
      outcome: .output("out.npz"), files: ["a.tracker": "a.tracker"]),
    FaultOperation(
      name: "recover", arguments: ["recover", "{a.tracker}", "-o", "{out.tracker}"],
      outcome: .output("out.tracker"), files: ["a.tracker": "torn.tracker"]),
  ]

  func arguments(in folder: WorkFolder) -> [String] {
    arguments.map { argument in
      guard argument.hasPrefix("{") else { return argument }
      let name = String(argument.dropFirst().dropLast())
      return name.isEmpty ? folder.path : folder.file(name)
    }
  }
}

/// What the shim is told to do to a process.
struct Fault: CustomStringConvertible {
  enum Kind: String, CaseIterable {
    case enospc, full, eio, eintr
    case shortRead = "short-read"
    case shortWrite = "short-write"
    case sync, rename

    /// Whether the operation must succeed all the same.
    var isHarmless: Bool { self == .eintr || self == .shortRead || self == .shortWrite }
  }

  var kind: Kind
  /// The call, counted from 1 among those that the kind concerns.
  var call: Int
  var isLasting: Bool

  var description: String {
    "\(kind.rawValue) at call \(call)\(isLasting ? " and all after it" : "")"
  }

  func variables(root: String, shim: String, log: String) -> [String: String] {
    [
      "LD_PRELOAD": shim, "TRACKER_FAULT_ROOT": root, "TRACKER_FAULT_KIND": kind.rawValue,
      "TRACKER_FAULT_AT": "\(call)", "TRACKER_FAULT_FOREVER": isLasting ? "1" : "0",
      "TRACKER_FAULT_LOG": log, "TMPDIR": root,
    ]
  }
}
