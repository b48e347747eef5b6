import ArgumentParser
import TrackerFile
import TrackerModel
import TrackerSystem

/// `reliability power-files`: the power fails while files are made, replaced and changed by real processes.
struct PowerFilesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "power-files",
    abstract: "Simulate power failures of whole commands, with the names of their files.",
    discussion: """
      Real processes write down each change of the disk: writes, truncations, syncs, new names, renames and \
      syncs of the folder. After each the power fails in several ways; renames and new names may be there or \
      not until their folder is synced, whatever their order. Outputs must be whole, the old ones or not \
      there; trackers that are changed open at a commit that was made, with the right points.
      """)

  @OptionGroup var programs: ProgramOptions
  @Option(help: "Starts the random numbers.") var seed: UInt64 = 1
  @Option(help: "How often the power fails after each change.") var cases = 20

  func run() throws {
    let start = TrackerSystem.Clock.monotonicSeconds()
    let work = try WorkFolder.temporary()
    defer { work.remove() }
    let paths = try programs.resolved()
    let fixtures = try FaultFixtures(
      in: WorkFolder(work.file("fixtures")), own: paths.own, tracker: paths.tracker)
    var crashes = 0
    var changes = 0
    var temporaries = 0
    var violations: [String] = []
    for (number, operation) in FaultOperation.all.enumerated() {
      let folder = try WorkFolder(work.file("folder"))
      let prints = try WorkFolder(work.file("prints"))
      let trace = try self.trace(operation, folder, prints, fixtures, paths)
      var random = SeededGenerator(seed, case: number)
      var disk = DiskFolder(operation.files.mapValues { fixtures[$0] })
      let end = Dictionary(
        uniqueKeysWithValues: try folder.names().map { ($0, try folder.bytes($0) ?? []) })
      for (place, change) in trace.enumerated() {
        guard disk.apply(change) else { continue }
        changes += 1
        let isLast = place == trace.count - 1
        for _ in 0..<cases {
          crashes += 1
          let found = disk.crash(&random)
          temporaries += found.keys.count { $0.contains(".tmp-") }
          do {
            try check(operation, found, end, isEnd: isLast, fixtures)
          } catch {
            violations.append(
              "\(operation.name), after change \(place) (\(change.operation)): \(error)")
          }
        }
      }
    }
    Report.line(
      "power-files", seed,
      [
        ("crashes", crashes), ("operations", FaultOperation.all.count),
        ("changes of the disk", changes),
        ("temporary files found", temporaries), ("violations", violations.count),
      ], TrackerSystem.Clock.monotonicSeconds() - start)
    for text in violations.prefix(20) { Report.note(text) }
    if !violations.isEmpty { throw ExitCode.failure }
  }

  private func trace(
    _ operation: FaultOperation, _ folder: WorkFolder, _ prints: WorkFolder,
    _ fixtures: FaultFixtures, _ paths: FaultCase.Programs
  ) throws -> [DiskFolder.Change] {
    for (name, fixture) in operation.files { try folder.write(fixtures[fixture], name) }
    if let input = operation.input { try prints.write(fixtures[input], "input") }
    let end = try ChildProcess.run(
      operation.isOwn ? paths.own : paths.tracker, operation.arguments(in: folder),
      variables: [
        "LD_PRELOAD": paths.shim, "TRACKER_FAULT_ROOT": folder.path, "TMPDIR": folder.path,
        "TRACKER_FAULT_TRACE": prints.file("trace"),
      ],
      input: operation.input == nil ? "/dev/null" : prints.file("input"),
      output: prints.file("output"), errors: prints.file("errors"))
    guard end == .exited(0) || end == .exited(3) else {
      throw Violation("\(operation.name): \(end) \(try prints.text("errors"))")
    }
    return DiskFolder.Change.all(try prints.bytes("trace") ?? [])
  }

  private func check(
    _ operation: FaultOperation, _ found: [String: [UInt8]], _ end: [String: [UInt8]], isEnd: Bool,
    _ fixtures: FaultFixtures
  ) throws {
    let subject: String
    switch operation.outcome {
    case .output(let name), .creation(let name), .change(let name): subject = name
    }
    for (name, bytes) in found where name != subject && !name.contains(".tmp-") {
      guard let fixture = operation.files[name], bytes == fixtures[fixture] else {
        throw Violation("\(name) is not as it was")
      }
    }
    for name in operation.files.keys where found[name] == nil { throw Violation("\(name) is gone") }
    let before = operation.files[subject].map { fixtures[$0] }
    switch operation.outcome {
    case .output:
      guard found[subject] == end[subject] || !isEnd && found[subject] == before else {
        throw Violation("\(subject) is neither whole nor as it was")
      }
    case .creation:
      guard let bytes = found[subject] else {
        if isEnd { throw Violation("\(subject) is not there") }
        return
      }
      guard try TrackerReader(ImageStorage(bytes)).snapshot.commit != nil else {
        throw Violation("\(subject) holds no commit")
      }
    case .change:
      let bytes = found[subject] ?? []
      guard let before, let after = end[subject] else { return }
      var course = Course(seed: 1)
      func place(_ bytes: [UInt8]) throws -> Course.Place {
        try course.place(in: TrackerReader(ImageStorage(bytes)))
      }
      let (first, last, now) = (try place(before), try place(after), try place(bytes))
      let isRight =
        operation.name.contains("rewind")
        ? now == first || now == last : first <= now && now <= last
      guard isRight, !isEnd || now == last else {
        throw Violation("\(subject) is at \(now), between \(first) and \(last)")
      }
    }
  }
}
