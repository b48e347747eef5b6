public import ArgumentParser
import TrackerFile
import TrackerModel
public import TrackerSelection
import TrackerSystem

extension Criterion: ExpressibleByArgument {}

/// What criteria need to be told; shared by select and stats.
struct CriterionArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("How many of an instance's first values 'early' takes.", valueName: "n"))
  var early = 5

  @Option(help: ArgumentHelp("How many values a window of 'windowed-std' has.", valueName: "n"))
  var window = 10

  @Option(
    name: .customLong("correct-below"), parsing: .unconditional,
    help: ArgumentHelp(
      """
      A value below this is correct, for 'forgetting', 'first-learned' and 'correctness'. By default \
      ln 2 for losses, and --correct-from 0.5 for a metric of which all values are 0 or 1.
      """, valueName: "x"))
  var correctBelow: Double?

  @Option(
    name: .customLong("correct-from"), parsing: .unconditional,
    help: ArgumentHelp("A value of this or above is correct.", valueName: "x"))
  var correctFrom: Double?

  @OptionGroup var sorting: MemoryOptions

  func validate() throws {
    if early < 1 || window < 1 {
      throw ValidationError("--early and --window must be at least 1")
    }
    if correctBelow != nil, correctFrom != nil {
      throw ValidationError("give --correct-below or --correct-from, not both")
    }
  }

  /// What is asked of the channels.
  ///
  /// - Parameter output: the file that is written, beside which temporary ones are put; nil for none.
  func request(_ criteria: [Criterion], besides output: String? = nil) -> CriterionRequest {
    var request = CriterionRequest(criteria, resources(besides: output))
    if let correctBelow {
      request.correctness = .below(correctBelow)
    } else if let correctFrom {
      request.correctness = .atLeast(correctFrom)
    }
    request.earlyCount = early
    request.window = window
    return request
  }

  /// - Parameter output: the file that is written, beside which temporary ones are put; nil for none.
  func resources(besides output: String?) -> RankChanges.Resources {
    var resources = RankChanges.Resources(
      folder: output.map(Paths.folder(of:)) ?? TemporaryFile.folder)
    resources.memory = sorting.memory.bytes
    return resources
  }
}
