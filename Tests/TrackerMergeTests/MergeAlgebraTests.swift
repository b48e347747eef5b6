import Foundation
import Testing
import TrackerFile
import TrackerMerge
import TrackerModel

/// The laws of merging, on very many very small histories, in memory.
///
/// `TRACKER_MERGE_CASES` says how many comparisons there are in all (2,000 unless said), and
/// `TRACKER_MERGE_SEED` where chance begins; both are printed.
@Suite struct MergeAlgebraTests {
  static let cases =
    ProcessInfo.processInfo.environment["TRACKER_MERGE_CASES"].flatMap(Int.init) ?? 2_000
  static let seed =
    ProcessInfo.processInfo.environment["TRACKER_MERGE_SEED"].flatMap(UInt64.init)
    ?? UInt64.random(in: 0..<1_000_000)

  /// What a merge gave: bytes, or that it refused to decide.
  enum Outcome: Equatable {
    case bytes([UInt8])
    case refused
  }

  /// For `error`, `min` and `max` every order and every tree gives the same, refusals included, and
  /// merging again changes nothing. `first` and `last` follow who recorded a point, so that every order
  /// gives the same; where a tree has mixed those who recorded it may refuse, but never give another
  /// result, nor one where all at once have none. Where provenance is kept a point has one source, not
  /// another for its epoch: if some epochs are not known, `first` and `last` may take another one.
  @Test(arguments: ConflictPolicy.allCases) func laws(_ policy: ConflictPolicy) throws {
    var chances = MergePropertyTests.Chances(state: Self.seed)
    for _ in 0..<(ConflictPolicy.allCases.firstIndex(of: policy) ?? 0) {
      chances.state = chances.next()
    }
    let wanted = Self.cases / ConflictPolicy.allCases.count
    let followsIdentity = policy == .first || policy == .last
    var (done, scenes, refused, refusedTrees, decided) = (0, 0, 0, 0, 0)
    var refusedKnowingTrees = 0
    while done < wanted {
      let origin = chances.state
      let scene = SmallScene(&chances)
      func check(_ isTrue: Bool, _ law: String) {
        done += 1
        if !isTrue {
          Issue.record("\(policy): \(law), scene \(scenes) at state \(origin): \(scene)")
        }
      }
      let files = try scene.files()
      let whole = try Self.merge(files, policy)
      scenes += 1
      if whole == .refused { refused += 1 }
      // An oracle that knows no tiles.
      if let expected = scene.expected(policy) {
        if case .points(let points) = expected {
          decided += 1
          check(try Self.points(whole) == points, "the union is what the policy says")
        } else {
          check(whole == .refused, "what cannot be decided is refused")
        }
      }
      check(
        try Self.merge(files.shuffled(using: &chances), policy) == whole, "order does not matter")
      let tree = try Self.tree(files, policy, &chances)
      if tree == .refused, whole != .refused { refusedTrees += 1 }
      check(tree == whole || (followsIdentity && tree == .refused), "trees do not matter")
      guard case .bytes(let merged) = whole else { continue }
      check(try Self.merge([merged], policy) == whole, "one file is its own merge")
      check(try Self.merge([merged, merged], policy) == whole, "a merge with itself is itself")
      if !followsIdentity {
        var again = files + [merged]
        again.shuffle(using: &chances)
        check(try Self.merge(again, policy) == whole, "what was merged in may be merged again")
      }
      check(try Self.compact(merged) == merged, "a compact of a merge is itself")
      // The same where it is told who recorded each point.
      let known = try Self.merge(files, policy, keepsProvenance: true)
      guard case .bytes(let telling) = known else {
        check(false, "what can be decided can be where provenance is kept")
        continue
      }
      check(
        try Self.merge(files.shuffled(using: &chances), policy, keepsProvenance: true) == known,
        "order does not matter where provenance is kept")
      let knowingTree = try Self.tree(files, policy, &chances, keepsProvenance: true)
      if knowingTree == .refused { refusedKnowingTrees += 1 }
      check(
        knowingTree == known
          || (followsIdentity && (knowingTree == .refused || !scene.knowsEpochs)),
        "trees do not matter where provenance is kept")
      check(
        try Self.merge([telling, telling], policy, keepsProvenance: true) == known,
        "a merge that keeps provenance with itself is itself")
      check(try Self.compact(telling) == telling, "a compact keeps provenance")
      check(
        try Self.points(Self.merge([telling], policy)) == Self.points(whole),
        "provenance can be left out")
    }
    print(
      "merge algebra, \(policy): seed \(Self.seed), \(done) cases of \(scenes) histories:"
        + " \(refused) refused, \(decided) decided by the oracle,"
        + " \(refusedTrees) refused only as a tree, \(refusedKnowingTrees) with provenance")
    // The chances are such that each kind is met.
    #expect(done >= wanted && (wanted < 500 || (refused > 0 || policy == .min || policy == .max)))
    if !followsIdentity { #expect(refusedTrees == 0) }
  }

  static func bytes(of storage: MemoryStorage) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(storage.size()))
    var span = bytes.mutableSpan
    _ = storage.read(at: 0, into: &span)
    return bytes
  }

  static func compact(_ file: [UInt8]) throws -> [UInt8] {
    let compacted = MemoryStorage()
    var report = MergeReport()
    try Compaction.write(
      TrackerReader(MemoryStorage(file)), level: .fast, to: compacted, report: &report)
    return bytes(of: compacted)
  }

  static func merge(
    _ files: [[UInt8]], _ policy: ConflictPolicy, keepsProvenance: Bool = false
  ) throws -> Outcome {
    var options = MergePlan.Options()
    options.keepsProvenance = keepsProvenance
    options.policy = policy
    // The laws are the same at all levels, and this one is done soonest.
    options.level = .fast
    let output = MemoryStorage()
    var report = MergeReport()
    do throws(TrackerError) {
      var readers: [TrackerReader] = []
      for file in files {
        let reader = try TrackerReader(MemoryStorage(file))
        reader.cores = 1
        readers.append(reader)
      }
      try Merge.write(readers, options, to: output, report: &report)
    } catch {
      guard error.code == .mergeConflict else { throw error }
      return .refused
    }
    return .bytes(bytes(of: output))
  }

  /// Merges two or three at a time, in any order, until one is left.
  static func tree(
    _ files: [[UInt8]], _ policy: ConflictPolicy, _ chances: inout MergePropertyTests.Chances,
    keepsProvenance: Bool = false
  ) throws -> Outcome {
    var left = files.shuffled(using: &chances)
    while left.count > 1 {
      let size = min(left.count, Int.random(in: 2...3, using: &chances))
      guard
        case .bytes(let merged) = try merge(
          Array(left.prefix(size)), policy, keepsProvenance: keepsProvenance)
      else { return .refused }
      left.removeFirst(size)
      left.insert(merged, at: Int.random(in: 0...left.count, using: &chances))
    }
    return try merge(left, policy, keepsProvenance: keepsProvenance)
  }

  /// All points of a merge; nil where there is none.
  static func points(_ outcome: Outcome) throws -> [SmallScene.Key: SmallScene.Value]? {
    guard case .bytes(let bytes) = outcome else { return nil }
    let reader = try TrackerReader(MemoryStorage(bytes))
    reader.cores = 1
    var points: [SmallScene.Key: SmallScene.Value] = [:]
    for channel in reader.snapshot.channels {
      let scan = ChannelScan(reader, channel)
      while try scan.advance() {
        for row in 0..<scan.rows.count {
          for point in scan.history(ofRow: row) {
            let key = SmallScene.Key(channel: channel, index: scan.rows[row], step: point.step)
            points[key] = SmallScene.Value(bits: point.valueBits, epoch: point.epoch)
          }
        }
      }
    }
    return points
  }
}
