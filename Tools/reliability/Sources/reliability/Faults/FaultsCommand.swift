import ArgumentParser
import Dispatch
import Synchronization
import TrackerSystem

/// `reliability faults`: every system call of every operation fails.
struct FaultsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "faults",
    abstract: "Make the system calls of processes fail, one after another.",
    discussion: """
      A library that is preloaded into real processes makes the first, second, third, … call on their files \
      fail, once and for good, until the operation completes: no room, errors of the disk, interruptions, \
      short reads and writes, syncs and renames that fail. Old data must be there, the file open at its last \
      commit, the error name file, operation, offset and remedy, and nothing be left behind.
      """)

  @OptionGroup var programs: ProgramOptions

  @Option(help: "Which of the cases are run, where not all are.")
  var seed: UInt64 = 1

  @Option(help: "How many cases are run at most, spread over all; 0 for all.")
  var cases = 1500

  @Option(help: "How many threads.")
  var jobs = 2

  @Option(help: "Only operations whose name contains this.")
  var only = ""

  private struct Progress {
    var next = 0
    var cases = 0
    var failed = 0
    var violations: [String] = []
  }

  private struct Task {
    var operation: FaultOperation
    var kind: Fault.Kind
    var isLasting: Bool
    var expected: [UInt8]?
    var calls: Int
  }

  func run() throws {
    let start = TrackerSystem.Clock.monotonicSeconds()
    let work = try WorkFolder.temporary()
    defer { work.remove() }
    let paths = try programs.resolved()
    let folder = try WorkFolder(work.file("fixtures"))
    let fixtures = try FaultFixtures(in: folder, own: paths.own, tracker: paths.tracker)
    var tasks: [Task] = []
    var calls = 0
    for operation in FaultOperation.all where only.isEmpty || operation.name.contains(only) {
      let plain = try FaultCase(
        operation: operation, fault: nil, fixtures: fixtures, programs: paths, folder: folder,
        prints: WorkFolder(work.file("prints"))
      ).run(expected: nil)
      calls += plain.calls.count
      for kind in Fault.Kind.allCases {
        for isLasting in [false, true] {
          tasks.append(
            Task(
              operation: operation, kind: kind, isLasting: isLasting, expected: plain.output,
              calls: plain.calls.count))
        }
      }
    }
    // About as many calls of a task as there are of all kinds, spread evenly.
    let all = tasks.reduce(0) { $0 + $1.calls } / 2
    let stride = cases == 0 ? 1 : max(1, all / cases)
    let state = Mutex(Progress())
    let (seed, work2) = (seed, work)
    let list = tasks
    DispatchQueue.concurrentPerform(iterations: jobs) { job in
      while let number = state.withLock({ state -> Int? in
        state.next += 1
        return state.next <= list.count ? state.next - 1 : nil
      }) {
        let task = list[number]
        var random = SeededGenerator(seed, case: number)
        var call = 1 + random.below(stride)
        var text: String?
        do {
          let folder = try WorkFolder(work2.file("job-\(job)"))
          let prints = try WorkFolder(work2.file("prints-\(job)"))
          while true {
            let fault = Fault(kind: task.kind, call: call, isLasting: task.isLasting)
            do {
              let result = try FaultCase(
                operation: task.operation, fault: fault, fixtures: fixtures, programs: paths,
                folder: folder, prints: prints
              ).run(expected: task.expected)
              guard result.wasHit else { break }
              state.withLock {
                $0.cases += 1
                if result.failed { $0.failed += 1 }
              }
            } catch {
              state.withLock {
                $0.cases += 1
                $0.violations.append("\(task.operation.name), \(fault): \(error)")
              }
            }
            call += stride
            guard call < 100_000 else { break }
          }
        } catch {
          text = "\(error)"
        }
        if let text { state.withLock { $0.violations.append(text) } }
      }
    }
    let end = state.withLock { $0 }
    Report.line(
      "faults", seed,
      [
        ("faults", end.cases), ("operations", Set(tasks.map(\.operation.name)).count),
        ("of their system calls", calls), ("ended in an error", end.failed),
        ("violations", end.violations.count),
      ], TrackerSystem.Clock.monotonicSeconds() - start)
    for text in end.violations.sorted().prefix(400) { Report.note(text) }
    if !end.violations.isEmpty { throw ExitCode.failure }
  }
}
