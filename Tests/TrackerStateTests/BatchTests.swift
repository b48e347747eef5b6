import Testing
import TrackerFile
import TrackerModel
import TrackerState

/// Batches of several metrics, modes, data sets and epochs mixed, against a dictionary.
@Suite struct BatchTests {
  struct Place: Hashable {
    var channel: Channel
    var index: Int64
    var epoch: Int64
  }

  @Test func mixedBatchesKeepTheLastValueOfEachIndex() throws {
    for seed in 0..<20 {
      var random = SeededRandom(seed: UInt64(seed))
      let metrics: [Name] = ["ce", "correct", "loss"]
      let listed = seed % 3 == 0 ? (0..<40).map { InstanceIndex.integer($0) } : nil
      let tracker = try InstanceTracker.create(
        parameters: Parameters(
          metricKeys: metrics, maxToKeep: listed == nil ? 5 : 0, minToKeep: listed == nil ? 5 : 0,
          listToKeep: listed, modes: .only([.train, .eval])), cores: seed % 2 + 1)
      var expected: [Place: Double] = [:]
      var open: [(Mode, Name?, Int64)] = []
      for epoch in 1...4 as ClosedRange<Int64> {
        for _ in 0..<30 {
          let mode: Mode = Bool.random(using: &random) ? .train : .eval
          let dsID: Name? = Bool.random(using: &random) ? nil : "other"
          // Epochs may overlap.
          let number = epoch + Int64.random(in: 0...1, using: &random)
          let indices = (0..<Int.random(in: 0...50, using: &random)).map { _ in
            Int64.random(in: 0..<100, using: &random)
          }
          let numbers = indices.map { _ in Int.random(in: 0..<1000, using: &random) }
          var columns: [Name: MetricValues] = [:]
          for metric in metrics where Int.random(in: 0..<4, using: &random) > 0 {
            columns[metric] =
              switch metric {
              case "ce": .float(numbers.map { Float($0) })
              case "correct": .bool(numbers.map { $0 % 2 == 0 })
              default: .double(numbers.map { Double($0) })
              }
          }
          try tracker.record(
            mode: mode, dsID: dsID, epoch: number, indices: indices, values: columns)
          if !open.contains(where: { $0 == (mode, dsID, number) }) {
            open.append((mode, dsID, number))
          }
          for metric in columns.keys {
            let channel = Channel(metric: metric, mode: mode, dsID: dsID)
            for (index, value) in zip(indices, numbers) where listed == nil || index < 40 {
              expected[Place(channel: channel, index: index, epoch: number)] =
                metric == "correct" ? (value % 2 == 0 ? 1 : 0) : Double(value)
            }
          }
          // A batch that throws records nothing.
          columns["unknown"] = .float(numbers.map { Float(-$0) })
          #expect(throws: TrackerError.self) {
            try tracker.record(
              mode: mode, dsID: dsID, epoch: number, indices: indices, values: columns)
          }
          if Int.random(in: 0..<10, using: &random) == 0 { try tracker.checkpoint() }
        }
        for (mode, dsID, number) in open where number <= epoch {
          try tracker.endEpoch(mode: mode, dsID: dsID, epoch: number, step: number * 10)
        }
        open.removeAll { $0.2 <= epoch }
      }
      var found: [Place: Double] = [:]
      for channel in tracker.channels {
        let histories = try tracker.history(
          of: (0..<100).map { InstanceIndex.integer($0) }, in: channel)
        for (index, history) in histories.enumerated() {
          for point in history {
            let place = Place(channel: channel, index: Int64(index), epoch: point.step / 10)
            found[place] = point.value
          }
        }
      }
      #expect(found == expected.filter { $0.key.epoch <= 4 }, "seed \(seed)")
      try tracker.close()
    }
  }

  @Test func theToldErrorDoesNotDependOnTheOrderOfMetrics() throws {
    let tracker = try InstanceTracker.create(
      parameters: Parameters(metricKeys: ["a", "b", "c"], modes: .only([.train])), cores: 1)
    for _ in 0..<20 {
      let error = #expect(throws: TrackerError.self) {
        try tracker.record(
          mode: .train, epoch: 1, indices: [1, 2],
          values: [
            "a": .float([1, 2]), "b": .float([1]), "c": .integer([1, 1 << 53 + 1]),
            "d": .float([1, 2]),
          ])
      }
      #expect(error?.code == .lengthMismatch)
    }
    #expect(tracker.unsealedPointCount == 0)
  }
}
