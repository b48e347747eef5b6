import ArgumentParser
import Dispatch
import Synchronization
import TrackerSystem

/// `reliability damage`: every small file is cut, and its bits and bytes are changed.
struct DamageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "damage", abstract: "Cut and change small files in every place.",
    discussion: """
      Each file is cut at every length; every bit is flipped; every byte of the header and of commits becomes \
      0, 255 and a random other one. What is read must be an error or what the file said at one of its \
      commits; verification must notice; what is salvaged must be points that the whole file has.
      """)

  @Argument(help: "A folder of tracker files.") var folder: String
  @Option(help: "Starts the random numbers.") var seed: UInt64 = 1
  @Option(help: "Of so many lengths, bits and bytes one is tried.") var share = 1
  @Option(help: "Longer files are left out: what is done grows with the square of their length.")
  var mostBytes = 1024
  @Option(help: "How many threads.") var jobs = 2

  func run() throws {
    let start = TrackerSystem.Clock.monotonicSeconds()
    let names = try Paths.names(inFolder: folder).sorted().filter {
      guard $0.hasSuffix(".tracker") else { return false }
      return try FileHandle(path: "\(self.folder)/\($0)", mode: .read).size() <= UInt64(mostBytes)
    }
    struct Progress {
      var next = 0
      var figures = DamageCase.Figures()
      var violations: [String] = []
    }
    let state = Mutex(Progress())
    let (folder, seed, share) = (folder, seed, share)
    DispatchQueue.concurrentPerform(iterations: jobs) { _ in
      while true {
        let number = state.withLock { state in
          state.next += 1
          return state.next - 1
        }
        guard number < names.count else { return }
        let name = names[number]
        do {
          let bytes = try readWholeFile(path: "\(folder)/\(name)", limit: 1 << 20)
          var damage = DamageCase(
            bytes, name: name, random: SeededGenerator(seed, case: number), share: share)
          damage.run()
          let (figures, violations) = (damage.figures, damage.violations)
          state.withLock {
            $0.figures.add(figures)
            $0.violations += violations
          }
        } catch {
          state.withLock { $0.violations.append("\(name): \(error)") }
        }
      }
    }
    let end = state.withLock { $0 }
    let figures = end.figures
    Report.line(
      "damage", seed,
      [
        ("files", names.count), ("truncations", figures.truncations),
        ("bits flipped", figures.bits), ("bytes changed", figures.bytes),
        ("refused", figures.refused), ("read as before or as an earlier commit", figures.read),
        ("noticed by verify", figures.noticed), ("in the record that it names", figures.named),
        ("salvaged", figures.salvaged), ("points lost and counted", figures.lost),
        ("violations", end.violations.count),
      ], TrackerSystem.Clock.monotonicSeconds() - start)
    for text in end.violations.prefix(20) { Report.note(text) }
    if !end.violations.isEmpty { throw ExitCode.failure }
  }
}
