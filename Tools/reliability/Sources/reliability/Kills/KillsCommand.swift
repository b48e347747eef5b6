import ArgumentParser
import Dispatch
import Synchronization
import TrackerSystem

/// `reliability kills`: processes are killed at random moments.
struct KillsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kills",
    abstract: "Kill training, appending, compacting and merging processes at random moments.",
    discussion: """
      Real processes get SIGKILL. After each kill the file of the run must hold every checkpoint that the \
      process had said to be done, at most the one it had begun besides, and exactly the points of a training \
      that is computed again beside it. Outputs of compact and merge are whole or not there.
      """)

  @OptionGroup var programs: ProgramOptions

  @Option(help: "Starts the random numbers: what is run, and when it is to be killed.")
  var seed: UInt64 = 1

  @Option(help: "How many processes are killed.")
  var cases = 600

  @Option(help: "How many threads.")
  var jobs = 2

  func run() throws {
    let start = TrackerSystem.Clock.monotonicSeconds()
    let work = try WorkFolder.temporary()
    defer { work.remove() }
    let paths = try programs.resolved()
    let fixtures = try FaultFixtures(
      in: WorkFolder(work.file("fixtures")), own: paths.own, tracker: paths.tracker)
    struct Progress {
      var kills = 0
      var figures: [KillSession.Figures] = []
      var violations: [String] = []
    }
    let state = Mutex(Progress())
    let (seed, cases) = (seed, cases)
    DispatchQueue.concurrentPerform(iterations: jobs) { job in
      do {
        var session = try KillSession(
          paths, folder: WorkFolder(work.file("job-\(job)")),
          prints: WorkFolder(work.file("prints-\(job)")), inputs: fixtures, seed: seed, job: job)
        var kills = 0
        while state.withLock({ $0.kills < cases && $0.violations.count < 20 }) {
          do {
            try session.step()
          } catch {
            state.withLock { $0.violations.append("job \(job), after \(kills) kills: \(error)") }
            break
          }
          let count = session.figures.kills.values.reduce(0, +)
          let more = count - kills
          kills = count
          state.withLock { $0.kills += more }
        }
        let figures = session.figures
        state.withLock { $0.figures.append(figures) }
      } catch {
        state.withLock { $0.violations.append("\(error)") }
      }
    }
    let end = state.withLock { $0 }
    func sum(_ value: (KillSession.Figures) -> Int) -> Int {
      end.figures.reduce(0) { $0 + value($1) }
    }
    Report.line(
      "kills", seed,
      [("processes killed", end.kills)]
        + KillSession.Kind.allCases.map { kind in
          ("of them in \(kind)", sum { $0.kills[kind] ?? 0 })
        }
        + [
          ("ended before", sum(\.completed)), ("checkpoints", sum(\.checkpoints)),
          ("torn tails found", sum(\.torn)),
          ("checkpoints that were there unannounced", sum(\.unannounced)),
          ("temporary files of killed processes", sum(\.temporaries)),
          ("violations", end.violations.count),
        ], TrackerSystem.Clock.monotonicSeconds() - start)
    for text in end.violations { Report.note(text) }
    if !end.violations.isEmpty { throw ExitCode.failure }
  }
}
