import TrackerFile
import TrackerModel
import TrackerState

/// Trackers to run commands on.
extension Folder {
  static func parameters(
    _ metrics: [Name] = ["ce"], max: Int = 2, min: Int = 2, list: [InstanceIndex]? = nil,
    modes: ModeFilter = .only([.train, .eval])
  ) throws -> Parameters {
    try Parameters(
      metricKeys: metrics, maxToKeep: max, minToKeep: min, listToKeep: list, modes: modes)
  }

  static func worker(
    _ rank: UInt32 = 0, of size: UInt32 = 1, generation: UInt32 = 0, run: Name = "r"
  )
    throws -> RunIdentity
  {
    try RunIdentity(runID: run, generation: generation, rank: rank, worldSize: size)
  }

  /// A tracker with one epoch of mode train after another: step 10 · epoch, one row of values each.
  @discardableResult
  func record(
    _ name: String, _ epochs: [[Int64: Float]], as run: RunIdentity? = nil,
    parameters: Parameters? = nil, from first: Int64 = 1
  ) throws -> String {
    let tracker = try InstanceTracker.create(
      path: self[name], parameters: parameters ?? Self.parameters(),
      run: run ?? Self.worker())
    for (position, values) in epochs.enumerated() {
      let epoch = first + Int64(position)
      let sorted = values.sorted { $0.key < $1.key }
      try tracker.record(
        mode: .train, epoch: epoch, indices: sorted.map(\.key), sorted.map(\.value))
      try tracker.endEpoch(mode: .train, epoch: epoch, step: 10 * epoch)
      try tracker.checkpoint()
    }
    try tracker.close()
    return name
  }

  /// Everything a file can hold: two metrics, modes and types, a data set id, values that are no
  /// numbers, an absent instance, kept sets and unsealed points.
  @discardableResult
  func recordRich(_ name: String) throws -> String {
    let tracker = try InstanceTracker.create(
      path: self[name],
      parameters: Self.parameters(["ce", "hits"], list: [3, 99]), run: Self.worker(0, of: 2))
    for epoch in Int64(1)...3 {
      let scale = Float(epoch)
      try tracker.record(
        mode: .train, epoch: epoch, indices: [1, 2, 3, Int64.max],
        values: [
          "ce": .float([0.1 * scale, -.infinity, -0.0, Float(bitPattern: 0x7FC0_0001)]),
          "hits": .integer([epoch, 1 << 53, -(1 << 54), 0]),
        ])
      try tracker.record(
        mode: .eval, dsID: "a, \"b\"", epoch: epoch, indices: [7, Int64.min],
        values: ["ce": .float([.nan, .infinity])])
      try tracker.endEpoch(mode: .train, epoch: epoch, step: 100 * epoch)
      try tracker.endEpoch(mode: .eval, dsID: "a, \"b\"", epoch: epoch, step: 100 * epoch)
      try tracker.checkpoint()
    }
    _ = try tracker.select()
    try tracker.record(
      mode: .train, epoch: 4, indices: [1, 2], values: ["ce": .float([8, 9])])
    try tracker.checkpoint(step: 350)
    try tracker.close()
    return name
  }
}
