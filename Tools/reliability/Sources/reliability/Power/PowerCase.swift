import TrackerFile
import TrackerModel

/// What was counted.
struct PowerFigures: Sendable {
  var crashes = 0
  var recoveries = 0
  /// Crashes while a file was being recovered, and while that was.
  var crashesInRecovery = 0
  var runs = 0
  var checkpoints = 0
  var failures = 0
  /// Crashes after which the checkpoint under way had arrived whole.
  var early = 0
  /// Crashes with bytes behind the last commit.
  var tails = 0

  static func += (left: inout PowerFigures, right: PowerFigures) {
    left.crashes += right.crashes
    left.recoveries += right.recoveries
    left.crashesInRecovery += right.crashesInRecovery
    left.runs += right.runs
    left.checkpoints += right.checkpoints
    left.failures += right.failures
    left.early += right.early
    left.tails += right.tails
  }
}

/// One training run, and the power failing at every moment of it, several times in different ways.
struct PowerCase {
  let seed: UInt64
  let number: Int
  var crashesPerOperation = 6
  var lies = false
  private(set) var figures = PowerFigures()
  private var random: SeededGenerator

  init(seed: UInt64, number: Int) {
    self.seed = seed
    self.number = number
    random = SeededGenerator(seed, case: number)
  }

  /// - Throws: `Violation`.
  mutating func run() throws {
    let disk = SimulatedDisk([], seed: random.next())
    disk.lies = lies
    var workload = try Workload(creating: disk, SeededGenerator(random.next()))
    try workload.run(checkpoints: 4 + random.below(12), failing: random.isOne(in: 2))
    figures.runs += 1
    figures.checkpoints += workload.checkpoints
    figures.failures += workload.failures
    try crash(disk.operations, DiskFile(), Expectation(), depth: 0)
  }

  /// Goes through what was done to a disk, with the power failing after every operation.
  private mutating func crash(
    _ operations: [DiskOperation], _ file: DiskFile, _ expected: Expectation, depth: Int
  ) throws {
    var (file, expected) = (file, expected)
    for (place, operation) in operations.enumerated() {
      switch operation {
      case .write(let bytes, let offset):
        if let next = Self.nextAttempt(operations, after: place),
          !expected.pending.contains(where: { $0 === next })
        {
          expected.pending.append(next)
        }
        file.write(bytes, at: offset)
      case .truncate(let size): file.truncate(to: size)
      case .synchronize: file.synchronize()
      case .failToSynchronize(let seed, let isForgotten):
        var choices = SeededGenerator(seed)
        file.failToSynchronize(isForgotten: isForgotten, &choices)
      case .attempt(let attempt):
        if !expected.pending.contains(where: { $0 === attempt }) {
          expected.pending.append(attempt)
        }
        continue
      case .returned:
        guard let last = expected.pending.last(where: { $0.image.count == file.cache.count }) else {
          throw Violation("a checkpoint returned that was not written")
        }
        expected.durable = last
        expected.pending.removeAll()
      }
      let count = file.isClean ? 1 : depth == 0 ? crashesPerOperation : 2
      for _ in 0..<count { try crashOnce(file, expected, depth: depth) }
    }
  }

  private static func nextAttempt(_ operations: [DiskOperation], after place: Int) -> Attempt? {
    for operation in operations[place...] {
      if case .attempt(let attempt) = operation { return attempt }
    }
    return nil
  }

  private mutating func crashOnce(_ file: DiskFile, _ expected: Expectation, depth: Int) throws {
    let image = file.crash(&random)
    figures.crashes += 1
    if depth > 0 { figures.crashesInRecovery += 1 }
    guard
      let found = try PowerCheck.check(image, expected, isThorough: random.isOne(in: 16))
    else { return }
    if found.end < image.count { figures.tails += 1 }
    if let durable = expected.durable, durable.image.count != found.end { figures.early += 1 }
    guard depth < 3, random.isOne(in: depth == 0 ? 100 : 60) else { return }
    // Recover it, with the power failing again.
    figures.recoveries += 1
    let disk = SimulatedDisk(image, seed: random.next())
    disk.lies = lies
    var workload = try Workload(recovering: disk, found.content, SeededGenerator(random.next()))
    try workload.run(checkpoints: 1 + random.below(2), failing: random.isOne(in: 4))
    figures.checkpoints += workload.checkpoints
    figures.failures += workload.failures
    try crash(
      disk.operations, DiskFile(image),
      Expectation(found: (found.end, image, found.content)), depth: depth + 1)
  }
}
