import Testing
import TrackerModel

@testable import TrackerState

/// Sorting what was recorded, against a dictionary.
@Suite struct OrderedPointsTests {
  /// Keys and the bits of their values, in the order recorded; `committed` are in an earlier run.
  struct Points {
    var committed: [Int64] = []
    var fresh: [Int64]
    var type = ValueType.float32

    var keys: [Int64] { committed + fresh }

    func bits(_ place: Int) -> UInt64 {
      // Places tell repeated keys apart; signalling NaNs among the values must stay what they are.
      type == .float32 ? 0x7F80_0001 &+ UInt64(place) : 0x7FF0_0000_0000_0001 &+ UInt64(place)
    }

    func run(_ keys: [Int64], from start: Int) -> PointRun {
      var run = PointRun(indexType: .int64, valueType: type)
      run.append(keys) { bits(start + $0) }
      return run
    }

    /// Reads all in parts of changing sizes.
    func sorted(partSize: Int) -> [(key: Int64, bits: UInt64)] {
      var points = OrderedPoints(
        [run(committed, from: 0), run(fresh, from: committed.count)], ranks: nil)
      var found: [(Int64, UInt64)] = []
      var size = partSize
      while points.remaining > 0 {
        var bits: [UInt64] = []
        let keys = points.next(min(size, points.remaining), into: &bits).listed
        #expect(keys.count == bits.count)
        for (key, bits) in zip(keys, bits) { found.append((key, bits)) }
        size += 1
      }
      #expect(points.count == found.count)
      return found
    }

    func expectSorted(_ note: String) {
      var last: [Int64: UInt64] = [:]
      for (place, key) in keys.enumerated() { last[key] = bits(place) }
      let expected = last.sorted { $0.key < $1.key }
      for partSize in [1, 63, 1000, 1 << 16] where partSize > 1 || keys.count < 2000 {
        let found = sorted(partSize: partSize)
        #expect(found.map(\.key) == expected.map(\.key), "\(note), parts of \(partSize)")
        #expect(found.map(\.bits) == expected.map(\.value), "\(note), parts of \(partSize)")
      }
    }
  }

  @Test(arguments: [ValueType.float32, .float64])
  func keysOfEveryShapeAreSorted(_ type: ValueType) {
    var random = SeededRandom(seed: 7)
    let dense = (0..<5000).map { Int64($0) }
    let shapes: [(String, [Int64])] = [
      ("none", []), ("one", [5]), ("the lowest", [.min]), ("the highest", [.max]),
      ("both ends", [.max, .min]), ("both ends repeated", [.max, .min, 0, .max, .min, -1]),
      ("ascending", dense), ("ascending with holes", dense.map { $0 * $0 }),
      ("ascending, the last repeated", dense + [4999]), ("descending", dense.reversed()),
      ("all the same", Array(repeating: -3, count: 1000)),
      ("dense", dense.shuffled(using: &random)),
      ("dense from below zero", dense.map { $0 - 2500 }.shuffled(using: &random)),
      ("dense at the lowest", dense.map { .min + $0 }.shuffled(using: &random)),
      ("dense at the highest", dense.map { .max - $0 }.shuffled(using: &random)),
      (
        "dense with a hole", dense.filter { $0 != 64 && $0 != 4095 }.shuffled(using: &random)
      ),
      ("every second", dense.map { $0 * 2 }.shuffled(using: &random)),
      ("every tenth", dense.map { $0 * 10 }.shuffled(using: &random)),
      ("every thirty-first", dense.map { $0 * 31 }.shuffled(using: &random)),
      ("every hundredth", dense.map { $0 * 100 }.shuffled(using: &random)),
      ("far apart", dense.map { $0 << 40 }.shuffled(using: &random)),
      ("two clusters", (dense + dense.map { .max - $0 }).shuffled(using: &random)),
      (
        "hashes, repeated",
        (dense + dense).map { $0 &* -0x61C8_8646_80B5_83EB }.shuffled(using: &random)
      ),
      ("across blocks", (0..<70_000).map { Int64($0) }.shuffled(using: &random)),
    ]
    for (name, keys) in shapes {
      Points(fresh: keys, type: type).expectSorted(name)
      let half = keys.count / 2
      Points(committed: Array(keys[..<half]), fresh: Array(keys[half...]), type: type)
        .expectSorted("\(name), in two runs")
      Points(committed: keys, fresh: Array(keys[half...].reversed()), type: type)
        .expectSorted("\(name), partly recorded again")
    }
  }

  @Test func randomKeysAreSorted() {
    for seed in 0..<300 {
      var random = SeededRandom(seed: UInt64(seed))
      let count = Int.random(in: 1...3000, using: &random)
      let bits = Int.random(in: 1...63, using: &random)
      let low = Int64.random(in: .min ... .max, using: &random)
      let keys = (0..<count).map { _ in
        low &+ Int64.random(in: 0...(.max >> (63 - Int64(bits))), using: &random)
      }
      let cut = Int.random(in: 0...count, using: &random)
      Points(
        committed: Array(keys[..<cut]), fresh: Array(keys[cut...]),
        type: seed % 2 == 0 ? .float32 : .float64
      ).expectSorted("seed \(seed): \(count) keys of \(bits) bits from \(low), cut at \(cut)")
    }
  }

  @Test func consecutiveKeysAreNotListed() {
    var random = SeededRandom(seed: 3)
    for committed in [0, 100] {
      let keys = (0..<1000).map { Int64($0) - 500 }.shuffled(using: &random)
      let points = Points(
        committed: Array(keys[..<committed]), fresh: Array(keys[committed...]))
      var ordered = OrderedPoints(
        [points.run(points.committed, from: 0), points.run(points.fresh, from: committed)],
        ranks: nil)
      var bits: [UInt64] = []
      guard case .dense(let first, let count) = ordered.next(1000, into: &bits) else {
        Issue.record("dense keys were listed")
        return
      }
      #expect((first, count) == (-500, 1000))
    }
  }

  @Test func foldingKeepsTheLastOfEachKey() {
    var random = SeededRandom(seed: 11)
    for factor: Int64 in [1, 20, 1 << 33] {
      let keys = (0..<100_000).map { _ in Int64.random(in: -5000..<5000, using: &random) * factor }
      let points = Points(fresh: keys)
      var run = points.run(keys, from: 0)
      run.fold()
      let expected = points.sorted(partSize: 1 << 16)
      #expect(run.count == expected.count)
      #expect((0..<run.count).map(run.key(at:)) == expected.map(\.key))
      #expect((0..<run.count).map(run.bits(at:)) == expected.map(\.bits))
    }
  }

  @Test func stringsAreSortedByTheirRanks() throws {
    var random = SeededRandom(seed: 5)
    var run = PointRun(indexType: .string, valueType: .float32)
    let ranks = (0..<3000).map { UInt32($0) }.shuffled(using: &random)
    let keys = (0..<9000).map { _ in Int64.random(in: 0..<3000, using: &random) }
    run.append(keys) { UInt64($0) }
    var last: [UInt32: (Int64, UInt64)] = [:]
    for (place, key) in keys.enumerated() { last[ranks[Int(key)]] = (key, UInt64(place)) }
    let expected = last.sorted { $0.key < $1.key }.map(\.value)
    let empty = PointRun(indexType: .string, valueType: .float32)
    var points = OrderedPoints([empty, run], ranks: ranks)
    for row in 0..<points.count { #expect(points.key(ofRow: row) == expected[row].0) }
    var bits: [UInt64] = []
    let found = points.next(points.count, into: &bits).listed
    #expect(found == expected.map(\.0))
    #expect(bits == expected.map(\.1))
  }
}

/// SplitMix64.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
