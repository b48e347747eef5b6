/// Which worker of which run wrote a commit.
///
/// Ordered by generation, then rank: the order in which `first` and `last` resolve merge conflicts.
public struct RunIdentity: Sendable, Hashable, CustomStringConvertible {
  /// The same for all workers of a run.
  public var runID: Name
  /// Counts resumes, from 0.
  public var generation: UInt32
  /// This worker's place among them, below `worldSize`.
  public var rank: UInt32
  public var worldSize: UInt32

  /// - Throws: `invalidParameter` where the run id is empty or too long, or the rank is not below the
  ///   world size.
  public init(runID: Name, generation: UInt32 = 0, rank: UInt32 = 0, worldSize: UInt32 = 1)
    throws(TrackerError)
  {
    guard !runID.utf8.isEmpty, runID.utf8.count <= Limits.maxNameBytes else {
      throw TrackerError(
        .invalidParameter, "run identity",
        "the run id must have 1 to \(Limits.maxNameBytes) UTF-8 bytes, found \(runID.utf8.count)")
    }
    guard rank < worldSize else {
      throw TrackerError(
        .invalidParameter, "run identity",
        "the rank must be below the world size, found rank \(rank) of \(worldSize)")
    }
    self.runID = runID
    self.generation = generation
    self.rank = rank
    self.worldSize = worldSize
  }

  public var description: String {
    "run \(runID), generation \(generation), worker \(rank) of \(worldSize)"
  }
}

extension RunIdentity: Comparable {
  public static func < (left: RunIdentity, right: RunIdentity) -> Bool {
    if left.generation != right.generation { return left.generation < right.generation }
    if left.rank != right.rank { return left.rank < right.rank }
    if left.worldSize != right.worldSize { return left.worldSize < right.worldSize }
    return left.runID < right.runID
  }
}
