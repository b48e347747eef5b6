import Testing
import TrackerFile
import TrackerModel

@testable import TrackerSelection

/// Criteria of random histories beside their definitions.
@Suite struct CriterionTests {
  static let onePass = Criterion.allCases.filter { !$0.needsRanks }

  static func results(
    _ source: any HistorySource, _ criteria: [Criterion], _ options: CriterionOptions,
    ranks: RankChanges? = nil
  ) throws -> [Int64: [UInt64]] {
    let scan = CriterionScan(source, criteria, options, ranks: ranks)
    var found: [Int64: [UInt64]] = [:]
    while try scan.advance() {
      guard case .integers(let indices) = scan.rows else { continue }
      for row in indices.indices where scan.pointCounts[row] > 0 {
        found[indices[row]] = criteria.indices.map { scan.values(at: $0)[row] }
      }
    }
    return found
  }

  static func options(_ seed: UInt64) -> CriterionOptions {
    var options = CriterionOptions(
      correctness: seed % 3 == 0 ? .ofHits : .below(Double(seed % 7) / 8))
    options.earlyCount = Int(seed % 4) + 1
    options.window = Int(seed % 5) + 1
    return options
  }

  @Test(arguments: UInt64(0)..<60) func everyCriterionIsWhatItsDefinitionSays(_ seed: UInt64) throws
  {
    let random = RandomHistories(seed: seed)
    let options = Self.options(seed)
    print("seed \(seed): \(random.points.count) instances of \(random.type), \(options)")
    var before: [Int64: [UInt64]]?
    for (size, spare) in [(1, false), (7, true), (8192, false)] {
      let found = try Self.results(
        PointSource(random, rowsPerBlock: size, spareColumns: spare), Self.onePass, options)
      // Blocks and empty columns change nothing.
      if let before { #expect(found == before) }
      before = found
    }
    #expect(before?.count == random.points.count)
    for history in random.histories {
      let model = CriterionModel(steps: history.steps, bits: history.bits, options: options)
      for (place, criterion) in Self.onePass.enumerated() {
        let (found, expected) = (before?[history.index]?[place], model.bits(of: criterion))
        #expect(
          found == expected,
          "\(criterion) of \(model.values) at \(history.steps): \(found.map { Double(bitPattern: $0) } ?? 0)"
        )
      }
    }
  }

  @Test func criteriaAloneAreThoseOfAllTogether() throws {
    let random = RandomHistories(seed: 11)
    let options = Self.options(11)
    let all = try Self.results(
      PointSource(random, rowsPerBlock: 64), Self.onePass, options)
    for (place, criterion) in Self.onePass.enumerated() {
      let alone = try Self.results(PointSource(random, rowsPerBlock: 5), [criterion], options)
      #expect(alone == all.mapValues { [$0[place]] })
    }
  }

  @Test func worksAsDocumentedOfOnePoint() throws {
    for (value, isHit) in [(2.0, false), (0.25, true), (-0.0, true)] {
      let model = CriterionModel(
        steps: [30], bits: [value.bitPattern], options: CriterionOptions(correctness: .ofLoss))
      let expected: [Criterion: Double] = [
        .final: value, .first: value, .min: value, .max: value, .range: 0, .mean: value, .std: 0,
        .area: value, .early: value, .windowedStd: 0, .trend: 0, .forgetting: isHit ? 0 : .infinity,
        .firstLearned: isHit ? 30 : .infinity, .correctness: isHit ? 1 : 0,
      ]
      for criterion in Self.onePass {
        #expect(
          Double(bitPattern: model.bits(of: criterion)) == expected[criterion], "\(criterion)")
      }
    }
  }

  @Test func namesAreThoseOfTheDocument() {
    #expect(
      Criterion.allCases.map(\.fieldName) == [
        "final", "first", "min", "max", "range", "mean", "std", "area", "early", "windowed_std",
        "trend", "forgetting", "first_learned", "correctness", "rank_change",
      ])
  }

  @Test(arguments: UInt64(0)..<30) func selectionIsThatOfSorting(_ seed: UInt64) throws {
    let random = RandomHistories(seed: seed)
    let options = Self.options(seed)
    for criterion in Self.onePass {
      let criteria = SelectionCriteria(
        maxToKeep: 4, minToKeep: 3, listToKeep: [.integer(0), .integer(1_000_003)])
      let scan = CriterionScan(PointSource(random, rowsPerBlock: 9), [criterion], options)
      let selection = try InstanceSelection(scan, criteria)
      let sorted = random.histories.map {
        (
          bits: CriterionModel(steps: $0.steps, bits: $0.bits, options: options).bits(
            of: criterion),
          index: $0.index
        )
      }.sorted { (ValueOrder.rank($0.bits), $0.index) < (ValueOrder.rank($1.bits), $1.index) }
      let (low, high) = (sorted.prefix(3), sorted.suffix(4))
      #expect(selection.kept.min == low.map { .integer($0.index) }.sorted())
      #expect(selection.kept.max == high.map { .integer($0.index) }.sorted())
      for (bits, index) in low + high { #expect(selection.scores[.integer(index)] == bits) }
      if criterion == .final {
        let last = try InstanceSelection(final: PointSource(random, rowsPerBlock: 9), criteria)
        #expect(last.kept == selection.kept && last.scores == selection.scores)
      }
    }
  }
}
