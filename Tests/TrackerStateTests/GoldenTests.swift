import Testing
import TrackerModel
import TrackerState

/// Replays what FastEstimator's tracker was driven with and expects what it made of it, but for an
/// explicit table of cases that are to differ.
@Suite struct GoldenTests {
  // MARK: Replaying

  /// What became of a case.
  struct Outcome: Equatable {
    var history: Set<GoldenPoint> = []
    var selected: [Mode: Set<InstanceIndex>] = [:]
    var missing: [Mode: Set<InstanceIndex>] = [:]
    var unsealed = 0
    /// Batches and seals that Swift's types cannot express.
    var inexpressible = 0
    var error: TrackerError.Code?
    var detail = ""
  }

  static func parameters(of golden: GoldenCase) throws(TrackerError) -> Parameters {
    try Parameters(
      metricKeys: ["ce"], maxToKeep: golden.maxToKeep, minToKeep: golden.minToKeep,
      listToKeep: golden.listToKeep?.compactMap(\.index), epochFrequency: golden.epochFrequency,
      modes: ModeFilter(golden.modes))
  }

  static func values(_ column: GoldenCase.Column) -> MetricValues {
    let numbers = column.values.map(\.number)
    return switch column.dtype {
    case "<f8": .double(numbers)
    case "<f2", "<f4": .float(numbers.map { Float($0) })
    case "|b1": .bool(numbers.map { $0 != 0 })
    default: .integer(numbers.map { Int64($0) })
    }
  }

  /// All points of some instances.
  static func points(of tracker: InstanceTracker, _ indices: [InstanceIndex]) throws(TrackerError)
    -> Set<GoldenPoint>
  {
    var points: Set<GoldenPoint> = []
    for channel in tracker.channels {
      let histories = try tracker.history(of: indices, in: channel)
      for (index, history) in zip(indices, histories) {
        for point in history {
          points.insert(GoldenPoint(channel.mode, index, point.step, point.value))
        }
      }
    }
    return points
  }

  static func replay(_ golden: GoldenCase) throws -> Outcome {
    var outcome = Outcome()
    do throws(TrackerError) {
      try replay(golden, into: &outcome)
    } catch {
      outcome.error = error.code
      outcome.detail = error.detail
    }
    return outcome
  }

  private static func replay(_ golden: GoldenCase, into outcome: inout Outcome)
    throws(TrackerError)
  {
    let indices = golden.events.flatMap { event -> [InstanceIndex] in
      guard case .batch(let indices, _) = event.call else { return [] }
      return indices.values.compactMap(\.index)
    }
    let tracker = try InstanceTracker.create(
      parameters: parameters(of: golden), indexType: indices.first?.type ?? .int64)
    for event in golden.events {
      switch event.call {
      case .epochEnd:
        guard let step = event.step else {
          outcome.inexpressible += 1
          continue
        }
        try tracker.endEpoch(mode: event.mode, epoch: event.epoch, step: step)
      case .batch(let indices, let metric):
        let keys = indices.values.compactMap(\.index)
        guard keys.count == indices.values.count else {
          outcome.inexpressible += 1
          continue
        }
        try record(keys, values(metric), event, tracker)
      }
    }
    outcome.unsealed = tracker.unsealedPointCount
    outcome.history = try points(of: tracker, Parameters.sortedUnique(indices))
    for _ in 0..<golden.endCalls {
      outcome.selected = [:]
      for kept in try tracker.select() {
        if !kept.all.isEmpty { outcome.selected[kept.channel.mode] = Set(kept.all) }
        if !kept.missing.isEmpty { outcome.missing[kept.channel.mode] = Set(kept.missing) }
      }
    }
  }

  private static func record(
    _ keys: [InstanceIndex], _ values: MetricValues, _ event: GoldenCase.Event,
    _ tracker: InstanceTracker
  ) throws(TrackerError) {
    var (integers, names): ([Int64], [Name]) = ([], [])
    for key in keys {
      switch key {
      case .integer(let value): integers.append(value)
      case .string(let name): names.append(name)
      }
    }
    if names.isEmpty {
      try tracker.record(
        mode: event.mode, epoch: event.epoch, indices: integers, values: ["ce": values])
    } else {
      try tracker.record(
        mode: event.mode, epoch: event.epoch, indices: names, values: ["ce": values])
    }
  }

  // MARK: Laws

  @Test(arguments: GoldenCase.all) func caseEndsAsInTheReferenceOrAsTheTableSays(
    _ golden: GoldenCase
  ) throws {
    let outcome = try Self.replay(golden)
    if let difference = GoldenDifference.all[golden.name] {
      #expect(outcome == difference.outcome, "\(difference.reason)")
    } else {
      #expect(outcome.history == golden.history ?? [])
      #expect(outcome.selected == golden.selected ?? [:])
      #expect(outcome.selectedPoints == golden.selectedHistory ?? [])
      #expect(outcome.detail == golden.failure?.text ?? "")
      #expect(golden.failure == nil || outcome.error == .invalidParameter)
      #expect(outcome.inexpressible == 0)
    }
  }

  @Test func everyDifferenceIsOneOfTheCases() {
    let names = Set(GoldenCase.all.map(\.name))
    #expect(GoldenCase.all.count == 51)
    #expect(names.count == 51)
    #expect(Set(GoldenDifference.all.keys).subtracting(names) == [])
  }

  @Test func longerMetricIsRefusedInsteadOfCut() throws {
    let tracker = try InstanceTracker.create(
      parameters: Parameters(metricKeys: ["ce"], modes: .only([.train])))
    let error = #expect(throws: TrackerError.self) {
      try tracker.record(mode: .train, epoch: 1, indices: [1, 2], [0.5, 0.25, 0.125])
    }
    #expect(error?.code == .lengthMismatch)
    #expect(tracker.unsealedPointCount == 0)
  }

  @Test func keysOfAnotherTypeAreRefused() throws {
    let parameters = try Parameters(metricKeys: ["ce"], modes: .only([.train]))
    let byInteger = try InstanceTracker.create(parameters: parameters)
    let byName = try InstanceTracker.create(parameters: parameters, indexType: .string)
    let errors = [
      #expect(throws: TrackerError.self) {
        try byInteger.record(
          mode: .train, epoch: 1, indices: ["a"], values: ["ce": .float([0.5])])
      },
      #expect(throws: TrackerError.self) {
        try byName.record(
          mode: .train, epoch: 1, indices: [Int64(1)], values: ["ce": .float([0.5])])
      },
    ]
    #expect(errors.map { $0?.code } == [.wrongIndexType, .wrongIndexType])
  }
}

extension GoldenTests.Outcome {
  /// The points of the selected indices.
  var selectedPoints: Set<GoldenPoint> {
    history.filter { selected[$0.mode]?.contains($0.index) ?? false }
  }
}
