import Testing
import TrackerFile
import TrackerModel
import TrackerState

/// A whole training run of the reference, replayed: 20 epochs, 1,437 + 360 instances.
@Suite struct FullRunTests {
  // MARK: The run

  struct Epoch: Sendable {
    var mode: Mode
    var step: Int64
    var indices: [Int64]
    var values: [Float]
  }

  struct Run: Sendable {
    /// In the order in which training ends them.
    var epochs: [Epoch] = []
    var points: Set<GoldenPoint> = []
    var indices: [InstanceIndex] = []
  }

  static let run: Run = {
    guard let file = try? FixtureFile.json("fastestimator/full_history.json.gz"),
      let history = file["history"] as? [String: [String: [[Any]]]],
      let firstSeen = file["first_seen_order"] as? [String: [Int]]
    else { fatalError("full_history.json.gz cannot be read") }
    var run = Run()
    var epochs: [[Int64]: Epoch] = [:]
    for (name, instances) in history {
      guard let mode = Mode(name: name), let order = firstSeen[name] else {
        fatalError("unknown mode \(name)")
      }
      for index in order {
        for point in instances["\(index)"] ?? [] {
          guard let step = point[0] as? Int, let text = point[2] as? String,
            let value = Float(text)
          else { fatalError("no point: \(point)") }
          let key = [Int64(step), Int64(mode.rawValue)]
          epochs[key, default: Epoch(mode: mode, step: Int64(step), indices: [], values: [])]
            .indices.append(Int64(index))
          epochs[key]?.values.append(value)
          run.points.insert(
            GoldenPoint(mode, .integer(Int64(index)), Int64(step), Double(value)))
        }
        run.indices.append(.integer(Int64(index)))
      }
    }
    run.epochs = epochs.values.sorted { ($0.step, $0.mode) < ($1.step, $1.mode) }
    return run
  }()

  /// Records the run in batches, as a training loop does.
  static func replay(into tracker: InstanceTracker) throws {
    for epoch in run.epochs {
      let number = epoch.step / 23
      for start in stride(from: 0, to: epoch.indices.count, by: 64) {
        let batch = start..<min(start + 64, epoch.indices.count)
        try tracker.record(
          mode: epoch.mode, epoch: number, indices: Array(epoch.indices[batch]),
          Array(epoch.values[batch]))
      }
      try tracker.endEpoch(mode: epoch.mode, epoch: number, step: epoch.step)
    }
  }

  // MARK: Settings

  struct Setting: Sendable, CustomTestStringConvertible {
    var modes: [String] = []
    var maxToKeep = 0
    var minToKeep = 0
    var list: [InstanceIndex]?
    /// Per mode: max, min and all indices drawn.
    var selected: [Mode: [Set<InstanceIndex>]] = [:]

    var testDescription: String {
      "mode \(modes), max \(maxToKeep), min \(minToKeep), list \(list ?? [])"
    }

    /// Settings of the counts and the list, whatever the mode.
    func hasSameCounts(as other: Setting) -> Bool {
      maxToKeep == other.maxToKeep && minToKeep == other.minToKeep && list == other.list
    }
  }

  static let settings: [Setting] = {
    guard let file = try? FixtureFile.json("fastestimator/full_selections.json.gz"),
      let objects = file["settings"] as? [[String: Any]]
    else { fatalError("full_selections.json.gz cannot be read") }
    return objects.map(setting)
  }()

  private static func setting(_ object: [String: Any]) -> Setting {
    var setting = Setting()
    setting.modes = object["mode"] as? [String] ?? (object["mode"] as? String).map { [$0] } ?? []
    setting.maxToKeep = object["n_max_to_keep"] as? Int ?? -1
    setting.minToKeep = object["n_min_to_keep"] as? Int ?? -1
    setting.list = (object["list_to_keep"] as? [Int])?.map { .integer(Int64($0)) }
    for (name, sets) in object["per_mode"] as? [String: [String: [Int]]] ?? [:] {
      guard let mode = Mode(name: name) else { fatalError("unknown mode \(name)") }
      setting.selected[mode] = ["max", "min", "drawn"].map { set in
        Set((sets[set] ?? []).map { .integer(Int64($0)) })
      }
    }
    return setting
  }

  // MARK: Laws

  @Test func historyIsTheReferences() throws {
    let tracker = try InstanceTracker.create(
      parameters: Parameters(metricKeys: ["ce"], modes: .only([.train, .eval])))
    try Self.replay(into: tracker)
    #expect(Self.run.points.count == 20 * (1437 + 360))
    let points = try GoldenTests.points(of: tracker, Self.run.indices)
    #expect(points == Self.run.points)
  }

  @Test(arguments: FullRunTests.settings) func selectionIsTheReferences(_ setting: Setting) throws {
    let tracker = try InstanceTracker.create(
      parameters: Parameters(
        metricKeys: ["ce"], maxToKeep: setting.maxToKeep, minToKeep: setting.minToKeep,
        listToKeep: setting.list, modes: ModeFilter(setting.modes)))
    try Self.replay(into: tracker)
    var expected = setting.selected
    if setting.modes.isEmpty {
      // The reference selects nothing where the mode is None; it is to mean every mode.
      #expect(expected.isEmpty)
      expected =
        Self.settings.first { $0.modes == ["train", "eval"] && $0.hasSameCounts(as: setting) }?
        .selected ?? [:]
    }
    for kept in try tracker.select() {
      let mode = kept.channel.mode
      let selected = expected.removeValue(forKey: mode) ?? [[], [], []]
      #expect(Set(kept.max) == selected[0])
      #expect(Set(kept.min) == selected[1])
      #expect(Set(kept.all) == selected[2])
      #expect(Set(kept.list + kept.missing) == Set(setting.list ?? []))
      #expect(Set(kept.list).isDisjoint(with: kept.missing))
    }
    #expect(expected.values.allSatisfy { $0[2].isEmpty })
  }
}
