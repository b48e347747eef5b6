import Foundation
import TrackerModel
import TrackerState

@testable import digits_training

/// Images of noise with labels that a network can learn, and a folder to train in.
struct Fixture {
  let digits: DigitSet
  let folder: String

  init(digitCount: Int = 400) throws {
    digits = try DigitSet(csv: Array(Self.csv(digitCount).utf8), file: "noise")
    let url = FileManager.default.temporaryDirectory.appending(path: "digits-\(UUID())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    folder = url.path
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// One bright row, as far down as the label says, in noise.
  static func csv(_ count: Int) -> String {
    var generator = SeededGenerator(7)
    return (0..<count).map { id in
      let label = id * 7 % 8
      let pixels = (0..<64).map { pixel in
        (pixel / 8 == label ? 8 : 0) + Int(generator.next() % 9)
      }
      return (pixels + [label]).map(String.init).joined(separator: ",")
    }.joined(separator: "\n")
  }

  func settings(rank: Int = 0, of worldSize: Int = 1) -> RunSettings {
    RunSettings(runID: "test", seed: 3, rank: rank, worldSize: worldSize)
  }

  func files(_ run: String = "", rank: Int = 0) throws -> RunFiles {
    let path = folder + "/" + run
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return RunFiles(directory: path, rank: rank)
  }

  /// All that a worker's tracker holds: every channel's points, in order.
  func history(in files: RunFiles) throws -> [String] {
    let tracker = try InstanceTracker.resume(path: files.tracker)
    var lines: [String] = []
    for (metric, mode) in [
      ("ce", Mode.train), ("ce", .eval), ("correct", .train), ("correct", .eval),
    ] {
      let ids = mode == .train ? digits.trainIDs : digits.evalIDs
      let histories = try tracker.history(
        of: ids.map { .integer(Int64($0)) }, in: Channel(metric: Name(metric), mode: mode))
      for (id, points) in zip(ids, histories) {
        for point in points {
          lines.append(
            "\(metric) \(mode) \(id) \(point.step) \(point.epoch ?? -1) \(point.valueBits)")
        }
      }
    }
    try tracker.close()
    return lines
  }
}
