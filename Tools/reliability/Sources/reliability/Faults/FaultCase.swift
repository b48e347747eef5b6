import TrackerFile
import TrackerModel

/// One operation with one fault.
struct FaultCase {
  let operation: FaultOperation
  let fault: Fault?
  let fixtures: FaultFixtures
  let programs: Programs
  /// The folder that the operation works in, and one beside it for what is printed.
  let folder: WorkFolder
  let prints: WorkFolder

  struct Programs {
    var own: String
    var tracker: String
    var shim: String
  }

  struct Result {
    /// Whether the call to fail was reached.
    var wasHit = false
    var failed = false
    /// The output, where the operation has one.
    var output: [UInt8]?
    /// The calls, a letter each; capitals failed.
    var calls = ""
  }

  /// - Parameter expected: the output of the operation without faults.
  func run(expected: [UInt8]?) throws -> Result {
    folder.clear()
    for (name, fixture) in operation.files { try folder.write(fixtures[fixture], name) }
    var input = "/dev/null"
    if let name = operation.input {
      try prints.write(fixtures[name], "input")
      input = prints.file("input")
    }
    try prints.write([], "calls")
    let none = Fault(kind: .eio, call: 0, isLasting: false)
    let end = try ChildProcess.run(
      operation.isOwn ? programs.own : programs.tracker, operation.arguments(in: folder),
      variables: (fault ?? none).variables(
        root: folder.path, shim: programs.shim, log: prints.file("calls")),
      input: input, output: prints.file("output"), errors: prints.file("errors"))
    var result = Result()
    result.calls = try prints.text("calls")
    result.wasHit = result.calls.contains(where: \.isUppercase)
    guard case .exited(let status) = end else {
      throw Violation("ended by \(end): \(try prints.text("errors").suffix(300))")
    }
    // 3 says that bytes behind the last commit were left out, which is so without faults too.
    result.failed = status != 0 && status != 3
    if fault == nil, result.failed {
      throw Violation("fails by itself: \(try prints.text("errors"))")
    }
    if fault?.kind.isHarmless ?? false, result.failed {
      throw Violation("fails: \(try prints.text("errors")) \(try prints.text("output"))")
    }
    let errors = try tellErrors()
    if result.failed, errors.isEmpty { throw Violation("fails with status \(status) and no error") }
    for error in errors { try check(error) }
    switch operation.outcome {
    case .output(let name):
      result.output = try folder.bytes(name)
      try checkInputs(but: name)
      try checkOutput(name, result, expected, errors)
    case .creation(let name):
      try checkCreation(name, result)
    case .change(let name):
      try checkInputs(but: name)
      try checkChange(name, result)
    }
    return result
  }

  // MARK: Errors

  private struct Told {
    var text: String
    var subject: String
    var hasOffset: Bool
    var hasRemedy: Bool
    var namesFile: Bool
  }

  private func tellErrors() throws -> [Told] {
    if operation.isOwn {
      return try prints.text("output").split(separator: "\n").filter { $0.hasPrefix("error\t") }
        .map { line in
          let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(
            String.init)
          guard fields.count >= 7 else { throw Violation("an error of another kind: \(line)") }
          return Told(
            text: String(line), subject: fields[2], hasOffset: !fields[4].isEmpty,
            hasRemedy: !fields[5].isEmpty, namesFile: fields[3].hasPrefix(folder.path))
        }
    }
    return try prints.text("errors").split(separator: "\n").filter { $0.hasPrefix("error: ") }
      .map { line in
        let text = String(line.dropFirst(7))
        return Told(
          text: text, subject: text, hasOffset: text.contains(" at offset "),
          hasRemedy: text.contains("; "), namesFile: text.hasPrefix(folder.path))
      }
  }

  private func check(_ error: Told) throws {
    guard error.namesFile || operation.input != nil else {
      throw Violation("an error names no file: \(error.text)")
    }
    guard !error.text.contains(".tmp-") else {
      throw Violation("an error names a temporary file: \(error.text)")
    }
    guard error.hasRemedy else { throw Violation("an error names no remedy: \(error.text)") }
    for call in ["read failed", "write failed", "truncate failed"]
    where error.subject.contains(call) && !error.hasOffset {
      throw Violation("an error names no offset: \(error.text)")
    }
  }

  // MARK: Files

  private func checkInputs(but changed: String) throws {
    for (name, fixture) in operation.files where name != changed {
      guard try folder.bytes(name) == fixtures[fixture] else {
        throw Violation("\(name) was changed")
      }
    }
    let extra = Set(try folder.names()).subtracting(operation.files.keys).subtracting([changed])
    guard extra.isEmpty else { throw Violation("left behind: \(extra.sorted())") }
  }

  private func checkOutput(
    _ name: String, _ result: Result, _ expected: [UInt8]?, _ errors: [Told]
  ) throws {
    guard let expected else { return }
    if !result.failed {
      guard result.output == expected else { throw Violation("succeeds with other bytes") }
      return
    }
    let before = operation.files[name].map { fixtures[$0] }
    if result.output == before { return }
    // Only where the last call, which makes the name durable, has failed.
    guard result.output == expected else { throw Violation("something partial at \(name)") }
    guard result.calls.contains(where: { "FOU".contains($0) }) else {
      throw Violation("fails although the output is there: \(errors.map(\.text))")
    }
  }

  private func checkCreation(_ name: String, _ result: Result) throws {
    try checkInputs(but: name)
    guard try folder.bytes(name) != nil else {
      guard result.failed else { throw Violation("succeeds without a file") }
      return
    }
    let reader = try open(name)
    guard reader.snapshot.commit?.sequence == 1 else { throw Violation("no commit in the file") }
    if result.failed, !(try prints.text("output").hasPrefix("done")) {
      throw Violation("fails although the file is there: \(try prints.text("output"))")
    }
  }

  private func checkChange(_ name: String, _ result: Result) throws {
    let before = fixtures[operation.files[name] ?? name]
    let old = try TrackerReader(ImageStorage(before))
    let bytes = try folder.bytes(name) ?? []
    guard let commit = old.snapshot.commit else { throw Violation("a fixture without commits") }
    let end = PowerCheck.end(of: commit, before)
    guard bytes.count >= end, bytes[..<end].elementsEqual(before[..<end]) else {
      throw Violation("bytes of earlier commits are not there any more")
    }
    let reader = try open(name)
    var course = Course(seed: 1)
    let place = try course.place(in: reader)
    let isRewind = operation.name.contains("rewind")
    var done = FaultFixtures.place.number
    var begun = done
    for line in try prints.text("output").split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.first == "begin", let number = words.last.flatMap({ Int($0) }) { begun = number }
      if words.first == "done", let number = words.last.flatMap({ Int($0) }) { done = number }
    }
    if isRewind {
      let target = Course.Place(epochs: 1, isWithin: false)
      guard place == target || result.failed && place == FaultFixtures.place else {
        throw Violation(
          "is at \(place) after a rewind that \(result.failed ? "failed" : "succeeded")")
      }
      return
    }
    guard (done...max(done, begun)).contains(place.number) else {
      throw Violation("is at \(place), made were \(Double(done) / 2), begun \(Double(begun) / 2)")
    }
    if !result.failed, place.number != begun || reader.tail != nil {
      throw Violation("is at \(place) with a tail of \(reader.tail?.length ?? 0) after success")
    }
    try goOn(name, from: place)
  }

  /// Where the faults are over, the run goes on from where it was.
  private func goOn(_ name: String, from place: Course.Place) throws {
    let end = try ChildProcess.run(
      programs.own, ["act", "append", folder.file(name), "--checkpoints", "1"],
      output: prints.file("output"), errors: prints.file("errors"))
    guard end == .exited(0) else {
      throw Violation("cannot be resumed: \(end) \(try prints.text("output"))")
    }
    var course = Course(seed: 1)
    let reader = try open(name)
    guard try course.place(in: reader) == place.next, reader.tail == nil else {
      throw Violation("does not go on from \(place)")
    }
  }

  private func open(_ name: String) throws -> TrackerReader {
    do {
      return try TrackerReader(ImageStorage(folder.bytes(name) ?? []))
    } catch {
      throw Violation("\(name) does not open: \(error)")
    }
  }
}
