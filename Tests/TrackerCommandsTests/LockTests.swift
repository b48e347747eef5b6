import Foundation
import Testing
import TrackerModel
import TrackerState

/// One writer a file.
@Suite struct LockTests {
  @Test func secondWriterWaitsThenNamesTheHolder() throws {
    let folder = try Folder()
    let tracker = try InstanceTracker.create(
      path: folder["a.tracker"], parameters: Folder.parameters(), run: Folder.worker())
    try tracker.record(mode: .train, epoch: 1, indices: [1], [1])
    try tracker.endEpoch(mode: .train, epoch: 1, step: 10)
    try tracker.checkpoint()
    let start = ContinuousClock.now
    let run = try folder.run("tracker", "rewind", "a.tracker", "--to-step", "10")
    let waited = ContinuousClock.now - start
    #expect(run.status == 1)
    #expect(waited >= .seconds(9) && waited < .seconds(30))
    #expect(run.errors.contains("\(ProcessInfo.processInfo.processIdentifier)"))
    #expect(run.errors.contains("is writing to this file"))
    // Readers need no lock.
    #expect(try folder.run("tracker-dump", "a.tracker").status == 0)
    try tracker.close()
    #expect(try folder.run("tracker", "rewind", "a.tracker", "--to-step", "10").status == 0)
  }

  @Test func writerThatWaitsGoesOnWhenTheOtherEnds() throws {
    let folder = try Folder()
    let tracker = try InstanceTracker.create(
      path: folder["a.tracker"], parameters: Folder.parameters(), run: Folder.worker())
    try tracker.record(mode: .train, epoch: 1, indices: [1], [1])
    try tracker.endEpoch(mode: .train, epoch: 1, step: 10)
    let waiting = try RunningCommand(
      "tracker", ["rewind", "a.tracker", "--to-step", "10"], in: folder)
    Thread.sleep(forTimeInterval: 0.5)
    #expect(waiting.isRunning)
    try tracker.close()
    #expect(try waiting.finish().status == 0)
    #expect(
      try folder.run("tracker-dump", "a.tracker", "--format", "json").json["commits"] as? Int == 3)
  }

  #if os(Linux)
    @Test func forkedChildDoesNotKeepTheLock() throws {
      // Swift hides fork; the child does nothing but sleep and end.
      typealias Fork = @convention(c) () -> Int32
      guard let symbol = unsafe dlsym(nil, "fork") else {
        Issue.record("no fork")
        return
      }
      let fork = unsafe unsafeBitCast(symbol, to: Fork.self)
      let folder = try Folder()
      let tracker = try InstanceTracker.create(
        path: folder["a.tracker"], parameters: Folder.parameters(), run: Folder.worker())
      let child = fork()
      if child == 0 {
        sleep(20)
        _exit(0)
      }
      try #require(child > 0)
      defer {
        kill(child, SIGKILL)
        _ = waitpid(child, nil, 0)
      }
      try tracker.close()
      let start = ContinuousClock.now
      try InstanceTracker.resume(path: folder["a.tracker"]).close()
      #expect(ContinuousClock.now - start < .seconds(5))
      #expect(kill(child, 0) == 0)
    }
  #endif
}
