import ArgumentParser
import Glibc
import TrackerFile
import TrackerModel
import TrackerSystem

/// `reliability concurrency`: readers and other writers while real processes append and compact.
struct ConcurrencyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "concurrency", abstract: "Read and write files that other processes write.",
    discussion: """
      A process appends; meanwhile the file is opened over and over, and must each time hold a whole \
      checkpoint, none older than the one before. A second writer must be refused by name. Then the file is \
      compacted onto itself while a reader has it open, which must go on reading what it opened.
      """)

  @OptionGroup var programs: ProgramOptions
  @Option(help: "Starts the random numbers.") var seed: UInt64 = 1
  @Option(help: "How many rounds.") var cases = 10

  private struct Figures {
    var (openings, checkpoints, refused, replaced) = (0, 0, 0, 0)
  }

  func run() throws {
    let start = TrackerSystem.Clock.monotonicSeconds()
    let work = try WorkFolder.temporary()
    defer { work.remove() }
    let paths = try programs.resolved()
    var figures = Figures()
    var violations: [String] = []
    for number in 0..<cases {
      do {
        try round(number, paths, work, &figures)
      } catch {
        violations.append("round \(number): \(error)")
      }
    }
    Report.line(
      "concurrency", seed,
      [
        ("rounds", cases), ("openings while another appended", figures.openings),
        ("different checkpoints seen", figures.checkpoints),
        ("second writers refused", figures.refused),
        ("files replaced beneath a reader", figures.replaced), ("violations", violations.count),
      ], TrackerSystem.Clock.monotonicSeconds() - start)
    for text in violations.prefix(20) { Report.note(text) }
    if !violations.isEmpty { throw ExitCode.failure }
  }

  private func round(
    _ number: Int, _ paths: FaultCase.Programs, _ work: WorkFolder, _ figures: inout Figures
  ) throws {
    let folder = try WorkFolder(work.file("round"))
    let path = folder.file("run.tracker")
    let own = seed &+ UInt64(number)
    var course = Course(seed: own)
    let background = number % 2 == 0 ? ["--background"] : []
    let writer = try ChildProcess(
      paths.own, ["act", "append", path, "--seed", "\(own)", "--checkpoints", "0"] + background,
      output: work.file("output"), errors: work.file("errors"))
    do {
      while !Paths.exists(path) { usleep(1000) }
      // One round in four has one, which waits for the lock as long as it may.
      let second =
        number % 4 == 1
        ? try ChildProcess(
          paths.tracker, ["rewind", path, "--to-step", "10"], output: work.file("second"),
          errors: work.file("second-errors")) : nil
      var last = Course.Place(number: 0)
      let until = TrackerSystem.Clock.monotonicSeconds() + 0.5
      while TrackerSystem.Clock.monotonicSeconds() < until {
        let place = try course.place(in: TrackerReader(path: path))
        guard last <= place else { throw Violation("went back from \(last) to \(place)") }
        if last < place { figures.checkpoints += 1 }
        last = place
        figures.openings += 1
      }
      if let second {
        let end = second.wait()
        let text = try work.text("second-errors")
        guard end == .exited(1), text.contains("is writing to this file") else {
          throw Violation("a second writer ended with \(end): \(text)")
        }
        figures.refused += 1
      }
    } catch {
      writer.kill()
      _ = writer.wait()
      throw error
    }
    writer.kill()
    _ = writer.wait()
    try replace(path, paths, work, &course, &figures)
    folder.remove()
  }

  /// Readers that opened the file before go on, and those that open it later read the same.
  private func replace(
    _ path: String, _ paths: FaultCase.Programs, _ work: WorkFolder, _ course: inout Course,
    _ figures: inout Figures
  ) throws {
    let reader = try TrackerReader(path: path)
    let before = try course.place(in: reader)
    let compact = try ChildProcess(
      paths.tracker, ["compact", path, "-o", path, "--force"], output: work.file("compact"),
      errors: work.file("compact-errors"))
    var openings = 0
    for _ in 0..<3 {
      guard try course.place(in: reader) == before,
        try course.place(in: TrackerReader(path: path)) == before
      else { throw Violation("a file that was replaced holds something else") }
      openings += 2
    }
    // The kill may have torn a checkpoint, which is said.
    let end = compact.wait()
    guard end == .exited(0) || end == .exited(3) && reader.tail != nil else {
      throw Violation("compact: \(try work.text("compact-errors"))")
    }
    guard try course.place(in: reader) == before,
      try course.place(in: TrackerReader(path: path)) == before
    else { throw Violation("a file that was replaced holds something else") }
    figures.openings += openings
    figures.replaced += 1
  }
}
