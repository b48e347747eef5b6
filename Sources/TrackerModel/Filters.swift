/// Which modes a tracker records.
public enum ModeFilter: Sendable, Hashable, CustomStringConvertible {
  case all
  case only(Set<Mode>)
  case except(Set<Mode>)

  /// The filter written in the reference's way: names, or names each with a leading `!`; no text at
  /// all means every mode.
  ///
  /// - Throws: `invalidParameter` for an unknown mode, or `x` mixed with `!y`.
  public init(_ texts: [String]) throws(TrackerError) {
    let parsed = try ExclusionList(texts, of: "mode")
    var modes: Set<Mode> = []
    for name in parsed.names {
      guard let mode = Mode(name: name.string) else {
        throw TrackerError(
          .invalidParameter, "tracker parameters",
          "unknown mode '\(name)'; modes are train, eval, test and infer")
      }
      modes.insert(mode)
    }
    self = modes.isEmpty ? .all : parsed.excludes ? .except(modes) : .only(modes)
  }

  public func contains(_ mode: Mode) -> Bool {
    switch self {
    case .all: true
    case .only(let modes): modes.contains(mode)
    case .except(let modes): !modes.contains(mode)
    }
  }

  /// The filter as its initialiser takes it, sorted; nil for all.
  public var names: [String]? {
    switch self {
    case .all: nil
    case .only(let modes): modes.sorted().map(\.name)
    case .except(let modes): modes.sorted().map { "!\($0.name)" }
    }
  }

  public var description: String { names?.joined(separator: ", ") ?? "all" }
}

/// Which data sets a tracker records.
public enum DSIDFilter: Sendable, Hashable, CustomStringConvertible {
  case all
  case only(Set<Name>)
  case except(Set<Name>)

  /// As for modes: ids, or ids each with a leading `!`; none means every data set.
  public init(_ texts: [String]) throws(TrackerError) {
    let parsed = try ExclusionList(texts, of: "ds_id")
    let names = Set(parsed.names)
    self = names.isEmpty ? .all : parsed.excludes ? .except(names) : .only(names)
  }

  /// Whether values of the data set are recorded. An absent id is only left out by `.only`.
  public func contains(_ dsID: Name?) -> Bool {
    switch self {
    case .all: true
    case .only(let names): dsID.map(names.contains) ?? false
    case .except(let names): dsID.map { !names.contains($0) } ?? true
    }
  }

  /// The filter as its initialiser takes it, sorted; nil for all.
  public var names: [String]? {
    switch self {
    case .all: nil
    case .only(let names): names.sorted().map(\.string)
    case .except(let names): names.sorted().map { "!\($0)" }
    }
  }

  public var description: String { names?.joined(separator: ", ") ?? "all" }
}

/// A list of names that are either all meant or, with a leading `!` each, all left out.
struct ExclusionList {
  var names: [Name] = []
  var excludes = false

  init(_ texts: [String], of kind: String) throws(TrackerError) {
    for (position, text) in texts.enumerated() {
      let excluded = text.utf8.first == UInt8(ascii: "!")
      let name = Name(excluded ? String(text.dropFirst()) : text)
      guard !name.utf8.isEmpty, name.utf8.count <= Limits.maxNameBytes else {
        throw TrackerError(
          .invalidParameter, "tracker parameters",
          "a \(kind) must have 1 to \(Limits.maxNameBytes) UTF-8 bytes, found '\(text)'")
      }
      if position > 0, excluded != excludes {
        throw TrackerError(
          .invalidParameter, "tracker parameters",
          "\(kind) mixes names with excluded (!) names: \(texts.joined(separator: ", "))",
          remedy: "name either what to record or what to leave out")
      }
      excludes = excluded
      names.append(name)
    }
  }
}
