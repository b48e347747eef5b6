import Foundation
import Testing
import TrackerFile
import TrackerMerge
import TrackerModel
import TrackerState

/// Columns of recorded, rewound, merged and compacted files hold what scans of them do.
@Suite struct MergedMatrixTests {
  static func expectEqualToScan(_ reader: TrackerReader) throws {
    for channel in reader.snapshot.channels {
      let matrix = try reader.matrix(of: channel)
      #expect(try matrix == HistoryMatrix(ChannelScan(reader, channel, rowsPerBlock: 1000)))
    }
  }

  @Test(arguments: UInt64(0)..<9)
  func columnsAreThoseOfTheScan(_ seed: UInt64) throws {
    var scene = try MergePropertyTests.Scene(seed: seed)
    defer { try? FileManager.default.removeItem(at: scene.folder) }
    var files: [String] = []
    for worker in 0..<scene.workers { files.append(try scene.record(worker)) }
    for file in files { try Self.expectEqualToScan(TrackerReader(path: file)) }
    let readers = try files.map { file throws in try TrackerReader(path: file) }
    let merged = try TrackerReader(path: scene.merge(files))
    try Self.expectEqualToScan(merged)
    for channel in merged.snapshot.channels {
      // The union without a file between.
      let union = try HistoryMatrix(UnionScan(readers, channel, policy: .error, rowsPerBlock: 1000))
      #expect(try merged.matrix(of: channel) == union)
    }
    // Back to an earlier step, and on from there.
    guard let step = readers[0].snapshot.ancestry.compactMap(\.step).min() else { return }
    let tracker = try InstanceTracker.resume(path: files[0], at: step)
    if scene.indexType == .int64 {
      try tracker.record(mode: .train, epoch: 99, indices: [3], values: ["ce": .float([1])])
    } else {
      try tracker.record(
        mode: .train, epoch: 99, indices: ["3"] as [Name], values: ["ce": .float([1])])
    }
    try tracker.endEpoch(mode: .train, epoch: 99, step: 999)
    try tracker.close()
    let rewound = try TrackerReader(path: files[0])
    #expect(
      rewound.snapshot.tiles.allSatisfy {
        $0.columns.allSatisfy { $0.step <= step || $0.step == 999 }
      })
    try Self.expectEqualToScan(rewound)
  }
}
