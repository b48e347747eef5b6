/// A thread of this process, to be joined once by whoever started it.
public struct SystemThread: ~Copyable, Sendable {
  private let id: Platform.ThreadID
  private let owner: Int32

  /// Starts a thread that runs `body`; nil where the system has none left.
  public init?(_ body: @escaping @Sendable () -> Void) {
    guard let id = Platform.startThread(body) else { return nil }
    self.id = id
    owner = Platform.processID
  }

  /// Waits until the thread has ended. In a forked child, which does not have it, nothing happens.
  public consuming func join() {
    if Platform.processID == owner { Platform.join(id) }
  }
}
