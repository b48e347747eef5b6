import Synchronization
import TrackerFile
import TrackerModel
import TrackerSystem

/// Does write jobs beside the recording, on a thread of its own, strictly in order.
///
/// At most one seal and one commit wait behind the job being done; another waits for room. A job that
/// fails keeps its place: nothing behind it is done until the owner, who is told, calls again. So
/// nothing is lost, and a file never holds a later job without an earlier one. With one core there is
/// no thread: jobs are done where they are added.
///
/// One owner, in one process: in a forked child, which does not have the thread, everything throws.
final class WriteQueue {
  private let side: WritingSide
  private let state: Monitor<State>
  /// Read without the lock, at every batch that is recorded.
  private let hasFailed = Flag()
  private let cores: Int?
  private var mayUseThread: Bool?
  private var thread: SystemThread?
  private var lastSeenCommit: CommitSummary?
  /// Jobs taken over so far, whether or not they are done.
  private(set) var addedCount = 0

  private final class Flag: Sendable {
    let isSet = Atomic(false)
  }

  private struct State: Sendable {
    var waiting: [WriteJob] = []
    /// Whether someone uses the writing side.
    var isTurnTaken = false
    /// Whether the first waiting job failed, and is not to be tried again yet.
    var isStalled = false
    /// A failure of the thread that the owner was not told yet.
    var failure: TrackerError?
    var isEnding = false
    var lastCommit: CommitSummary?

    func hasRoom(for job: WriteJob) -> Bool { !waiting.contains { $0.isSeal == job.isSeal } }

    mutating func takeJob() -> WriteJob? {
      guard !isTurnTaken, !isStalled, !waiting.isEmpty else { return nil }
      isTurnTaken = true
      return waiting.removeFirst()
    }

    /// Gives the turn back, and a job that failed its place.
    mutating func end(_ job: WriteJob, _ failed: Bool, _ commit: CommitSummary?) {
      isTurnTaken = false
      lastCommit = commit
      guard failed else { return }
      waiting.insert(job, at: 0)
      isStalled = true
    }
  }

  /// - Parameter cores: 1 for no thread; nil for as many as the process may use.
  init(_ writer: TrackerWriter, cores: Int?) {
    side = WritingSide(writer)
    self.cores = cores
    state = Monitor(State(lastCommit: writer.head))
    lastSeenCommit = writer.head
  }

  /// Ends the thread once it has done what it can.
  deinit { end() }

  var isHere: Bool { state.isHere }

  var lastCommit: CommitSummary? {
    if isHere { lastSeenCommit = state.change { $0.lastCommit } }
    return lastSeenCommit
  }

  // MARK: The owner's calls

  /// Throws a failure that was not told yet, once.
  func tellFailure() throws(TrackerError) {
    if hasFailed.isSet.load(ordering: .relaxed), let failure = takeFailure() { throw failure }
  }

  func takeFailure() -> TrackerError? {
    guard isHere else { return nil }
    hasFailed.isSet.store(false, ordering: .relaxed)
    return state.change { $0.failure.take() }
  }

  /// Adds a job, waiting for room; whatever was stalled is tried again.
  ///
  /// - Throws: a failure of earlier jobs: the job was not added. Without a thread also its own: then it
  ///   was added and will be tried again.
  func add(_ job: WriteJob) throws(TrackerError) {
    try resume()
    guard hasThread() else {
      state.change { $0.waiting.append(job) }
      addedCount += 1
      return try work()
    }
    let failure: TrackerError? = state.wait { state in
      if let failure = state.failure.take() { return .some(failure) }
      guard state.hasRoom(for: job) else { return nil }
      state.waiting.append(job)
      return .some(nil)
    }
    if let failure { throw told(failure) }
    addedCount += 1
  }

  /// Does a job before it returns, after those that wait.
  ///
  /// - Throws: the failure of any of them; all that were not done will be tried again.
  func perform(_ job: WriteJob) throws(TrackerError) {
    try resume()
    let isIdle = state.change { state in
      guard state.waiting.isEmpty, !state.isTurnTaken else { return false }
      state.isTurnTaken = true
      return true
    }
    guard !isIdle else {
      // What must be waited for needs no other thread.
      addedCount += 1
      return try run(job)
    }
    try add(job)
    try flush()
  }

  /// Waits until all jobs are done.
  func flush() throws(TrackerError) {
    try resume()
    // Without a thread, or with jobs left from before it was needed.
    try work()
    let failure: TrackerError? = state.wait { state in
      if let failure = state.failure.take() { return .some(failure) }
      return state.waiting.isEmpty && !state.isTurnTaken ? .some(nil) : nil
    }
    if let failure { throw told(failure) }
  }

  /// Waits until the thread has nothing to do, or has failed.
  func settle() {
    guard isHere, thread != nil else { return }
    state.wait { state -> Void? in
      !state.isTurnTaken && (state.waiting.isEmpty || state.isStalled) ? () : nil
    }
  }

  /// Lends the writer; jobs that wait go on afterwards.
  ///
  /// - Throws: `forkedProcess`.
  func withWriter<Result>(_ body: (TrackerWriter) throws(TrackerError) -> Result)
    throws(TrackerError) -> Result
  {
    guard isHere else { throw forked }
    state.wait { state -> Void? in
      guard !state.isTurnTaken else { return nil }
      state.isTurnTaken = true
      return ()
    }
    defer { state.change { $0.isTurnTaken = false } }
    return try body(side.writer)
  }

  /// Ends the thread once it has done what it can. The queue can be used again.
  func end() {
    guard isHere, let thread = thread.take() else { return }
    state.change { $0.isEnding = true }
    thread.join()
    state.change { $0.isEnding = false }
  }

  // MARK: Doing jobs

  private func resume() throws(TrackerError) {
    guard isHere else { throw forked }
    try tellFailure()
    state.change { $0.isStalled = false }
  }

  /// Does all waiting jobs on this thread, as far as the other has not taken them.
  private func work() throws(TrackerError) {
    while let job = state.change({ $0.takeJob() }) { try run(job) }
  }

  /// Does a job on this thread, which has the turn.
  private func run(_ job: WriteJob) throws(TrackerError) {
    do throws(TrackerError) {
      try side.run(job)
    } catch {
      let head = side.writer.head
      state.change { $0.end(job, true, head) }
      throw error
    }
    let head = side.writer.head
    state.change { $0.end(job, false, head) }
  }

  private func hasThread() -> Bool {
    let mayUseThread = self.mayUseThread ?? (Cores.resolve(cores) > 1)
    self.mayUseThread = mayUseThread
    guard mayUseThread, thread == nil else { return mayUseThread }
    thread = Self.makeThread(side, state, hasFailed)
    // The system may have none left.
    return thread != nil
  }

  private static func makeThread(_ side: WritingSide, _ state: Monitor<State>, _ hasFailed: Flag)
    -> SystemThread?
  {
    SystemThread {
      while true {
        let next: WriteJob? = state.wait { state in
          if let job = state.takeJob() { return .some(job) }
          return state.isEnding ? .some(nil) : nil
        }
        guard let job = next else { return }
        do throws(TrackerError) {
          try side.run(job)
          let head = side.writer.head
          state.change { $0.end(job, false, head) }
        } catch {
          let head = side.writer.head
          state.change {
            $0.failure = error
            $0.end(job, true, head)
          }
          hasFailed.isSet.store(true, ordering: .relaxed)
        }
      }
    }
  }

  private func told(_ failure: TrackerError) -> TrackerError {
    hasFailed.isSet.store(false, ordering: .relaxed)
    return failure
  }

  private var forked: TrackerError {
    TrackerError(
      .forkedProcess, "tracker", "it was made by the parent of this process",
      remedy: "record in the process that opened the tracker")
  }
}
