public import TrackerModel
import TrackerSystem

extension RunIdentity {
  /// A worker of a run on its own, with a run id that no other has.
  public static func single() throws(TrackerError) -> RunIdentity {
    try RunIdentity(runID: makeRunID())
  }

  /// This worker, as arguments or the environment tell.
  ///
  /// What is nil is taken from `TRACKER_RUN_ID`, `RANK` and `WORLD_SIZE`; a single worker makes its
  /// own run id.
  /// - Throws: `invalidParameter` for a world size above 1 without a run id, which all workers must
  ///   share, and for numbers that are none.
  public static func fromEnvironment(
    runID: Name? = nil, rank: UInt32? = nil, worldSize: UInt32? = nil
  ) throws(TrackerError) -> RunIdentity {
    func number(_ given: UInt32?, _ variable: String) throws(TrackerError) -> UInt32? {
      if let given { return given }
      guard let text = Environment.value(variable), !text.isEmpty else { return nil }
      guard let number = UInt32(text) else {
        throw TrackerError(
          .invalidParameter, "run identity", "\(variable) is '\(text)', which is no number")
      }
      return number
    }
    let size = try number(worldSize, "WORLD_SIZE") ?? 1
    let place = try number(rank, "RANK") ?? 0
    var id = runID
    if id == nil, let text = Environment.value("TRACKER_RUN_ID"), !text.isEmpty { id = Name(text) }
    guard id != nil || size == 1 else {
      throw TrackerError(
        .invalidParameter, "run identity", "\(size) workers without a run id",
        remedy: "give all workers the same id, by argument or TRACKER_RUN_ID")
    }
    return try RunIdentity(runID: id ?? makeRunID(), rank: place, worldSize: size)
  }

  /// Half time, half chance: sorts by age and collides with none.
  private static func makeRunID() -> Name {
    let time = String(UInt64(max(0, Clock.wallSeconds()) * 1000), radix: 36)
    let chance = String(UInt64.random(in: 0..<(1 << 40)), radix: 36)
    return Name("\(time)-\(chance)")
  }
}
