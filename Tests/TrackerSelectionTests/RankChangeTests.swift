import Foundation
import Testing
import TrackerModel

@testable import TrackerSelection

/// Rank changes beside a model that compares all with all.
@Suite struct RankChangeTests {
  /// The largest jump of every instance, by the definition.
  static func model(_ random: RandomHistories) -> [Int64: UInt64] {
    let histories = random.histories
    var ranks: [Int64: [Double]] = [:]
    for step in Set(histories.flatMap(\.steps)).sorted() {
      var present: [(index: Int64, value: Double)] = []
      for history in histories {
        guard let place = history.steps.firstIndex(of: step) else { continue }
        let value = Double(bitPattern: history.bits[place])
        if !value.isNaN { present.append((history.index, value)) }
      }
      for (index, value) in present {
        let lower = present.count { $0.value < value }
        let equal = present.count { $0.value == value }
        ranks[index, default: []].append(
          present.count == 1
            ? 0.5 : Double(2 * lower + equal - 1) / Double(2 * (present.count - 1)))
      }
    }
    return Dictionary(
      uniqueKeysWithValues: histories.map { history in
        let own = ranks[history.index] ?? []
        let jumps = zip(own, own.dropFirst()).map { abs($1 - $0) }
        return (history.index, (jumps.max() ?? 0).bitPattern)
      })
  }

  static func found(
    _ random: RandomHistories, memory: Int, rowsPerBlock: Int, wanted: [InstanceIndex]? = nil
  ) throws -> [Int64: UInt64] {
    var resources = RankChanges.Resources(folder: NSTemporaryDirectory())
    resources.memory = memory
    let ranks = try RankChanges(
      PointSource(random, rowsPerBlock: rowsPerBlock), wanted: wanted, resources)
    guard wanted == nil else {
      var jumps: [Int64: UInt64] = [:]
      for history in random.histories where wanted?.contains(.integer(history.index)) == true {
        jumps[history.index] = try ranks.next()
      }
      return jumps
    }
    return try CriterionTests.results(
      PointSource(random, rowsPerBlock: 13), [.rankChange],
      CriterionOptions(correctness: .ofLoss), ranks: ranks
    ).mapValues { $0[0] }
  }

  @Test(arguments: UInt64(100)..<140) func rankChangeIsThatOfComparingAllWithAll(_ seed: UInt64)
    throws
  {
    let random = RandomHistories(seed: seed)
    print("seed \(seed): \(random.points.count) instances of \(random.type)")
    let expected = Self.model(random)
    // From all in memory, over several runs and buckets of rows, to a spill after every block.
    for (memory, rows) in [(256 << 20, 8192), (16384, 50), (2000, 3), (64, 1), (1, 16)] {
      #expect(
        try Self.found(random, memory: memory, rowsPerBlock: rows) == expected, "\(memory) bytes")
    }
  }

  @Test(arguments: UInt64(200)..<210) func ranksOfFewAreAmongAll(_ seed: UInt64) throws {
    let random = RandomHistories(seed: seed)
    let expected = Self.model(random)
    let some = random.histories.enumerated().filter { $0.offset % 3 == 1 }.map(\.element.index)
    let wanted: [InstanceIndex] = [.integer(-7)] + some.map { .integer($0) } + [.integer(.max)]
    let found = try Self.found(
      random, memory: 512, rowsPerBlock: 10, wanted: Parameters.sortedUnique(wanted))
    #expect(found == expected.filter { wanted.contains(.integer($0.key)) })
  }

  /// Groups of equal values that are larger than what is held of one.
  @Test func manyEqualValuesShareARank() throws {
    let random = RandomHistories(seed: 104, rows: 5000, values: [0, 1, 1, 1])
    let expected = Self.model(random)
    for memory in [1 << 20, 4096] {
      #expect(try Self.found(random, memory: memory, rowsPerBlock: 512) == expected)
    }
  }

  @Test(arguments: UInt64(0)..<20) func sortIsStableAndByValueOrder(_ seed: UInt64) {
    var chances = Chances(state: seed)
    for type in [ValueType.float32, .float64] {
      let words = RankWords(type)
      var pairs: [UInt64] = []
      var expected: [(rank: UInt64, row: UInt32)] = []
      for row in 0..<UInt32.random(in: 0...500, using: &chances) {
        let narrow = UInt32.random(in: 0...(.max), using: &chances) & 0xFF7F_00FF
        let bits =
          type == .float32
          ? Widening.widen(narrow)
          : UInt64(narrow) << 32 | UInt64.random(in: 0..<4, using: &chances)
        words.append(bits, row, to: &pairs)
        expected.append((ValueOrder.rank(bits), row))
      }
      var scratch: [UInt64] = []
      words.sort(&pairs, &scratch)
      expected.sort { ($0.rank, $0.row) < ($1.rank, $1.row) }
      let rows = stride(from: 0, to: pairs.count, by: words.stride).map { words.row(pairs, at: $0) }
      #expect(rows == expected.map(\.row))
    }
  }
}
