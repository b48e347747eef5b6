import ArgumentParser
import TrackerMerge
import TrackerModel

extension ConflictPolicy {
  /// A policy as an argument.
  @Sendable static func named(_ name: String) throws -> ConflictPolicy {
    if let policy = ConflictPolicy(rawValue: name) { return policy }
    if name == "mean" {
      throw ValidationError(
        "a mean depends on how often and in what order files are merged: the mean of a mean and a third"
          + " value is not that of all three; export the files and average their points")
    }
    throw ValidationError("policies are error, min, max, first and last")
  }
}

/// What a command that reads several trackers as one does with different values for one key.
struct ConflictOptions: ParsableArguments {
  @Option(
    name: .customLong("on-conflict"),
    help: ArgumentHelp(
      """
      Different values for one key in several files: min, max, first or last, as in a merge, or error. By \
      default the lowest counts, and the command ends with status 5.
      """, valueName: "policy"), transform: ConflictPolicy.named)
  var policy: ConflictPolicy?

  /// By which conflicts are decided, also where they are to be refused at the end.
  var scanned: ConflictPolicy { policy ?? .min }

  /// Says what conflicts there were.
  ///
  /// - Throws: `mergeConflict` where the policy refuses them or could not decide.
  func report(_ conflicts: [ConflictLog], _ console: Console, _ subject: String)
    throws(TrackerError)
  {
    let count = conflicts.reduce(0) { $0 + $1.count }
    guard count > 0 else { return }
    for log in conflicts { MergeCommand.show(log) }
    let text =
      "\(Numbers.count(count, "point")) \(count == 1 ? "has" : "have") different values in different files"
    let undecided = conflicts.reduce(0) { $0 + $1.undecided }
    if policy == .error || undecided > 0 {
      throw TrackerError(
        .mergeConflict, subject,
        undecided > 0 ? "\(text), \(undecided) of which '\(scanned)' cannot decide" : text,
        remedy: "decide with --on-conflict min or max")
    }
    if let policy {
      console.warn("\(text), decided by '\(policy)'")
      return
    }
    console.warn("\(text): the lowest counts; decide with --on-conflict min, max, first or last")
    // Lost data is worse.
    if console.status == .done { console.status = .mergeConflict }
  }
}
