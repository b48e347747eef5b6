import Foundation
import Testing
import TrackerFile
import TrackerModel
import TrackerState
import TrackerSystem

/// Background work and the ends of processes.
@Suite struct BackgroundProcessTests {
  @Test(arguments: [0.05, 0.2, 0.5])
  func killedAnywhereTheFileHoldsWholeEpochs(_ seconds: Double) async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("killed-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("a.tracker").path
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [path = path as String, seconds = seconds as Double] in
      let tracker = try InstanceTracker.create(
        path: path,
        parameters: Parameters(metricKeys: BackgroundTests.metrics, modes: .only([.train])),
        cores: 2)
      Thread.detachNewThread {
        Thread.sleep(forTimeInterval: seconds)
        kill(getpid(), SIGKILL)
      }
      var epoch = 1
      while true {
        try BackgroundTests.record(tracker, epoch, rows: 2000)
        try BackgroundTests.end(tracker, epoch)
        try tracker.checkpointInBackground()
        epoch += 1
      }
    }
    let tracker = try InstanceTracker.resume(path: path)
    let commits = try tracker.reader().snapshot
    let steps = Set(commits.tiles.flatMap { $0.columns.map(\.step) })
    let last = tracker.lastCommit?.step ?? 0
    print("killed after \(seconds) s: the last of \(steps.count) epochs is at step \(last)")
    #expect(steps == Set(stride(from: Int64(10), through: last, by: 10)))
    #expect(commits.tiles.count == 2 * steps.count)
    // Cuts off what the killed process was writing.
    try tracker.checkpoint()
    try tracker.close()
    #expect(try Verification.verify(FileStorage(path: path, mode: .read)).isSound)
  }

  #if os(Linux)
    @Test func aForkedChildNeitherWritesNorHangs() async throws {
      let path = FileManager.default.temporaryDirectory
        .appendingPathComponent("forked-\(UUID().uuidString)").path
      defer { try? FileManager.default.removeItem(atPath: path) }
      await #expect(processExitsWith: .success) { [path = path as String] in
        // Swift hides fork.
        typealias Fork = @convention(c) () -> Int32
        let fork = unsafe unsafeBitCast(dlsym(nil, "fork"), to: Fork.self)
        var tracker: InstanceTracker? = try InstanceTracker.create(
          path: path,
          parameters: Parameters(metricKeys: BackgroundTests.metrics, modes: .only([.train])),
          cores: 2)
        var children: [Int32] = []
        for epoch in 1...4 {
          guard let open = tracker else { exit(10) }
          try BackgroundTests.record(open, epoch, rows: 70_000)
          try BackgroundTests.end(open, epoch)
          if epoch % 2 == 0 { try open.checkpointInBackground() }
          let child = fork()
          if child == 0 {
            alarm(20)
            do {
              // Recording only takes memory; all that needs the file is refused.
              try BackgroundTests.record(open, epoch + 1)
              for call in [
                { try BackgroundTests.end(open, epoch + 1) }, { try open.checkpoint() },
                { try open.checkpointInBackground() }, { try open.flush() },
                { _ = try open.select() },
              ] {
                do {
                  try call()
                  _exit(11)
                } catch let error as TrackerError where error.code == .forkedProcess {}
              }
              guard open.channels.isEmpty else { _exit(12) }
              _ = open.lastCommit
              try open.close()
            } catch {
              _exit(13)
            }
            tracker = nil
            _exit(0)
          }
          children.append(child)
        }
        for child in children {
          var status: Int32 = 0
          guard unsafe waitpid(child, &status, 0) == child, status == 0 else {
            print("a child ended with \(status)")
            exit(14)
          }
        }
        try tracker?.close()
        let reader = try TrackerReader(path: path)
        guard reader.snapshot.tiles.count == 16 else {
          print("\(reader.snapshot.tiles.count) tiles")
          exit(15)
        }
      }
    }
  #endif
}
