import ArgumentParser
import TrackerInterchange
import TrackerModel

/// The formats that histories come in and go out in.
enum InterchangeFormat: String, ExpressibleByArgument, CaseIterable {
  case csv
  case ndjson
  case npz

  /// The format that a file's name ends in; nil where it names none.
  init?(ofFile path: String) {
    let endings: [(String, InterchangeFormat)] = [
      (".csv", .csv), (".ndjson", .ndjson), (".jsonl", .ndjson), (".npz", .npz),
    ]
    guard let match = endings.first(where: { path.hasSuffix($0.0) }) else { return nil }
    self = match.1
  }

  /// Nil for npz, which is no text.
  var text: TextFormat? {
    switch self {
    case .csv: .csv
    case .ndjson: .ndjson
    case .npz: nil
    }
  }
}

/// The formats that histories come in.
enum ImportFormat: String, ExpressibleByArgument, CaseIterable {
  case csv
  case ndjson
  case npz
  /// A checkpoint of FastEstimator's RestoreWizard.
  case fastestimator

  /// The format that a file's name ends in; nil where it names none.
  init?(ofFile path: String) {
    if path.hasSuffix(".pkl") {
      self = .fastestimator
    } else {
      guard let format = InterchangeFormat(ofFile: path) else { return nil }
      self.init(rawValue: format.rawValue)
    }
  }

  /// Nil for formats that are no text.
  var text: TextFormat? { InterchangeFormat(rawValue: rawValue)?.text }
}

/// A value type as an argument.
enum ValueTypeOption: String, ExpressibleByArgument, CaseIterable {
  case float32
  case float64

  var type: ValueType { self == .float32 ? .float32 : .float64 }
}

/// An index type as an argument.
enum IndexTypeOption: String, ExpressibleByArgument, CaseIterable {
  case int
  case string

  var type: IndexType { self == .int ? .int64 : .string }
}
