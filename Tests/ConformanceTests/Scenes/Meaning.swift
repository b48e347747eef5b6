import TrackerCodec
import TrackerModel

/// A JSON value: numbers as their text, members in the order in which they are printed.
indirect enum JSON {
  case null
  case number(String)
  case string(String)
  case array([JSON])
  case object([(String, JSON)])

  static func integer(_ value: some BinaryInteger) -> JSON { .number("\(value)") }
  static func optional(_ value: (some BinaryInteger)?) -> JSON {
    value.map { integer($0) } ?? .null
  }
  static func optional(_ value: String?) -> JSON { value.map { .string($0) } ?? .null }

  /// Hexadecimal digits of a fixed number.
  static func bits(_ value: UInt64, digits: Int) -> JSON {
    let text = String(value, radix: 16)
    return .string(String(repeating: "0", count: digits - text.utf8.count) + text)
  }

  /// On one line.
  var text: String { text { $0 } }

  /// On one line, the members of objects by name: equal where the values are.
  var sortedText: String {
    text { $0.sorted { Array($0.0.utf8).lexicographicallyPrecedes($1.0.utf8) } }
  }

  private func text(_ order: ([(String, JSON)]) -> [(String, JSON)]) -> String {
    switch self {
    case .null: return "null"
    case .number(let text): return text
    case .string(let text): return Self.quoted(text)
    case .array(let elements):
      return "[" + elements.map { $0.text(order) }.joined(separator: ",") + "]"
    case .object(let members):
      return "{"
        + order(members).map { Self.quoted($0) + ":" + $1.text(order) }.joined(separator: ",")
        + "}"
    }
  }

  /// Every member of the outermost object on a line of its own.
  var lines: String {
    guard case .object(let members) = self else { return text + "\n" }
    return "{\n" + members.map { Self.quoted($0) + ":" + $1.text }.joined(separator: ",\n")
      + "\n}\n"
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\" + String(scalar)
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}

/// What Spec/CONFORMANCE.md says that a file means, put together from a description of it or from what a
/// reader found.
struct Meaning {
  struct Commit {
    var sequence: UInt64
    var depth: UInt64
    var step: Int64?
    var epoch: Int64?
    var wallTime: UInt64?
    var identity: RunIdentity?
  }

  struct Point {
    var index: InstanceIndex
    var step: Int64
    var epoch: Int64?
    /// In the channel's type.
    var bits: UInt64
    var source: RunIdentity?
  }

  struct Series {
    var channel: Channel
    var type: ValueType
    var points: [Point]
  }

  struct Unsealed {
    var channel: Channel
    var type: ValueType
    var epoch: Int64
    var points: [(index: InstanceIndex, bits: UInt64)]
  }

  struct Settings {
    var indexKey: String
    var metricKeys: [String]
    var maxToKeep: UInt64
    var minToKeep: UInt64
    var epochFrequency: UInt64
    /// All, or "only" or "except" and names.
    var modes: (String, [String])?
    var dsIDs: (String, [String])?
    var keepMantissaBits: UInt8
    var outputName: String?
    var listToKeep: [InstanceIndex]?
  }

  var indexType: IndexType
  var bytesBehindLastCommit: UInt64
  var commits: [Commit] = []
  var identities: [RunIdentity] = []
  var partition: Partition?
  var parameters: Settings?
  var keptSets: [KeptSets] = []
  var channels: [Series] = []
  var unsealed: [Unsealed] = []

  var json: JSON {
    .object([
      ("indexType", .string(indexType == .int64 ? "int64" : "string")),
      ("bytesBehindLastCommit", .integer(bytesBehindLastCommit)),
      ("commits", .array(commits.map(json))),
      (
        "identities",
        .array(
          identities.map {
            .object([
              ("runID", .string($0.runID.string)), ("generation", .integer($0.generation)),
              ("rank", .integer($0.rank)), ("worldSize", .integer($0.worldSize)),
            ])
          })
      ),
      ("partition", partition.map(json) ?? .null),
      ("parameters", parameters.map(json) ?? .null),
      (
        "keptSets",
        .array(
          keptSets.map {
            .object(
              members($0.channel) + [
                ("max", list($0.max)), ("min", list($0.min)), ("list", list($0.list)),
                ("missing", list($0.missing)),
              ])
          })
      ),
      ("channels", .array(channels.map(json))),
      ("unsealed", .array(unsealed.map(json))),
    ])
  }

  private func place(_ identity: RunIdentity?) -> JSON {
    .optional(identity.flatMap { identities.firstIndex(of: $0) })
  }

  private func json(_ index: InstanceIndex) -> JSON {
    switch index {
    case .integer(let value): .integer(value)
    case .string(let name): .string(name.string)
    }
  }

  private func list(_ indices: [InstanceIndex]) -> JSON { .array(indices.map(json)) }

  private func members(_ channel: Channel) -> [(String, JSON)] {
    [
      ("metric", .string(channel.metric.string)), ("mode", .string(channel.mode.name)),
      ("dsID", .optional(channel.dsID?.string)),
    ]
  }

  private func json(_ commit: Commit) -> JSON {
    .object([
      ("sequence", .integer(commit.sequence)), ("depth", .integer(commit.depth)),
      ("step", .optional(commit.step)), ("epoch", .optional(commit.epoch)),
      ("wallTime", .optional(commit.wallTime)), ("identity", place(commit.identity)),
    ])
  }

  private func json(_ partition: Partition) -> JSON {
    .object([
      ("partition", .integer(partition.number)), ("partitionCount", .integer(partition.count)),
      ("setID", .bits(partition.setID, digits: 16)),
      ("lower", partition.range.lower.map(json) ?? .null),
      ("upper", partition.range.upper.map(json) ?? .null),
    ])
  }

  private func json(_ settings: Settings) -> JSON {
    func filter(_ filter: (String, [String])?) -> JSON {
      guard let (kind, names) = filter else { return .string("all") }
      return .object([(kind, .array(names.map { .string($0) }))])
    }
    return .object([
      ("indexKey", .string(settings.indexKey)),
      ("metricKeys", .array(settings.metricKeys.map { .string($0) })),
      ("maxToKeep", .integer(settings.maxToKeep)), ("minToKeep", .integer(settings.minToKeep)),
      ("epochFrequency", .integer(settings.epochFrequency)), ("modes", filter(settings.modes)),
      ("dsIDs", filter(settings.dsIDs)), ("keepMantissaBits", .integer(settings.keepMantissaBits)),
      ("outputName", .optional(settings.outputName)),
      ("listToKeep", settings.listToKeep.map(list) ?? .null),
    ])
  }

  private static func digits(_ type: ValueType) -> Int { type == .float32 ? 8 : 16 }

  private func json(_ series: Series) -> JSON {
    .object(
      members(series.channel) + [
        ("valueType", .string(series.type.name)),
        (
          "points",
          .array(
            series.points.map {
              .array([
                json($0.index), .integer($0.step), .optional($0.epoch),
                .bits($0.bits, digits: Self.digits(series.type)), place($0.source),
              ])
            })
        ),
      ])
  }

  private func json(_ group: Unsealed) -> JSON {
    .object(
      members(group.channel) + [
        ("valueType", .string(group.type.name)), ("epoch", .integer(group.epoch)),
        (
          "points",
          .array(
            group.points.map {
              .array([json($0.index), .bits($0.bits, digits: Self.digits(group.type))])
            })
        ),
      ])
  }
}

extension ValueType {
  var name: String { self == .float32 ? "float32" : "float64" }
}
