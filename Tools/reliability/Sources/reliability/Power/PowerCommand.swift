import ArgumentParser
import Dispatch
import Synchronization
import TrackerSystem

/// `reliability power`: the power fails, very often.
struct PowerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "power",
    abstract: "Simulate power failures during checkpoints, and during recovery from them.",
    discussion: """
      The writer of the library works on a simulated disk, which keeps what it did. After every operation \
      the power fails in several ways: writes since the last sync are kept, dropped or reordered sector by \
      sector, the file's size is the new or an older one, and torn sectors are filled with old bytes, zeros \
      or random ones. Every checkpoint that had returned must be there, whole and right, and nothing else.
      """)

  @Option(help: "Starts the random numbers; the same seed gives the same crashes.")
  var seed: UInt64 = 1

  @Option(help: "How many crashes, at least.")
  var cases = 40_000

  @Option(help: "How many threads.")
  var jobs = 2

  @Option(help: "Run only the training run of this number, and say what is wrong with it.")
  var only: Int?

  @Flag(help: "A disk that syncs nothing: the checks must find what is lost, or the command fails.")
  var lyingDisk = false

  private struct Progress {
    var figures = PowerFigures()
    var next = 0
    var violations: [(number: Int, text: String)] = []
  }

  func run() throws {
    let state = Mutex(Progress())
    let start = TrackerSystem.Clock.monotonicSeconds()
    let (seed, cases, only, lies) = (seed, cases, only, lyingDisk)
    DispatchQueue.concurrentPerform(iterations: only == nil ? jobs : 1) { _ in
      while true {
        let number: Int? = state.withLock { state in
          guard state.figures.crashes < cases, only == nil || state.next == 0 else { return nil }
          state.next += 1
          return only ?? state.next
        }
        guard let number else { return }
        var one = PowerCase(seed: seed, number: number)
        one.lies = lies
        var violation: String?
        do { try one.run() } catch { violation = "\(error)" }
        let figures = one.figures
        state.withLock { state in
          state.figures += figures
          if let violation { state.violations.append((number, violation)) }
        }
      }
    }
    let end = state.withLock { $0 }
    let seconds = TrackerSystem.Clock.monotonicSeconds() - start
    let figures = end.figures
    Report.line(
      "power", seed,
      [
        ("crashes", figures.crashes), ("of them during recovery", figures.crashesInRecovery),
        ("recoveries", figures.recoveries), ("training runs", figures.runs),
        ("checkpoints", figures.checkpoints), ("calls that failed", figures.failures),
        ("torn tails found", figures.tails),
        ("checkpoints that arrived before they returned", figures.early),
        ("violations", end.violations.count),
      ], seconds)
    for (number, text) in end.violations.sorted(by: { $0.number < $1.number }).prefix(10) {
      Report.note("run \(number) (--seed \(seed) --only \(number)): \(text)")
    }
    if lyingDisk {
      if end.violations.isEmpty { Report.note("a disk that syncs nothing went unnoticed") }
      throw end.violations.isEmpty ? ExitCode.failure : ExitCode.success
    }
    if !end.violations.isEmpty { throw ExitCode.failure }
  }
}
