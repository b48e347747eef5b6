import ArgumentParser
import TrackerFile
import TrackerModel

/// Which points are meant; shared by dump, export and select.
struct ChannelOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Only this metric.", valueName: "name"))
  var metric: String?

  @Option(help: ArgumentHelp("Only this mode: train, eval, test or infer.", valueName: "mode"))
  var mode: String?

  @Option(name: .customLong("ds-id"), help: ArgumentHelp("Only this data set.", valueName: "id"))
  var dsID: String?

  func validate() throws {
    if let mode, Mode(name: mode) == nil {
      throw ValidationError("unknown mode '\(mode)'; modes are train, eval, test and infer")
    }
  }

  func includes(_ channel: Channel) -> Bool {
    (metric.map { Name($0) == channel.metric } ?? true)
      && (mode.map { $0 == channel.mode.name } ?? true)
      && (dsID.map { Name($0) == channel.dsID } ?? true)
  }
}

struct FilterOptions: ParsableArguments {
  @OptionGroup var channels: ChannelOptions

  // Indices and steps may begin with a minus sign.
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Only this instance; may be repeated.", valueName: "index"))
  var index: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only these steps: A..B, A.., ..B or A.", valueName: "steps"))
  var steps: StepRange?

  @Option(help: ArgumentHelp("At most this many points.", valueName: "n"))
  var limit: Int?

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--limit must not be negative") }
  }

  /// The instances asked for, sorted; nil for all.
  func indices(of type: IndexType) throws(TrackerError) -> [InstanceIndex]? {
    index.isEmpty ? nil : Parameters.sortedUnique(try IndexText.parse(index, as: type))
  }
}

/// A closed range of steps, as an argument.
struct StepRange: ExpressibleByArgument {
  var range: ClosedRange<Int64>

  init?(argument: String) {
    let parts = argument.split(separator: "..", omittingEmptySubsequences: false)
    func bound(_ text: Substring, or missing: Int64) -> Int64? {
      text.isEmpty ? missing : Int64(text)
    }
    guard (1...2).contains(parts.count), argument != "..", !argument.isEmpty,
      let low = bound(parts[0], or: .min), let high = bound(parts[parts.count - 1], or: .max),
      low <= high
    else { return nil }
    range = low...high
  }
}

/// Instance indices as arguments.
enum IndexText {
  static func parse(_ texts: [String], as type: IndexType) throws(TrackerError) -> [InstanceIndex] {
    var indices: [InstanceIndex] = []
    for text in texts {
      switch type {
      case .string: indices.append(.string(Name(text)))
      case .int64:
        guard let value = Int64(text) else {
          throw TrackerError(
            .invalidParameter, "index", "'\(text)' is no integer, as the file's indices are")
        }
        indices.append(.integer(value))
      }
    }
    return indices
  }
}
