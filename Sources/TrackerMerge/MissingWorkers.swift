public import TrackerModel

/// Which workers of a run did not take part.
///
/// World sizes come from files and arguments and may be anything: nothing here grows with them.
public struct MissingWorkers: Sendable {
  private static let shown = 10
  public let count: Int
  private let first: [UInt64]
  private let worldSize: UInt64

  /// - Parameter worldSize: how many workers there should be, with ranks from 0.
  public init(of worldSize: Int, among identities: [RunIdentity]) {
    self.worldSize = UInt64(max(0, worldSize))
    let ranks = Set(identities.map { UInt64($0.rank) })
    count = max(0, worldSize) - ranks.count { [size = self.worldSize] in $0 < size }
    var first: [UInt64] = []
    var rank: UInt64 = 0
    while first.count < min(count, Self.shown) {
      if !ranks.contains(rank) { first.append(rank) }
      rank += 1
    }
    self.first = first
  }

  public var isEmpty: Bool { count == 0 }

  /// For every number of workers that a run ever had, those of whom nothing is known; complete ones are
  /// left out. In the order of runs and of numbers.
  public static func ofAllWorlds(among identities: [RunIdentity]) -> [MissingWorkers] {
    struct World: Hashable {
      var runID: Name
      var worldSize: UInt32
    }
    return Dictionary(grouping: identities) { World(runID: $0.runID, worldSize: $0.worldSize) }
      .sorted { ($0.key.runID, $0.key.worldSize) < ($1.key.runID, $1.key.worldSize) }
      .map { MissingWorkers(of: Int($0.key.worldSize), among: $0.value) }
      .filter { !$0.isEmpty }
  }
}

extension MissingWorkers: CustomStringConvertible {
  public var description: String {
    let names = first.map(String.init).joined(separator: ", ")
    return (count == 1 ? "worker " : "workers ") + names
      + (count > first.count ? " and \(count - first.count) more" : "") + " of \(worldSize)"
  }
}
