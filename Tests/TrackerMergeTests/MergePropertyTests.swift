import Foundation
import Testing
import TrackerFile
import TrackerMerge
import TrackerModel
import TrackerState
import TrackerSystem

/// What must hold for merges of any histories; each seed is one set of workers.
@Suite struct MergePropertyTests {
  /// SplitMix64: a test's chances, the same in every process.
  struct Chances: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  struct Key: Hashable {
    var channel: Channel
    var step: Int64
    var index: Int64
  }

  /// A history, and how workers share in it.
  struct Scene {
    var chances: Chances
    let indexType: IndexType
    let workers: Int
    /// Every point's bits, as float32.
    var points: [Key: UInt32] = [:]
    /// Which workers record which points; at least one each, often several.
    var shares: [[Key]]
    let folder: URL

    init(seed: UInt64) throws {
      chances = Chances(state: seed)
      indexType = seed % 3 == 2 ? .string : .int64
      workers = Int.random(in: 1...5, using: &chances)
      shares = Array(repeating: [], count: workers)
      folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("merge-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      // Two seeds, of either index type, cross the blocks of 4,096 rows.
      let isLarge = seed == 7 || seed == 14
      let rows: Int64 = isLarge ? 9000 : Int64.random(in: 1...60, using: &chances)
      let spread: Int64 = Bool.random(using: &chances) ? 1 : 1_000_000_007
      let densities: [Double] = [1, 0.6, 0.1]
      let density = isLarge ? 0.95 : densities.randomElement(using: &chances) ?? 1
      for channel in [
        Channel(metric: "ce", mode: .train), Channel(metric: "ce", mode: .eval, dsID: "b"),
        Channel(metric: "hits", mode: .train),
      ] where Double.random(in: 0..<1, using: &chances) < 0.8 {
        for epoch in 1...Int64.random(in: 1...(isLarge ? 2 : 4), using: &chances) {
          for row in 0..<rows where Double.random(in: 0..<1, using: &chances) < density {
            let key = Key(channel: channel, step: epoch * 7, index: (row - rows / 2) * spread)
            points[key] = Self.bits(&chances)
            let owner = Int.random(in: 0..<workers, using: &chances)
            shares[owner].append(key)
            while Bool.random(using: &chances) {
              shares[Int.random(in: 0..<workers, using: &chances)].append(key)
            }
          }
        }
      }
    }

    /// A negative zero, an infinity and NaNs.
    private static let oddBits: [UInt32] = [0x8000_0000, 0x7F80_0000, 0x7FC0_0000, 0xFFC0_1234]

    private static func bits(_ chances: inout Chances) -> UInt32 {
      switch UInt8.random(in: 0..<8, using: &chances) {
      case 0: oddBits.randomElement(using: &chances) ?? 0
      case 1: 0
      case 2: UInt32.random(in: 0..<0x7F80_0000, using: &chances)
      default: Float.random(in: 0..<4, using: &chances).bitPattern
      }
    }

    /// Records a worker's share, epoch by epoch, with checkpoints, restarts and repeats as they come.
    mutating func record(_ worker: Int) throws -> String {
      let path = folder.appendingPathComponent("w\(worker)").path
      let parameters = try Parameters(
        metricKeys: ["ce", "hits"],
        listToKeep: worker == 0
          ? nil : [indexType == .int64 ? .integer(Int64(worker)) : .string(Name("\(worker)"))],
        modes: .all)
      var tracker = try InstanceTracker.create(
        path: path, parameters: parameters, indexType: indexType,
        run: RunIdentity(
          runID: "r", generation: UInt32.random(in: 0...2, using: &chances), rank: UInt32(worker),
          worldSize: UInt32(workers)))
      let epochs = Dictionary(grouping: shares[worker]) {
        [$0.step, $0.channel.mode == .train ? 0 : 1]
      }
      for (epoch, keys) in epochs.sorted(by: { ($0.key[0], $0.key[1]) < ($1.key[0], $1.key[1]) }) {
        if Bool.random(using: &chances) {
          // A first try with wrong values, which is sealed again.
          try seal(Array(keys.shuffled(using: &chances)), epoch[0], tracker, wrong: true)
        }
        try seal(keys.shuffled(using: &chances), epoch[0], tracker, wrong: false)
        if Bool.random(using: &chances) { try tracker.checkpoint() }
        if UInt8.random(in: 0..<6, using: &chances) == 0 {
          try tracker.close()
          tracker = try InstanceTracker.resume(path: path)
        }
      }
      try tracker.close()
      return path
    }

    private mutating func seal(
      _ keys: [Key], _ step: Int64, _ tracker: InstanceTracker, wrong: Bool
    ) throws {
      guard let first = keys.first else { return }
      for (metric, keys) in Dictionary(grouping: keys, by: \.channel.metric) {
        // Some workers record what others do, but wider.
        let isWide = metric == "hits" && (tracker.run?.rank ?? 0) % 2 == 1
        let bits = keys.map { wrong ? Float(1234).bitPattern : points[$0] ?? 0 }
        let values: MetricValues =
          isWide
          ? MetricValues.double(bits.map { Double(bitPattern: Self.widen($0)) })
          : .float(bits.map { Float(bitPattern: $0) })
        switch indexType {
        case .int64:
          try tracker.record(
            mode: first.channel.mode, dsID: first.channel.dsID, epoch: step / 7,
            indices: keys.map(\.index), values: [metric: values])
        case .string:
          try tracker.record(
            mode: first.channel.mode, dsID: first.channel.dsID, epoch: step / 7,
            indices: keys.map { Name("\($0.index)é") }, values: [metric: values])
        }
      }
      try tracker.endEpoch(
        mode: first.channel.mode, dsID: first.channel.dsID, epoch: step / 7, step: step)
    }

    /// Exact, NaN payloads included, which conversions do not promise.
    static func widen(_ bits: UInt32) -> UInt64 {
      let value = Float(bitPattern: bits)
      guard value.isNaN else { return Double(value).bitPattern }
      let sign = UInt64(bits >> 31) << 63
      return sign | 0x7FF0_0000_0000_0000 | UInt64(bits & 0x7F_FFFF) << 29
    }

    private var count = 0

    mutating func merge(_ inputs: [String], into name: String? = nil) throws -> String {
      count += 1
      let path = folder.appendingPathComponent(name ?? "m\(count)").path
      var report = MergeReport()
      try Merge.write(
        inputs.map { path throws in try TrackerReader(path: path) }, MergePlan.Options(), to: path,
        overwriting: true, report: &report)
      return path
    }

    /// Merges inputs two or three at a time, in any order, until one file is left.
    mutating func mergeAsTree(_ inputs: [String]) throws -> String {
      var left = inputs.shuffled(using: &chances)
      while left.count > 1 {
        let size = min(left.count, Int.random(in: 2...3, using: &chances))
        let merged = try merge(Array(left.prefix(size)))
        left.removeFirst(size)
        left.insert(merged, at: Int.random(in: 0...left.count, using: &chances))
      }
      return try merge(left)
    }
  }

  static func bytes(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path))
  }

  @Test(arguments: UInt64(0)..<24) func anyOrderAndTreeGivesTheSameBytes(_ seed: UInt64) throws {
    var scene = try Scene(seed: seed)
    defer { try? FileManager.default.removeItem(at: scene.folder) }
    print(
      "seed \(seed): \(scene.points.count) points, \(scene.workers) workers, \(scene.indexType)")
    var files: [String] = []
    for worker in 0..<scene.workers { files.append(try scene.record(worker)) }
    let merged = try scene.merge(files, into: "merged")
    let expected = try Self.bytes(merged)

    let reader = try TrackerReader(path: merged)
    var found: [Key: UInt64] = [:]
    for channel in reader.snapshot.channels {
      let scan = ChannelScan(reader, channel)
      while try scan.advance() {
        for row in 0..<scan.rows.count {
          let index: Int64
          switch scan.rows[row] {
          case .integer(let value): index = value
          case .string(let name): index = Int64(name.string.dropLast()) ?? 0
          }
          for point in scan.history(ofRow: row) {
            #expect(point.epoch == point.step / 7)
            found[Key(channel: channel, step: point.step, index: index)] = point.valueBits
          }
        }
      }
    }
    #expect(found == scene.points.mapValues { Scene.widen($0) })

    for _ in 0..<2 {
      #expect(try Self.bytes(scene.merge(files.shuffled(using: &scene.chances))) == expected)
      #expect(try Self.bytes(scene.mergeAsTree(files)) == expected)
    }
    // Idempotent, and what was merged in may be merged in again.
    #expect(try Self.bytes(scene.merge([merged])) == expected)
    #expect(try Self.bytes(scene.merge([merged, merged])) == expected)
    #expect(try Self.bytes(scene.merge([merged] + files)) == expected)
    var report = MergeReport()
    let compacted = scene.folder.appendingPathComponent("compacted").path
    try Compaction.write(reader, to: compacted, overwriting: false, report: &report)
    #expect(try Self.bytes(compacted) == expected)
    #expect(try Verification.verify(FileStorage(path: merged, mode: .read)).isSound)
  }
}
