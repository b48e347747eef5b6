/// Runs jobs on several cores and gives their results back in the order in which the jobs came.
///
/// Each thread makes a worker of its own, which may keep buffers between jobs. The owner lends a
/// hand: where the result it asks for is not there yet, it works on jobs that nobody has begun. So
/// with one core there are no threads, and a job costs what a call costs. One owner.
public final class OrderedWorkers<Job: Sendable, Output: Sendable> {
  public typealias Worker = (Job) -> Output

  /// How many jobs may be under way: those being worked on, waiting and done but not taken.
  public let capacity: Int
  /// Jobs submitted whose results were not taken.
  public private(set) var count = 0

  private let makeWorker: @Sendable () -> Worker
  private lazy var ownWorker: Worker = makeWorker()
  private let threadCount: Int
  private var threads: [Thread] = []
  private let queue = Monitor(Queue())
  private var submitted = 0

  private struct Queue: Sendable {
    var waiting: [(number: Int, job: Job)] = []
    var done: [Int: Output] = [:]
    var isEnding = false

    mutating func take() -> (number: Int, job: Job)? {
      waiting.isEmpty ? nil : waiting.removeFirst()
    }
  }

  private enum Turn {
    case take(Output)
    case work(Int, Job)
  }

  /// Arrays hold no values of types that cannot be copied.
  private final class Thread {
    private var thread: SystemThread?

    init(_ thread: consuming SystemThread) { self.thread = consume thread }

    func join() { thread.take()?.join() }
  }

  /// - Parameters:
  ///   - cores: how many to use, the owner's included.
  ///   - worker: called once on each thread.
  public init(cores: Int, worker: @escaping @Sendable () -> Worker) {
    threadCount = max(0, cores - 1)
    // One for each thread and one behind it, so that they have work while the owner does a job; and
    // some more for when the owner is held up.
    capacity = threadCount == 0 ? 1 : 2 * threadCount + 6
    makeWorker = worker
  }

  deinit {
    guard !threads.isEmpty, isHere else { return }
    queue.change {
      $0.waiting.removeAll()
      $0.isEnding = true
    }
    for thread in threads { thread.join() }
  }

  /// Whether the threads are those of this process: a child of `fork` does not have them, and what
  /// was submitted is lost to it.
  public var isHere: Bool { queue.isHere }

  /// Adds a job.
  ///
  /// - Precondition: `isHere`, and fewer than `capacity` jobs are under way.
  public func submit(_ job: Job) {
    precondition(count < capacity, "workers have only so much room")
    let number = submitted
    submitted += 1
    count += 1
    queue.change { $0.waiting.append((number, job)) }
    // The owner does a job that comes alone.
    if threads.count < min(threadCount, count - 1) { startThread() }
  }

  private func startThread() {
    let (queue, makeWorker) = (queue, makeWorker)
    let thread = SystemThread {
      let worker = makeWorker()
      while let (number, job) = queue.wait({ queue in
        queue.isEnding ? .some(nil) : queue.take().map(Optional.some)
      }) {
        let output = worker(job)
        queue.change { $0.done[number] = output }
      }
    }
    // Without a thread the owner does the work.
    if let thread { threads.append(Thread(thread)) }
  }

  /// The result of the oldest job whose result was not taken; nil where there is none.
  ///
  /// - Precondition: `isHere`.
  public func next() -> Output? {
    guard count > 0 else { return nil }
    let wanted = submitted - count
    while true {
      let turn: Turn = queue.wait { queue in
        if let output = queue.done.removeValue(forKey: wanted) { return .take(output) }
        return queue.take().map { .work($0.number, $0.job) }
      }
      switch turn {
      case .take(let output):
        count -= 1
        return output
      case .work(let number, let job):
        let output = ownWorker(job)
        if number == wanted {
          count -= 1
          return output
        }
        queue.change { $0.done[number] = output }
      }
    }
  }

  /// Forgets all jobs under way; those being worked on are waited for.
  public func cancel() {
    guard isHere else { return }
    let dropped = queue.change { queue in
      defer { queue.waiting.removeAll() }
      return queue.waiting.count
    }
    // Waiting jobs are the newest: the numbers of the others have no gaps.
    submitted -= dropped
    count -= dropped
    while next() != nil {}
  }
}
