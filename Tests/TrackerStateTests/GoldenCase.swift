import Foundation
import Testing
import TrackerModel

/// A point as the goldens and the tracker can both say it.
struct GoldenPoint: Hashable, Comparable, CustomStringConvertible {
  var mode: Mode
  var index: InstanceIndex
  var step: Int64
  /// Of the value as float64; all NaNs are the reference's one "nan".
  var bits: UInt64

  init(_ mode: Mode, _ index: InstanceIndex, _ step: Int64, _ value: Double) {
    self.mode = mode
    self.index = index
    self.step = step
    bits = value.isNaN ? Double.nan.bitPattern : value.bitPattern
  }

  static func < (left: GoldenPoint, right: GoldenPoint) -> Bool {
    (left.mode, left.index, left.step) < (right.mode, right.index, right.step)
  }

  var description: String { "\(mode) \(index) \(step): \(Double(bitPattern: bits))" }
}

/// One of the small cases: a tracker's settings, calls, and what the reference made of them.
struct GoldenCase: Sendable, CustomTestStringConvertible {
  /// A Python value; numbers by exact value.
  enum Scalar: Sendable, Hashable {
    case integer(Int64)
    case string(String)
    case float(Double)
    case bool(Bool)

    /// The index that stands for it here; nil for floats, which cannot be one.
    var index: InstanceIndex? {
      switch self {
      case .integer(let value): .integer(value)
      case .string(let text): .string(Name(text))
      case .bool(let value): .integer(value ? 1 : 0)
      case .float: nil
      }
    }

    var number: Double {
      switch self {
      case .integer(let value): Double(value)
      case .float(let value): value
      case .bool(let value): value ? 1 : 0
      case .string: .nan
      }
    }
  }

  struct Column: Sendable {
    var dtype: String
    var values: [Scalar]
  }

  struct Event: Sendable {
    enum Call: Sendable {
      case batch(indices: Column, metric: Column)
      case epochEnd
    }
    var call: Call
    var mode: Mode
    var epoch: Int64
    var step: Int64?
  }

  struct Failure: Sendable {
    var place: String
    var text: String
  }

  var name: String
  var maxToKeep: Int
  var minToKeep: Int
  var listToKeep: [Scalar]?
  var epochFrequency: Int
  var modes: [String]
  var events: [Event]
  var endCalls: Int
  /// Nil where the reference fails before its end; points with a step of None are left out.
  var history: Set<GoldenPoint>?
  /// The indices that the reference keeps, by mode.
  var selected: [Mode: Set<InstanceIndex>]?
  /// The points of those.
  var selectedHistory: Set<GoldenPoint>?
  var failure: Failure?

  var testDescription: String { name }
}

extension GoldenCase {
  /// The file is part of the repository: what is not as expected ends the tests.
  static let all: [GoldenCase] = {
    guard let cases = try? FixtureFile.json("fastestimator/edges.json.gz")["cases"] as? [Any] else {
      fatalError("edges.json.gz cannot be read")
    }
    return cases.map { GoldenCase(JSON($0)) }
  }()

  private init(_ json: JSON) {
    name = json["name"].text
    let constructor = json["constructor"]
    maxToKeep = constructor["n_max_to_keep"].int
    minToKeep = constructor["n_min_to_keep"].int
    listToKeep = constructor["list_to_keep"].isNull ? nil : constructor["list_to_keep"].scalars
    epochFrequency = constructor["epoch_frequency"].int
    let mode = constructor["mode"]
    modes = mode.isNull ? [] : mode.array.isEmpty ? [mode.text] : mode.array.map(\.text)
    events = json["events"].array.map(Event.init)
    endCalls = json["on_end_calls"].int
    history = json["expected_history_in_order"].points
    selectedHistory = json["expected_selected"].points
    if !json["expected_selected"].isNull {
      selected = [:]
      for (mode, entries) in json["expected_selected"].object {
        guard let mode = Mode(name: mode) else { fatalError("unknown mode \(mode)") }
        selected?[mode] = Set(JSON(entries).array.compactMap { $0.array[0].scalar.index })
      }
    }
    let error = json["expected_error"]
    if !error.isNull { failure = Failure(place: error["in"].text, text: error["text"].text) }
  }
}

extension GoldenCase.Event {
  fileprivate init(_ json: JSON) {
    func column(_ name: String) -> GoldenCase.Column {
      GoldenCase.Column(dtype: json[name]["dtype"].text, values: json[name]["values"].scalars)
    }
    call =
      json["call"].text == "on_epoch_end"
      ? .epochEnd : .batch(indices: column("idx"), metric: column("metric"))
    guard let mode = Mode(name: json["mode"].text) else { fatalError("unknown mode") }
    self.mode = mode
    epoch = Int64(json["epoch_idx"].int)
    step = json["global_step"].isNull ? nil : Int64(json["global_step"].int)
  }
}

/// Parsed JSON whose shape is known: what is missing reads as null.
private struct JSON {
  private let value: Any?

  init(_ value: Any?) { self.value = value is NSNull ? nil : value }

  subscript(name: String) -> JSON { JSON(object[name]) }
  var isNull: Bool { value == nil }
  var object: [String: Any] { value as? [String: Any] ?? [:] }
  var array: [JSON] { (value as? [Any] ?? []).map { JSON($0) } }
  var text: String { value as? String ?? "" }
  var int: Int { (value as? NSNumber)?.intValue ?? 0 }

  var scalars: [GoldenCase.Scalar] { array.map(\.scalar) }

  /// A value tagged by its type: {"int": "3"}, {"float": hexadecimal}, {"str": …} or {"bool": …}.
  var scalar: GoldenCase.Scalar {
    if let value = Int64(self["int"].text) { return .integer(value) }
    if let value = Double(self["float"].text) { return .float(value) }
    if let value = object["bool"] as? Bool { return .bool(value) }
    return .string(self["str"].text)
  }

  /// A history: mode → list of [index, list of [step, value]].
  var points: Set<GoldenPoint>? {
    if isNull { return nil }
    var found: Set<GoldenPoint> = []
    for (mode, entries) in object {
      guard let mode = Mode(name: mode) else { fatalError("unknown mode \(mode)") }
      for entry in JSON(entries).array {
        guard let index = entry.array[0].scalar.index else { continue }
        for point in entry.array[1].array where !point.array[0].isNull {
          found.insert(
            GoldenPoint(mode, index, Int64(point.array[0].int), point.array[1].scalar.number))
        }
      }
    }
    return found
  }
}
