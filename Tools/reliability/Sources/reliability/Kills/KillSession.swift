import Glibc
import TrackerFile
import TrackerModel
import TrackerSystem

/// One worker's folder, whose processes are killed over and over.
///
/// What they had promised is known from what they printed before they died, and what the points must be from
/// computing them again: nothing of it is taken from the file.
struct KillSession {
  enum Kind: String, CaseIterable {
    case training, append, compact, merge
  }

  struct Figures {
    var kills: [Kind: Int] = [:]
    /// Processes that had ended when they were to be killed.
    var completed = 0
    var checkpoints = 0
    /// Checkpoints that were there though their process died before it said so.
    var unannounced = 0
    var runs = 0
    var temporaries = 0
    var torn = 0
  }

  let programs: FaultCase.Programs
  let folder: WorkFolder
  let prints: WorkFolder
  private var random: SeededGenerator
  private(set) var figures = Figures()
  private var course: Course
  /// What is known to be durable; nil where the run has no file yet.
  private var known: Int?
  /// Files that commands read, and what they write.
  private let inputs: [String: [UInt8]]
  private var expected: [Kind: [UInt8]] = [:]
  /// Seconds that an undisturbed process takes.
  private var durations: [Kind: Double] = [.training: 0.12, .append: 0.04]

  private static let run = "run.tracker"

  init(
    _ programs: FaultCase.Programs, folder: WorkFolder, prints: WorkFolder, inputs: FaultFixtures,
    seed: UInt64, job: Int
  ) throws {
    self.programs = programs
    self.folder = folder
    self.prints = prints
    random = SeededGenerator(seed, case: job)
    course = Course(seed: random.next() >> 1)
    self.inputs = ["a.tracker": inputs["a.tracker"], "b.tracker": inputs["b.tracker"]]
    for (name, bytes) in self.inputs { try folder.write(bytes, name) }
    for kind in [Kind.compact, .merge] {
      let start = TrackerSystem.Clock.monotonicSeconds()
      let end = try spawn(kind, overwriting: false).wait()
      durations[kind] = TrackerSystem.Clock.monotonicSeconds() - start
      guard end == .exited(0), let bytes = try folder.bytes("out.tracker") else {
        throw Violation("\(kind) fails by itself: \(try prints.text("errors"))")
      }
      expected[kind] = bytes
      unlink(folder.file("out.tracker"))
    }
  }

  private func spawn(_ kind: Kind, overwriting: Bool) throws -> ChildProcess {
    func process(_ program: String, _ arguments: [String]) throws -> ChildProcess {
      try ChildProcess(
        program, arguments, variables: ["TMPDIR": folder.path], output: prints.file("output"),
        errors: prints.file("errors"))
    }
    let force = overwriting ? ["--force"] : []
    let out = folder.file("out.tracker")
    switch kind {
    case .training:
      return try process(
        programs.own,
        ["act", "append", folder.file(Self.run), "--seed", "\(course.seed)", "--background"]
          + ["--checkpoints", "0"])
    case .append:
      return try process(
        programs.own,
        ["act", "append", folder.file(Self.run), "--seed", "\(course.seed)", "--checkpoints", "3"])
    case .compact:
      return try process(
        programs.tracker, ["compact", folder.file("a.tracker"), "-o", out] + force)
    case .merge:
      return try process(
        programs.tracker,
        ["merge", folder.file("a.tracker"), folder.file("b.tracker"), "-o", out, "--on-conflict"]
          + ["max"] + force)
    }
  }

  /// Starts a process, kills it, and looks at what it left.
  mutating func step() throws {
    let kind = Kind.allCases[[0, 0, 0, 1, 1, 1, 2, 2, 3, 3][random.below(10)]]
    let before: [UInt8]? = random.isOne(in: 2) ? inputs["b.tracker"] : nil
    let isOutput = kind == .compact || kind == .merge
    if isOutput, let before { try folder.write(before, "out.tracker") }
    let process = try spawn(kind, overwriting: before != nil)
    let duration = durations[kind] ?? 0.02
    let moment = duration * 1.1 * Double(random.below(1 << 20)) / Double(1 << 20)
    TrackerSystem.Clock.sleep(seconds: moment)
    process.kill()
    switch process.wait() {
    case .signalled(SIGKILL): figures.kills[kind, default: 0] += 1
    case .exited(0): figures.completed += 1
    case let end: throw Violation("\(kind) ended with \(end): \(try told())")
    }
    try checkTemporaries(mayBe: isOutput ? "out.tracker" : Self.run)
    if isOutput { try checkOutput(kind, before) } else { try checkRun(kind) }
  }

  private func told() throws -> String {
    try prints.text("errors") + (try prints.text("output"))
  }

  private mutating func checkTemporaries(mayBe output: String) throws {
    for name in try folder.names()
    where inputs[name] == nil && name != Self.run && name != "out.tracker" {
      guard name.hasPrefix(output + ".tmp-") else { throw Violation("left behind: \(name)") }
      figures.temporaries += 1
      unlink(folder.file(name))
    }
    for (name, bytes) in inputs where try folder.bytes(name) != bytes {
      throw Violation("\(name) was changed")
    }
  }

  private func checkOutput(_ kind: Kind, _ before: [UInt8]?) throws {
    let found = try folder.bytes("out.tracker")
    guard found == before || found == expected[kind] else {
      throw Violation("\(kind) left something partial")
    }
    unlink(folder.file("out.tracker"))
  }

  private mutating func checkRun(_ kind: Kind) throws {
    var done = known
    var begun = known ?? 0
    for line in try prints.text("output").split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 2, let number = Int(words[1]) else {
        throw Violation("\(kind): \(line)")
      }
      if words[0] == "done" {
        done = number
        figures.checkpoints += 1
      }
      begun = max(begun, number)
    }
    guard let bytes = try folder.bytes(Self.run) else {
      if done != nil { throw Violation("the file is gone") }
      return
    }
    let reader: TrackerReader
    do {
      reader = try TrackerReader(ImageStorage(bytes))
      guard reader.snapshot.commit != nil else { throw Violation("it holds no commit") }
    } catch {
      throw Violation("\(kind) left a file that does not open: \(error)")
    }
    let place = try course.place(in: reader).number
    guard place >= done ?? 0, place <= begun else {
      throw Violation("\(kind): the file is at \(place), done \(done ?? -1), begun \(begun)")
    }
    if place > done ?? 0 { figures.unannounced += 1 }
    if reader.tail != nil { figures.torn += 1 }
    known = place
    if place >= 40 {
      // A new run; the old one's bytes are all sound but for a torn end.
      let verification = try Verification.verify(ImageStorage(bytes))
      guard reader.tail != nil || verification.isSound else {
        throw Violation("\(verification.findings)")
      }
      unlink(folder.file(Self.run))
      course = Course(seed: random.next() >> 1)
      known = nil
      figures.runs += 1
    }
  }
}
