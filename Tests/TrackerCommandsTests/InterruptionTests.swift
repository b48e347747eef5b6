import Foundation
import Testing

/// A merge that is told to end leaves nothing behind.
@Suite struct InterruptionTests {
  @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
  func interruptedMergeLeavesNothing(_ signal: Int32) throws {
    let folder = try Folder()
    for rank in UInt32(0)..<2 {
      // Each has every second index: no window can copy tiles as they are.
      let indices = stride(from: Int64(rank), to: 120_000, by: 2)
      let values = Dictionary(uniqueKeysWithValues: indices.map { ($0, Float($0 % 977) / 977) })
      try folder.record("worker-\(rank).tracker", [values], as: Folder.worker(rank, of: 2))
    }
    let inputs = ["worker-0.tracker", "worker-1.tracker"]
    // A machine may be so fast that a merge ends before the signal comes, or so slow that it has not begun.
    var ends: [String] = []
    for delay in [0.4, 0.2, 0.1, 0.05] {
      // Threads of tests hold signals back, and so would what they start. SAFETY: the set is a local one.
      var signals = sigset_t()
      unsafe sigemptyset(&signals)
      unsafe sigaddset(&signals, signal)
      unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
      let merge = try RunningCommand(
        "tracker-merge", inputs + ["-o", "merged.tracker", "--memory", "1MiB"], in: folder)
      Thread.sleep(forTimeInterval: delay)
      merge.send(signal)
      let run = try merge.finish()
      ends.append("\(run.status) \(run.errors)")
      if run.status == -1 {
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left.sorted() == inputs)
        // What was there before is as it was, and merges again.
        #expect(try folder.run("tracker-merge", inputs + ["-o", "merged.tracker"]).status == 0)
        #expect(try folder.run("tracker", "verify", "merged.tracker").status == 0)
        return
      }
      try? FileManager.default.removeItem(atPath: folder["merged.tracker"])
    }
    Issue.record("no merge was interrupted: \(ends)")
  }
}
