public import ArgumentParser
import TrackerFile
import TrackerInterchange
import TrackerMerge
import TrackerModel
import TrackerSystem

/// `tracker-merge`, also `tracker merge`: several trackers become one.
public struct MergeCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Combine the trackers of several workers into one canonical history.",
    discussion: """
      The result holds the union of all points by channel, index and step. Equal duplicates collapse. \
      Different values for one key are conflicts: by default nothing is written then, and they are \
      counted and shown. The result's bytes do not depend on the order of the inputs.

      'first' and 'last' follow who recorded a point: the generation, then the rank of the commit that \
      wrote it, whatever the order of the inputs. In a merged file all who took part stand for every \
      point: where they overlap with those of another input a conflict cannot be decided, and nothing is \
      written (status 5). Merge the workers' own files at once then, or with --keep-provenance in every \
      merge: the result then says of each point who recorded it (tracker-dump --points --sources).

      Workers that are missing are warned of, for each number of workers that the run had. Files of \
      different runs are refused; imported ones are of no run and go with any. The files of a run that \
      went on with another number of workers are all merged together, or the old ones merged and the new.

      Inputs of which some were rounded (keep_mantissa_bits) and others not, or not as coarsely, are \
      merged with --parameters-from or --precision; the result states the coarsest of all.

      EXAMPLES
        tracker-merge worker-*.tracker -o merged.tracker
        tracker-merge workers/ -o merged.tracker --expect-workers 8
        find runs -name '*.tracker' -print0 | tracker-merge --files-from - -o merged.tracker
        tracker-merge old.tracker new.tracker -o both.tracker --on-conflict last
        tracker-merge worker-*.tracker -o week-1.tracker --keep-provenance
        tracker-merge worker-*.tracker -o part-3.tracker --partition 3/16

      \(ExitStatus.help)
      """)

  @OptionGroup var input: TrackerInputs

  @OptionGroup var target: OutputOptions

  @Option(
    name: .customLong("on-conflict"),
    help: ArgumentHelp(
      "Different values for one key: error, min, max, or first/last by generation and rank.",
      valueName: "policy"),
    transform: ConflictPolicy.named)
  var onConflict: ConflictPolicy = .error

  @Option(
    name: .customLong("expect-workers"),
    help: ArgumentHelp("Fail unless workers 0 to n-1 all took part.", valueName: "n"))
  var expectWorkers: Int?

  @Option(
    name: .customLong("parameters-from"),
    help: ArgumentHelp(
      "Take the parameters of this tracker where inputs disagree.", valueName: "file"))
  var parametersFrom: String?

  @Flag(
    name: .customLong("keep-provenance"), help: "Say of each point which worker recorded it.")
  var keepProvenance = false

  @OptionGroup var lossy: PrecisionOptions
  @OptionGroup var encoding: LevelOptions
  @OptionGroup var limit: MergeMemoryOptions
  @OptionGroup var part: PartitionOptions

  @Flag(name: .customLong("allow-mixed-runs"), help: "Combine files of different runs.")
  var allowMixedRuns = false

  public init() {}

  public func validate() throws {
    if let expectWorkers, expectWorkers < 1 {
      throw ValidationError("--expect-workers must be at least 1")
    }
  }

  public func run() throws {
    let console = Console.shared
    let inputs = try input.paths()
    try TrackerInputs.refuse(target.output, among: inputs, "merge")
    var options = MergePlan.Options()
    options.policy = onConflict
    options.expectedWorkers = expectWorkers
    options.allowsMixedRuns = allowMixedRuns
    options.keepsProvenance = keepProvenance
    options.precision = try lossy.precision
    options.level = encoding.level
    options.memory = limit.memory.bytes
    options.partition = part.partition?.number
    if let parametersFrom {
      let reader = try TrackerReader(path: parametersFrom)
      guard let parameters = reader.snapshot.parameters else {
        throw TrackerError(
          .invalidParameter, "--parameters-from", "the file holds no parameters",
          file: parametersFrom)
      }
      options.parameters = parameters
    }
    let readers = try TrackerInputs.open(inputs)
    warnOfMissingWorkers(readers)
    let progress = Progress(console, "merged")
    var report = MergeReport()
    do {
      try Merge.write(
        readers, options, to: target.output, overwriting: target.force, report: &report,
        progress: { progress.update($0, of: $1) })
      progress.finish()
    } catch {
      progress.finish()
      if error.code == .mergeConflict { Self.show(report.conflicts) }
      throw error
    }
    if report.dropsProvenance {
      console.say("note: who recorded which point is left out: keep it with --keep-provenance")
    }
    console.reportUnsealed(report.unsealedPoints, verb: "they are left out of the merge")
    var text =
      "merged \(Numbers.count(readers.count, "file")), \(Numbers.count(report.inputPoints, "point")),"
      + " into \(target.output): \(Numbers.count(report.outputPoints, "point")),"
      + " \(Numbers.bytes(report.outputBytes))"
    if report.conflicts.count > 0 {
      text += "; \(Numbers.count(report.conflicts.count, "conflict")) decided by '\(onConflict)'"
    }
    if let precision = report.precision { text += "; \(precision)" }
    console.say(text)
  }

  private func warnOfMissingWorkers(_ readers: [TrackerReader]) {
    guard expectWorkers == nil else { return }
    for missing in MissingWorkers.ofAllWorlds(among: readers.flatMap(\.snapshot.identities)) {
      Console.shared.warn("no input holds \(missing)")
    }
  }

  static func show(_ conflicts: ConflictLog) {
    for conflict in conflicts.first {
      func text(_ side: MergeConflict.Side) -> String {
        ValueText.text(side.valueBits, as: .float64)
          + (conflict.left.epoch != conflict.right.epoch
            ? " (epoch \(side.epoch.map(String.init) ?? "none"))" : "") + " in \(side.file)"
      }
      Console.shared.say(
        "conflict: \(conflict.channel.printable), index \(conflict.index.printable), step \(conflict.step):"
          + " \(text(conflict.left)), \(text(conflict.right))")
    }
    if conflicts.count > conflicts.first.count {
      Console.shared.say("… and \(Numbers.grouped(conflicts.count - conflicts.first.count)) more")
    }
  }
}
