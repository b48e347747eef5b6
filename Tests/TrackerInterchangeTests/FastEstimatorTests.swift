import Foundation
import Testing
import TrackerModel

@testable import TrackerInterchange

/// A point as a checkpoint has it.
struct CheckpointPoint: Hashable {
  var mode: String
  var index: InstanceIndex
  var step: Int64
  var bits: UInt64
}

func checkpoint(_ bytes: [UInt8], name: String = "objects.pkl") throws(TrackerError)
  -> FastEstimatorCheckpoint
{
  try FastEstimatorCheckpoint(MemoryBytes(bytes), name: name)
}

extension FastEstimatorCheckpoint {
  /// All points of the histories, in the order in which they are read.
  func points(valueType: ValueType? = nil) throws(TrackerError) -> [CheckpointPoint] {
    let all = Array(trackers.indices)
    var reader = FastEstimatorPointReader(
      self, trackers: all,
      options: FastEstimatorPointReader.Options(
        valueType: valueType, indexType: try indexType(of: all)))
    var batch = PointBatch()
    var found: [CheckpointPoint] = []
    while try reader.next(into: &batch) {
      for place in 0..<batch.count {
        found.append(
          CheckpointPoint(
            mode: reader.channels[Int(batch.channels[place])].mode.name,
            index: batch.index(at: place), step: batch.steps[place], bits: batch.valueBits[place]))
      }
    }
    return found
  }
}

/// An index and bits out of expected.json.
func expectedIndex(_ value: Any) throws -> InstanceIndex {
  if let text = value as? String { return .string(Name(text)) }
  return .integer(try #require(value as? NSNumber).int64Value)
}

func expectedBits(_ value: Any) throws -> UInt64 {
  let text = try #require(value as? String)
  return try #require(UInt64(text, radix: 16))
}

@Suite struct FastEstimatorTests {
  // MARK: The reference's own files

  /// What the whole run recorded until the checkpoint, which was saved at the end of training in
  /// epoch 10, before its evaluation.
  static func golden() throws -> Set<CheckpointPoint> {
    let full = try Fixture.json("fastestimator/full_history.json.gz")
    var points: Set<CheckpointPoint> = []
    for (mode, last) in [("train", 230), ("eval", 207)] {
      let histories = try #require(
        (full["history"] as? [String: Any] ?? full)[mode] as? [String: Any])
      for (index, history) in histories {
        for case let point as [Any] in try #require(history as? [Any]) {
          let step = try #require(point[0] as? NSNumber).int64Value
          let text = try #require(point[2] as? String)
          let value = try #require(Double(text))
          if step <= last {
            points.insert(
              CheckpointPoint(
                mode: mode, index: .integer(Int64(index) ?? -1), step: step,
                bits: value.bitPattern))
          }
        }
      }
    }
    return points
  }

  @Test(arguments: ["asis", "ctl"]) func goldenCheckpointsAreReadExactly(_ name: String) throws {
    let read = try checkpoint(Fixture.bytes("fastestimator/checkpoint_\(name)_e10.pkl.gz"))
    let points = try read.points()
    let golden = try Self.golden()
    #expect(golden.count == 17_610)
    #expect(points.count == golden.count)
    #expect(Set(points) == golden)
    // The one with the back-pointer has the tracker once more, behind the system.
    #expect(read.trackers.count == 1)
    let tracker = read.trackers[0]
    let parameters = try tracker.parameters(metric: "value", indexType: .int64)
    #expect(parameters.indexKey == "idx")
    #expect(parameters.metricKeys == ["sample_ce"])
    #expect(parameters.maxToKeep == 5 && parameters.minToKeep == 5)
    #expect(parameters.listToKeep == [0, 5, 1796])
    #expect(parameters.epochFrequency == 1)
    #expect(parameters.modes == .only([.train, .eval]))
    #expect(parameters.dsIDs == .all)
    #expect(parameters.customOutputName == "ce_vs_idx")
    var unsealed = UnsealedBatches(read, tracker: 0)
    #expect(try unsealed.read().isEmpty)
    if name == "asis" {
      #expect(read.system == FastEstimatorSystem(mode: .train, epoch: 10, step: 230))
    } else {
      #expect(read.system == nil)
    }
  }

  // MARK: Files of all protocols

  @Test(arguments: Fixture.pickles) func pickleOfPythonIsReadExactly(_ name: String) throws {
    let expected = try #require(
      try Fixture.json("pickles/expected.json")[name] as? [String: [[Any]]])
    let read = try checkpoint(Fixture.bytes("pickles/\(name)"), name: name)
    #expect(read.trackers.count == 1)
    let points = try #require(expected["points"]).map { point in
      CheckpointPoint(
        mode: try #require(point[0] as? String), index: try expectedIndex(point[1]),
        step: try #require(point[2] as? NSNumber).int64Value, bits: try expectedBits(point[3]))
    }
    #expect(try read.points() == points)
    var batches = UnsealedBatches(read, tracker: 0)
    let unsealed = try batches.read()
    let wanted = try #require(expected["unsealed"])
    #expect(try unsealed.flatMap(\.indices) == wanted.map { try expectedIndex($0[0]) })
    #expect(try unsealed.flatMap(\.values) == wanted.map { try expectedBits($0[1]) })
    let tracker = read.trackers[0]
    #expect(tracker.epochFrequency == 2 && tracker.minToKeep == 2)
    if name.hasPrefix("numpy") || name.hasPrefix("dill") {
      #expect(tracker.maxToKeep == 4)
      #expect(tracker.listToKeep == ["a"])
      #expect(tracker.modes == ["infer", "test"])
      #expect(tracker.dsIDs == ["!d1"])
      #expect(unsealed.map(\.valueType) == [.float32, .float32, nil, nil])
    } else {
      #expect(tracker.maxToKeep == 3)
      #expect(Set(tracker.listToKeep) == [7, -1])
      #expect(tracker.modes == ["eval", "train"])
    }
  }

  @Test func fixturesAreThere() {
    #expect(Fixture.pickles.count == 17)
  }

  // MARK: Small checkpoints

  /// A pickle of `{'index_history': {'train': {1: POINTS}}, …}`.
  static func small(_ points: String, _ more: String = "") -> [UInt8] {
    bytes("}Vindex_history\n}Vtrain\n}I1\n(\(points)lsss(\(more)u.")
  }

  static let inputs = "Vinputs\n(Vidx\nVce\nl"

  @Test func laterValueOfAStepCounts() throws {
    let read = try checkpoint(
      Self.small("(I2\nF1\nt(I1\nF2\nt(I2\nF3\nt(I1\nF2\nt(NF4\nt", Self.inputs))
    var reader = FastEstimatorPointReader(
      read, trackers: [0], options: FastEstimatorPointReader.Options(indexType: .int64))
    var batch = PointBatch()
    #expect(try reader.next(into: &batch))
    #expect(batch.steps == [1, 2])
    #expect(batch.valueBits == [Double(2).bitPattern, Double(3).bitPattern])
    #expect(reader.replaced == 1)
    #expect(reader.withoutStep == 1)
    #expect(reader.valueType == .float32)
    #expect(try !reader.next(into: &batch))
  }

  @Test func valuesAreRoundedWhereAskedTo() throws {
    let read = try checkpoint(Self.small("(I1\nF0.1\nt", Self.inputs))
    #expect(try read.points().map(\.bits) == [Double(0.1).bitPattern])
    #expect(
      try read.points(valueType: .float32).map(\.bits) == [Double(Float(0.1)).bitPattern])
    let far = try checkpoint(Self.small("(I1\nF1e300\nt", Self.inputs))
    let error = #expect(throws: TrackerError.self) { try far.points(valueType: .float32) }
    #expect(
      error?.description.contains("index 1: no float32 is near to 1e+300") == true, "\(error!)")
  }

  /// What is no history, and what the error says of it.
  static let refused: [(state: [UInt8], says: String)] = [
    (bytes("N."), "it holds no InstanceTracker"),
    (bytes("}Vindex_history\nNs."), "'index_history' is None, expected a dictionary of modes"),
    (bytes("}Vindex_history\n}I1\nNss."), "has the integer 1, which is no mode"),
    (bytes("}Vindex_history\n}Vdream\n}ss."), "has the text 'dream', which is no mode"),
    (bytes("}Vindex_history\n}Vtrain\nNss."), "its history in mode train is None"),
    (small("I1\n"), "index 1 has the integer 1, expected a pair of a step and a value"),
    (small("(I1\nt"), "index 1 has a tuple, expected a pair of a step and a value"),
    (small("(F1\nF1\nt"), "expected an integer as the step, found the float 1"),
    (small("(I1\nVx\nt"), "expected a number, found the text 'x'"),
    (small("(I1\nI9007199254740993\nt"), "no float64 equals the value 9007199254740993"),
    (small("(I1\nL99999999999999999999L\nt"), "found an integer of more than 64 bits"),
    (
      small("(I1\ncos\nsystem\n(S'echo'\ntRt"), "expected a number, found a call of os.system"
    ),
    (bytes("}Vindex_history\n}Vtrain\n}F1\n(lsss."), "expected an index (an integer or a text)"),
    (bytes("}Vindex_history\n}Vtrain\n}I1\nNsss."), "index 1 has None, expected a list of points"),
    (small("", "Vinputs\n(Vidx\nl"), "'inputs' has 1 of 2 keys"),
    (small("", "Vinputs\n(Vidx\nI1\nl"), "'inputs' has the integer 1, expected texts"),
    (small("", "Vn_max_to_keep\nVmany\n"), "'n_max_to_keep' is the text 'many'"),
    (small("", "Vn_max_to_keep\nI-1\n"), "n_max_to_keep must be non-negative, but got -1"),
    (small("", "Vepoch_frequency\nI0\n"), "epoch_frequency must be at least 1"),
    (small("", "Vmode\n(Vdream\nl"), "unknown mode 'dream'"),
    (small("", "Vidx_to_keep\nI1\n"), "'idx_to_keep' is the integer 1, expected a set"),
    (small("", "Vpoints\nI1\n"), "'points' is the integer 1, expected a list"),
    (small("", "Vpoints\n(I1\nl"), "batch 1 of its points is the integer 1"),
    (
      small("", "Vpoints\n(((I1\nl(F1\nF2\nltl"), "batch 1 of its points has 1 indices and 2 values"
    ),
    (small("", "Vpoints\n(((I1\nlI2\ntl"), "has the integer 2 as values, expected an array"),
  ]

  @Test(arguments: refused.indices) func errorSaysWhatIsNoHistory(_ number: Int) throws {
    let (state, says) = Self.refused[number]
    let error = #expect(throws: TrackerError.self) {
      let read = try checkpoint(state)
      _ = try read.points()
      for tracker in read.trackers {
        _ = try tracker.parameters(metric: "x", indexType: .int64)
      }
      var unsealed = UnsealedBatches(read, tracker: 0)
      _ = try unsealed.read()
    }
    #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
  }

  // MARK: system.json

  @Test func systemIsReadFromJSON() throws {
    let text = """
      {"eval_log_steps": [[1, 2], 6], "mode": "eval",\n "global_step": 230, "epoch_idx": 10}

      """
    let system = try FastEstimatorSystem(json: bytes(text), name: "system.json")
    #expect(system == FastEstimatorSystem(mode: .eval, epoch: 10, step: 230))
    #expect(
      try FastEstimatorSystem(json: bytes("{\"mode\": null}"), name: "s")
        == FastEstimatorSystem(mode: nil, epoch: nil, step: nil))
    for wrong in ["", "[]", "{\"mode\": 1}", "{\"epoch_idx\": \"x\"}", "{\"global_step\": 1.5}"] {
      let error = #expect(throws: TrackerError.self) {
        try FastEstimatorSystem(json: bytes(wrong), name: "system.json")
      }
      #expect(error?.code == .badInput)
      #expect(error?.file == "system.json")
    }
  }
}
