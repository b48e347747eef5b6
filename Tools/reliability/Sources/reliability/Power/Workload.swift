import TrackerFile
import TrackerModel
import TrackerState

/// A training run on a simulated disk: records, ends epochs, makes checkpoints within and between them,
/// selects, is closed or killed and resumed, rewound, and meets calls that fail.
///
/// Beside it stands what the file must hold.
struct Workload {
  let disk: SimulatedDisk
  private var random: SeededGenerator
  private let names: Bool
  private let rows: Int
  private var tracker: InstanceTracker?
  /// What the tracker holds, and what its last durable commit does.
  private var content = Content()
  private var committed = Content()
  /// What commits hold, by their place in the file.
  private var history: [UInt64: Content] = [:]
  private var epoch: Int64 = 1
  private(set) var checkpoints = 0
  private(set) var failures = 0

  private static let channels = [
    Channel(metric: "ce", mode: .train), Channel(metric: "ok", mode: .train),
    Channel(metric: "ce", mode: .eval, dsID: "d"), Channel(metric: "ok", mode: .eval, dsID: "d"),
  ]

  /// Begins a new tracker.
  init(creating disk: SimulatedDisk, _ random: SeededGenerator) throws {
    self.disk = disk
    self.random = random
    names = self.random.isOne(in: 4)
    rows = 1 + self.random.below(self.random.isOne(in: 6) ? 300 : 24)
    disk.contents = [content]
    let parameters = try Parameters(metricKeys: ["ce", "ok"], maxToKeep: 2, modes: .all)
    tracker = try InstanceTracker.create(
      disk, parameters: parameters, indexType: names ? .string : .int64,
      run: RunIdentity(runID: "simulated"), cores: 1)
    disk.noteReturned()
  }

  /// Goes on with a file that was found after the power failed, and that holds `content`.
  init(recovering disk: SimulatedDisk, _ content: Content, _ random: SeededGenerator) throws {
    self.disk = disk
    self.random = random
    self.content = content
    rows = 1 + self.random.below(16)
    committed = content
    disk.contents = [content]
    let tracker = try InstanceTracker.resume(disk, cores: 1)
    names = tracker.indexType == .string
    self.tracker = tracker
    epoch = (tracker.lastCommit?.epoch ?? 0) + 1
    // Epochs whose commit names none, because they were open: never behind those that are sealed.
    for key in content.sealed.keys { epoch = max(epoch, key.place / 10 + 1) }
  }

  /// Works for a while.
  mutating func run(checkpoints count: Int, failing: Bool) throws {
    let end = checkpoints + count
    while checkpoints < end {
      if failing, random.isOne(in: 4) { disk.callsUntilFailure = random.below(12) }
      try record()
      switch random.below(12) {
      case 0: try perform { (tracker) in _ = try tracker.select() }
      case 1...4: try checkpoint()
      case 5...9:
        try endEpoch(.train, nil)
        if random.isOne(in: 2) { try endEpoch(.eval, "d") }
        if random.isOne(in: 8) { break }
        try checkpoint()
      case 10: try reopen()
      default: try rewind()
      }
    }
    disk.callsUntilFailure = nil
  }

  // MARK: Steps

  private mutating func record() throws {
    let (mode, dsID): (Mode, Name?) = random.isOne(in: 4) ? (.eval, "d") : (.train, nil)
    var indices: [Int64] = []
    let isSparse = random.isOne(in: 3)
    for index in 0..<rows where !isSparse || random.isOne(in: 2) { indices.append(Int64(index)) }
    guard !indices.isEmpty else { return }
    let losses = indices.map { _ in Float(random.below(1 << 20)) / 65536 }
    let right = indices.map { _ in Float(random.below(2)) }
    let epoch = epoch
    let values: [Name: MetricValues] = ["ce": .float(losses), "ok": .float(right)]
    let asNames = names
    let done = try perform { (tracker) in
      if asNames {
        try tracker.record(
          mode: mode, dsID: dsID, epoch: epoch, indices: indices.map { Name("n\($0)") },
          values: values)
      } else {
        try tracker.record(mode: mode, dsID: dsID, epoch: epoch, indices: indices, values: values)
      }
    }
    guard done else { return }
    for (place, index) in indices.enumerated() {
      let index: InstanceIndex = names ? .string(Name("n\(index)")) : .integer(index)
      for (metric, value) in [("ce", losses[place]), ("ok", right[place])] {
        content.record(
          Channel(metric: Name(metric), mode: mode, dsID: dsID), epoch: epoch, index, value)
      }
    }
  }

  private mutating func endEpoch(_ mode: Mode, _ dsID: Name?) throws {
    let epoch = epoch
    // What cannot be written now is tried again by the next checkpoint.
    let isThere = try perform { (tracker) in
      try tracker.endEpoch(mode: mode, dsID: dsID, epoch: epoch, step: epoch * 10)
    }
    guard isThere else { return }
    content.seal(
      { $0.channel.mode == mode && $0.channel.dsID == dsID && $0.place == epoch }, step: epoch * 10)
    if mode == .train { self.epoch += 1 }
  }

  private mutating func checkpoint() throws {
    disk.contents = [content, committed]
    let done = try perform { (tracker) in try tracker.checkpoint() }
    guard done else { return }
    disk.noteReturned()
    checkpoints += 1
    noteCommitted()
  }

  private mutating func noteCommitted() {
    committed = content
    if let sequence = tracker?.lastCommit?.sequence { history[sequence] = content }
  }

  private mutating func reopen() throws {
    let isClosed = random.isOne(in: 2)
    if isClosed {
      disk.contents = [content, committed]
      let before = tracker?.lastCommit?.sequence
      guard try perform({ (tracker) in try tracker.close() }) else { return }
      // Closed where it was rewound to, with nothing recorded since, it writes nothing.
      if tracker?.lastCommit?.sequence != before {
        disk.noteReturned()
        noteCommitted()
      }
    }
    tracker = nil
    disk.callsUntilFailure = nil
    try resume(at: nil)
  }

  private mutating func rewind() throws {
    disk.callsUntilFailure = nil
    let ancestry = try TrackerReader(disk).snapshot.ancestry
    let steps = Set(ancestry.compactMap { history[$0.sequence] == nil ? nil : $0.step }).sorted()
    guard let step = steps.randomElement(using: &random) else { return }
    tracker = nil
    try resume(at: nil)
    tracker = nil
    tracker = try InstanceTracker.resume(disk, at: step, cores: 1)
    // Of several commits at a step the newest counts.
    guard let target = ancestry.last(where: { $0.step == step }),
      let held = history[target.sequence]
    else { throw Violation("rewound to a commit that was never made") }
    content = held
    epoch = max(1, step / 10 + 1)
  }

  private mutating func resume(at step: Int64?) throws {
    let reader = try TrackerReader(disk)
    let found = try Content(reading: reader)
    // A sync that failed may have let the commit through, which was not promised, or not.
    guard disk.contents.contains(found) || found == committed else {
      throw Violation(
        "resumed with other points than any checkpoint held: \(found.sealed.count) sealed,"
          + " \(found.unsealed.count) not; \(found.difference(from: disk.contents[0]))")
    }
    if let sequence = reader.snapshot.commit?.sequence { history[sequence] = found }
    committed = found
    content = found
    tracker = try InstanceTracker.resume(disk, at: step, cores: 1)
    disk.contents = [content]
    epoch = max(1, (content.sealed.keys.map(\.place).max() ?? 0) / 10 + 1)
  }

  /// Makes a call on the tracker, again while it fails. False where a sync failed: the tracker was opened
  /// again then, and holds what its last commit did.
  @discardableResult
  private mutating func perform(_ call: (InstanceTracker) throws -> Void) throws -> Bool {
    for _ in 0..<8 {
      guard let tracker else { throw Violation("no tracker") }
      do {
        try call(tracker)
        return true
      } catch let error as TrackerError {
        guard error.code == .system || error.code == .closed else { throw error }
        failures += 1
        if error.subject.hasPrefix("sync") || error.code == .closed {
          self.tracker = nil
          disk.callsUntilFailure = nil
          try resume(at: nil)
          return false
        }
      }
    }
    throw Violation("a call failed again and again although the disk works")
  }
}
