/// A number made of one instance's history, by which instances are listed and selected.
///
/// `Spec/CRITERIA.md` defines each, with sources and edge cases. Raw values are the names that the
/// command line knows.
public enum Criterion: String, Sendable, Hashable, CaseIterable {
  /// The last value.
  case final
  case first
  /// The value that ranks lowest by `ValueOrder`.
  case min
  case max
  /// The highest value less the lowest.
  case range
  case mean
  /// The standard deviation: variability.
  case std
  /// The mean over steps, by trapezoids between points.
  case area
  /// The mean of the first few values.
  case early
  /// The mean of the standard deviations of all runs of a few values.
  case windowedStd = "windowed-std"
  /// The slope of the line of least squares, a step.
  case trend
  /// How often a correct value was followed by one that is not; infinite where none is correct.
  case forgetting
  /// The step of the first correct value; infinite where there is none.
  case firstLearned = "first-learned"
  /// The share of values that are correct.
  case correctness
  /// The largest jump of the relative rank among all instances.
  case rankChange = "rank-change"

  /// Whether it is one of the history's values, and so of the channel's type; else it is a float64.
  public var isValue: Bool {
    switch self {
    case .final, .first, .min, .max: true
    default: false
    }
  }

  /// Whether it depends on other instances: ranks must be known before any can be told.
  public var needsRanks: Bool { self == .rankChange }

  /// Whether it depends on which values are correct.
  public var needsCorrectness: Bool {
    switch self {
    case .forgetting, .firstLearned, .correctness: true
    default: false
    }
  }

  /// Its name as a field: with underscores.
  public var fieldName: String {
    String(rawValue.map { $0 == "-" ? "_" : $0 })
  }
}

/// What criteria need to be told.
public struct CriterionOptions: Sendable, Hashable {
  public var correctness: CorrectnessRule
  /// How many values `early` takes; at least 1.
  public var earlyCount = 5
  /// How many values a run of `windowed-std` has; at least 1.
  public var window = 10

  public init(correctness: CorrectnessRule) { self.correctness = correctness }
}
