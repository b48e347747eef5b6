import Foundation
import Testing
import TrackerCodec
@testable import TrackerFile
@testable import TrackerMerge
import TrackerModel

/// Memory does not show in what a merge gives, nor does cutting it into partitions.
@Suite struct MergeMemoryTests {
  static let seeds = UInt64(0)..<30

  /// Windows of a few rows.
  static let tiny = ScanMemory(bytes: 4000, minRows: 1)

  struct Outcome: Equatable {
    var bytes: Data?
    var error: String?
    var outputPoints = 0
    var inputPoints = 0
    var conflicts = 0
    var undecided = 0
    var first: [MergeConflict] = []
    var code: TrackerError.Code?
  }

  static func merge(
    _ readers: [TrackerReader], _ options: MergePlan.Options, to path: String
  ) -> Outcome {
    var report = MergeReport()
    var outcome = Outcome()
    do throws(TrackerError) {
      try Merge.write(readers, options, to: path, overwriting: true, report: &report)
      outcome.bytes = try? MergePropertyTests.bytes(path)
    } catch {
      outcome.error = error.description
      outcome.code = error.code
    }
    outcome.outputPoints = report.outputPoints
    outcome.inputPoints = report.inputPoints
    outcome.conflicts = report.conflicts.count
    outcome.undecided = report.conflicts.undecided
    outcome.first = report.conflicts.first
    return outcome
  }

  static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("memory-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  @Test(arguments: seeds, ConflictPolicy.allCases)
  func littleMemoryGivesTheSame(_ seed: UInt64, _ policy: ConflictPolicy) throws {
    try Self.withFolder { folder in
      let trackers = try RandomTrackers(seed: seed)
      var options = MergePlan.Options()
      options.policy = policy
      let path = folder.appendingPathComponent("m").path
      let direct = Self.merge(try trackers.readers(), options, to: path)
      #expect(direct.conflicts == trackers.conflictCount, "seed \(seed)")
      #expect(direct.outputPoints == trackers.keys.count, "seed \(seed)")
      options.scan = Self.tiny
      #expect(Self.merge(try trackers.readers(), options, to: path) == direct, "seed \(seed)")
      // What later windows need waits in a file, or some of it.
      for limit in [1 << 20, 300] {
        options.scan?.folder = folder.path
        options.scan?.asideBytes = limit
        #expect(Self.merge(try trackers.readers(), options, to: path) == direct, "seed \(seed)")
      }
      options.scan?.folder = folder.appendingPathComponent("missing").path
      #expect(Self.merge(try trackers.readers(), options, to: path) == direct, "seed \(seed)")
      options.scan = nil
      options.memory = 1 << 20
      #expect(Self.merge(try trackers.readers(), options, to: path) == direct, "seed \(seed)")
      // Nothing else is left behind.
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left == (direct.bytes == nil ? [] : ["m"]), "seed \(seed)")
    }
  }

  @Test(arguments: seeds) func partitionsMergeToTheWhole(_ seed: UInt64) throws {
    try Self.withFolder { folder in
      let trackers = try RandomTrackers(seed: seed)
      var options = MergePlan.Options()
      options.policy = .min
      if seed % 5 == 0 { options.scan = Self.tiny }
      let whole = Self.merge(
        try trackers.readers(), options, to: folder.appendingPathComponent("whole").path)
      for count in [1, 2, Int(seed % 5) + 3] {
        var parts: [String] = []
        var points = 0
        for number in 1...count {
          let path = folder.appendingPathComponent("part-\(number)-of-\(count)").path
          options.partition = MergePlan.PartitionNumber(number, of: count)
          // In any order of inputs.
          let outcome = Self.merge(
            number % 2 == 0 ? try trackers.readers() : try trackers.readers().reversed(), options,
            to: path)
          #expect(outcome.error == nil, "seed \(seed)")
          points += outcome.outputPoints
          parts.append(path)
        }
        // Disjoint.
        #expect(points == whole.outputPoints)
        let readers = try parts.map { path throws in try TrackerReader(path: path) }
        #expect(readers.allSatisfy { $0.snapshot.partition?.count == UInt64(count) })
        for (reader, number) in zip(readers, 1...) {
          let range = reader.snapshot.partition?.range
          for tile in reader.snapshot.tiles {
            #expect(range?.lower.map { $0 <= tile.firstIndex } ?? true)
            #expect(range?.upper.map { tile.lastIndex < $0 } ?? true)
          }
          // Compacting keeps what it is.
          let compacted = folder.appendingPathComponent("compacted").path
          var report = MergeReport()
          try Compaction.write(reader, to: compacted, overwriting: true, report: &report)
          #expect(
            try MergePropertyTests.bytes(compacted) == MergePropertyTests.bytes(parts[number - 1]))
        }
        let path = folder.appendingPathComponent("again").path
        let shuffled = readers.shuffled()
        let again = Self.merge(shuffled, MergePlan.Options(), to: path)
        #expect(again.error == nil && again.bytes == whole.bytes, "seed \(seed), \(count)")
        // Read as one history without a merge.
        #expect(
          try HistoryComparisonOfParts.points(readers)
            == HistoryComparisonOfParts.points([
              TrackerReader(path: folder.appendingPathComponent("whole").path)
            ]))
        guard count > 1 else { continue }
        let missing = Int(seed) % count
        let others = readers.indices.filter { $0 != missing }.map { readers[$0] }
        let incomplete = Self.merge(others, MergePlan.Options(), to: path)
        #expect(incomplete.code == .missingWorker)
        #expect(incomplete.error?.contains("partition \(missing + 1) of \(count)") == true)
      }
    }
  }

  /// Partitions of other inputs do not fill a set up.
  @Test func partitionsOfOtherInputsAreMissing() throws {
    try Self.withFolder { folder in
      let one = folder.appendingPathComponent("one").path
      let two = folder.appendingPathComponent("two").path
      var options = MergePlan.Options()
      options.policy = .min
      options.partition = MergePlan.PartitionNumber(1, of: 2)
      #expect(Self.merge(try RandomTrackers(seed: 3).readers(), options, to: one).error == nil)
      options.partition = MergePlan.PartitionNumber(2, of: 2)
      #expect(Self.merge(try RandomTrackers(seed: 9).readers(), options, to: two).error == nil)
      let readers = try [one, two].map { path throws in try TrackerReader(path: path) }
      let outcome = Self.merge(
        readers, MergePlan.Options(), to: folder.appendingPathComponent("m").path)
      #expect(outcome.code == .missingWorker)
    }
  }

  /// Bounds come near what they are for, by directories alone.
  @Test func partitionsAreBalanced() throws {
    for type in [IndexType.int64, .string] {
      let storages = try (0..<4).map { worker throws in
        let storage = MemoryStorage()
        let writer = try TrackerWriter(creating: storage, indexType: type, identity: nil)
        for start in stride(from: worker, to: 40_000, by: 4000) {
          let rows = stride(from: start, to: start + 4000, by: 4).map { row in
            type == .int64
              ? InstanceIndex.integer(Int64(row))
              : .string(Name("img-" + String(String(100_000 + row).dropFirst())))
          }
          try writer.appendTile(
            channel: Channel(metric: "ce", mode: .train), rows: IndexColumn(rows, type: type),
            columns: [TileColumn(step: 1, epoch: 1)], presence: .all(rows.count),
            values: ValueBuffer(.float32, zeros: rows.count))
        }
        try writer.commit(step: 1, epoch: 1, wallTime: nil, durability: .wholeFile)
        return storage
      }
      let readers = try storages.map { storage throws in try TrackerReader(storage) }
      try Self.withFolder { folder in
        for number in 1...8 {
          var options = MergePlan.Options()
          options.partition = MergePlan.PartitionNumber(number, of: 8)
          let outcome = Self.merge(
            readers, options, to: folder.appendingPathComponent("p\(number)").path)
          #expect((4000...6000).contains(outcome.outputPoints), "\(type) \(number)")
        }
      }
    }
  }
}

/// All points that some trackers hold together.
enum HistoryComparisonOfParts {
  static func points(_ readers: [TrackerReader]) throws -> [RandomTrackers.Key: UInt64] {
    try PartitionSet.check(readers)
    var found: [RandomTrackers.Key: UInt64] = [:]
    for channel in Set(readers.flatMap(\.snapshot.channels)).sorted() {
      let scan = UnionScan(readers, channel, policy: .error)
      while try scan.advance() {
        for row in 0..<scan.rows.count {
          for point in scan.history(ofRow: row) {
            let key = RandomTrackers.Key(
              channel: channel, index: scan.rows[row], step: point.step)
            found[key] = point.valueBits
          }
        }
      }
      #expect(scan.conflicts.count == 0)
    }
    return found
  }
}
