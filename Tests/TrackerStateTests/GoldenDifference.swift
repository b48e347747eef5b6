import TrackerModel

/// A case in which this tracker is to do something else than the reference: why, and what.
struct GoldenDifference {
  var reason: String
  var outcome: GoldenTests.Outcome

  static let all: [String: GoldenDifference] = {
    var all: [String: GoldenDifference] = [:]
    all.merge(ties) { first, _ in first }
    all.merge(nans) { first, _ in first }
    all.merge(shapes) { first, _ in first }
    all.merge(keys) { first, _ in first }
    all.merge(defects) { first, _ in first }
    return all
  }()

  /// One epoch in mode train at step 10, of instances 1 to n unless others are named.
  private static func epoch(
    of values: [Double], indices: [InstanceIndex]? = nil, selects: Set<InstanceIndex>,
    _ reason: String
  ) -> GoldenDifference {
    let indices = indices ?? (1...Int64(values.count)).map { .integer($0) }
    let points = zip(indices, values).map { GoldenPoint(.train, $0, 10, $1) }
    return GoldenDifference(
      reason: reason,
      outcome: GoldenTests.Outcome(history: Set(points), selected: [.train: selects]))
  }

  // MARK: Order

  private static let ties: [String: GoldenDifference] = {
    let reason = "ties rank by index; the reference ranks them by which was seen first"
    func tie(_ selects: Set<InstanceIndex>) -> GoldenDifference {
      epoch(of: [0.5, 0.5, 0.5, 0.5], selects: selects, reason)
    }
    return [
      "four-way tie n_max=2 n_min=0": tie([3, 4]),
      "four-way tie n_max=0 n_min=2": tie([1, 2]),
      "four-way tie n_max=1 n_min=1": tie([1, 4]),
    ]
  }()

  private static let nans: [String: GoldenDifference] = {
    let reason = "NaN ranks highest; in the reference the sort's internals decide"
    let nan = Double.nan
    return [
      "nan (nan, 0.1, 0.2, 0.3) max1 min1":
        epoch(of: [nan, 0.1, 0.2, 0.3], selects: [1, 2], reason),
      "nan (0.1, nan, 0.2, 0.3) max1 min1":
        epoch(of: [0.1, nan, 0.2, 0.3], selects: [1, 2], reason),
      "nan (0.3, nan, 0.2, 0.1) max1 min1":
        epoch(of: [0.3, nan, 0.2, 0.1], selects: [2, 4], reason),
      "nan (nan, nan, 0.2, 0.1) max1 min1":
        epoch(of: [nan, nan, 0.2, 0.1], selects: [2, 4], reason),
      "nan (0.5, nan, 0.1, 0.9) max1 min1":
        epoch(of: [0.5, nan, 0.1, 0.9], selects: [2, 3], reason),
    ]
  }()

  // MARK: What a batch may hold

  private static let shapes: [String: GoldenDifference] = {
    let reason = "a batch of wrong length fails when it is recorded, not at the end of the epoch"
    func refused(_ detail: String) -> GoldenDifference {
      GoldenDifference(
        reason: reason, outcome: GoldenTests.Outcome(error: .lengthMismatch, detail: detail))
    }
    return [
      "[N,2] metric": refused("2 indices, but 4 values of metric 'ce'"),
      "scalar metric": refused("2 indices, but 1 values of metric 'ce'"),
      "metric shorter": refused("2 indices, but 1 values of metric 'ce'"),
      "scalar idx": epoch(
        of: [0.5], selects: [1],
        "a batch is an array, one instance is an array of one; the reference fails at epoch end"),
    ]
  }()

  private static let keys: [String: GoldenDifference] = {
    let reason = "an index is an Int64 or a string; a float is none"
    var one = epoch(of: [0.3], selects: [1], reason)
    one.outcome.history = [GoldenPoint(.train, 1, 3, 0.3)]
    one.outcome.inexpressible = 1
    return [
      "float idx": GoldenDifference(
        reason: reason, outcome: GoldenTests.Outcome(inexpressible: 1)),
      "1, 1.0 and True are one key, first key kept": one,
      "bool idx": epoch(
        of: [0.1, 0.2], indices: [1, 0], selects: [0, 1], "Bool indices become 0 and 1"),
    ]
  }()

  // MARK: Defects of the reference

  private static let defects: [String: GoldenDifference] = {
    let leak = "points of an epoch that was not ended stay in it, in its mode"
    let unseen = "a listed index never seen changes nothing, and selecting twice gives the same"
    var neverSeen = epoch(of: [0.1, 0.2], selects: [2], unseen)
    neverSeen.outcome.missing = [.train: [99]]
    return [
      "epoch_frequency 0": GoldenDifference(
        reason: "refused at once; the reference fails at the first batch",
        outcome: GoldenTests.Outcome(
          error: .invalidParameter, detail: "epoch_frequency must be at least 1, but got 0")),
      "list_to_keep never seen": neverSeen,
      "list_to_keep never seen, on_end twice": neverSeen,
      "mode None selects nothing": epoch(
        of: [0.1, 0.2], selects: [1, 2], "None is every mode, in the selection too"),
      "mode train, but driven in eval too: only train selected": epoch(
        of: [0.1, 0.2], selects: [1, 2], "a mode that is not tracked is not recorded"),
      "left-over points join the next epoch": GoldenDifference(
        reason: leak,
        outcome: GoldenTests.Outcome(
          history: [GoldenPoint(.train, 2, 7, 0.2)], selected: [.train: [2]], unsealed: 1)),
      "left-over points leak across modes": GoldenDifference(
        reason: leak,
        outcome: GoldenTests.Outcome(
          history: [GoldenPoint(.eval, 2, 1, 0.2)], selected: [.eval: [2]], unsealed: 1)),
      "global_step None (eval with no training)": GoldenDifference(
        reason: "a step is a number: without one the epoch cannot be ended, its points wait",
        outcome: GoldenTests.Outcome(unsealed: 1, inexpressible: 1)),
    ]
  }()
}
