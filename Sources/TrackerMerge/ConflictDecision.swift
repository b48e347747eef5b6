import TrackerModel

/// One input's point for a contested key.
struct ConflictCandidate {
  /// Widened to float64.
  var bits: UInt64
  var epoch: Int64?
  /// Who recorded it, sorted; empty where that is not known or not asked for.
  var identities: [RunIdentity] = []
  /// The scan's number of these.
  var origin: UInt32 = 0
  var source: Int

  init(bits: UInt64, epoch: Int64?, source: Int) {
    self.bits = bits
    self.epoch = epoch
    self.source = source
  }

  /// Whether both cannot hold: another value, or another known epoch.
  func contradicts(_ other: ConflictCandidate) -> Bool {
    bits != other.bits || (epoch != nil && other.epoch != nil && epoch != other.epoch)
  }

  /// Whether all who recorded this come before all who recorded the other, by generation and rank.
  func precedes(_ other: ConflictCandidate) -> Bool {
    guard let last = identities.last, let first = other.identities.first else { return false }
    return (last.generation, last.rank) < (first.generation, first.rank)
  }
}

/// What a policy makes of all points that inputs hold for one key.
///
/// A function of the set of points: their order does not matter.
struct ConflictDecision {
  private(set) var bits: UInt64
  private(set) var epoch: Int64?
  /// Who is said to have recorded it: of all who recorded this value the last under `last`, else the
  /// first, so that trees of merges agree; those who are known before nobody.
  private(set) var origin: UInt32 = 0
  /// Whether points contradict each other.
  let isConflict: Bool
  /// Whether the policy cannot tell which point to take.
  private(set) var isUndecided = false

  /// - Precondition: there is at least one candidate.
  init(_ candidates: [ConflictCandidate], _ policy: ConflictPolicy) {
    isConflict = candidates.contains { one in candidates.contains { one.contradicts($0) } }
    bits = candidates[0].bits
    // A known epoch beats an absent one.
    let known = candidates.compactMap(\.epoch)
    epoch = known.min()
    if isConflict { decide(candidates, known, policy) }
    origin = Self.origin(candidates.filter { $0.bits == bits }, policy)
  }

  /// - Parameter known: all epochs that candidates know.
  private mutating func decide(
    _ candidates: [ConflictCandidate], _ known: [Int64], _ policy: ConflictPolicy
  ) {
    switch policy {
    case .error: break
    case .min:
      for other in candidates where ValueOrder.precedes(other.bits, bits) { bits = other.bits }
    case .max:
      for other in candidates where ValueOrder.precedes(bits, other.bits) { bits = other.bits }
      epoch = known.max()
    case .first, .last:
      guard let winner = Self.winner(candidates, policy) else {
        isUndecided = true
        return
      }
      bits = winner.bits
      guard winner.epoch == nil, !known.isEmpty else {
        epoch = winner.epoch
        return
      }
      // The winner knows no epoch: that of the winner among those who do.
      let knowing = candidates.filter { $0.epoch != nil }
      let distinct = Set(known)
      if distinct.count == 1 {
        epoch = known[0]
      } else if let second = Self.winner(knowing, policy) {
        epoch = second.epoch
      } else {
        isUndecided = true
      }
    }
  }

  /// - Precondition: there is at least one candidate.
  private static func origin(_ candidates: [ConflictCandidate], _ policy: ConflictPolicy) -> UInt32
  {
    var chosen = candidates[0]
    for other in candidates.dropFirst() where !other.identities.isEmpty {
      let precedes = other.identities.lexicographicallyPrecedes(chosen.identities)
      if chosen.identities.isEmpty
        || (other.identities != chosen.identities && precedes != (policy == .last))
      {
        chosen = other
      }
    }
    return chosen.origin
  }

  /// The candidate that comes before (`first`) or after (`last`) all that contradict it.
  private static func winner(_ candidates: [ConflictCandidate], _ policy: ConflictPolicy)
    -> ConflictCandidate?
  {
    candidates.first { candidate in
      candidates.allSatisfy { other in
        guard candidate.contradicts(other) else { return true }
        return policy == .first ? candidate.precedes(other) : other.precedes(candidate)
      }
    }
  }
}
