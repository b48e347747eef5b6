import ArgumentParser
import TrackerChart
import TrackerFile
import TrackerInterchange
import TrackerMerge
import TrackerModel
import TrackerSelection
import TrackerSystem

/// `tracker select`: the instances that matter.
struct SelectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "select",
    abstract:
      "Select the instances with the highest and lowest last values, or by another criterion, and listed ones.",
    discussion: """
      Works on one tracker, or on several as if they were merged. Points that conflict among the values \
      read are counted and shown; the selection is made, and the status is 5 unless --on-conflict decides. \
      What is not given is taken from the parameters in the files. Nothing is changed.

      Criteria are defined in Spec/CRITERIA.md:

        \(Criterion.listing)

      EXAMPLES
        tracker select merged.tracker
        tracker select worker-*.tracker --mode eval --max 10 --min 0
        tracker select workers/
        tracker select merged.tracker --by forgetting --metric correct
        tracker select merged.tracker --by rank-change --max 20 --min 0
        tracker select merged.tracker --keep 17,42 --format json

      \(ExitStatus.help)
      """)

  @OptionGroup var input: TrackerInputs

  @Option(help: ArgumentHelp("How many of the highest to keep.", valueName: "n"))
  var max: Int?

  @Option(help: ArgumentHelp("How many of the lowest to keep.", valueName: "n"))
  var min: Int?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Keep this instance; may be repeated, and integers may be a list: 3,5,8.", valueName: "index")
  )
  var keep: [String] = []

  @Option(
    name: .customLong("keep-file"),
    help: ArgumentHelp("Keep the instances named in this file, one a line.", valueName: "file"))
  var keepFile: String?

  @Option(help: ArgumentHelp("By which number to select.", valueName: "criterion"))
  var by: Criterion = .final

  @OptionGroup var channels: ChannelOptions
  @OptionGroup var criterionArguments: CriterionArguments
  @OptionGroup var conflicts: ConflictOptions

  @Option(help: ArgumentHelp("text, json, ndjson or csv.", valueName: "format"))
  var format: OutputFormat = .text

  func validate() throws {
    if (max ?? 0) < 0 || (min ?? 0) < 0 {
      throw ValidationError("--max and --min must not be negative")
    }
  }

  func run() throws {
    let console = Console.shared
    let readers = try input.readers()
    var options = MergePlan.Options.anything
    // Parameters need not agree where nothing is taken from them.
    if max != nil, min != nil {
      options.parameters = readers.compactMap(\.snapshot.parameters).first
    }
    let plan = try plan(readers, options)
    console.reportUnsealed(plan.unsealedPoints, verb: "they are not selected from")
    var criteria = SelectionCriteria(
      maxToKeep: max ?? plan.parameters?.maxToKeep ?? 5,
      minToKeep: min ?? plan.parameters?.minToKeep ?? 5,
      listToKeep: plan.parameters?.listToKeep ?? [])
    let listed = try self.listed(plan.indexType)
    if let listed {
      criteria = SelectionCriteria(
        maxToKeep: criteria.maxToKeep, minToKeep: criteria.minToKeep, listToKeep: listed)
    }
    var selections: [ChannelSelection] = []
    let progress = Progress(console, "scanned", unit: "channels")
    let wanted = plan.channels.filter(channels.includes)
    for (number, channel) in wanted.enumerated() {
      progress.update(number, of: wanted.count)
      selections.append(try select(readers, channel, criteria, plan.parameters))
    }
    progress.finish()
    try conflicts.report(selections.map(\.conflicts), console, "select")
    try SelectionListing(selections, by: by).write(to: console, format)
  }

  private func plan(_ readers: [TrackerReader], _ options: MergePlan.Options) throws(TrackerError)
    -> MergePlan
  {
    do throws(TrackerError) {
      return try MergePlan(readers, options)
    } catch {
      guard error.code == .parametersDiffer else { throw error }
      var named = error
      named.subject = "select"
      named.remedy = "say what to select with --max and --min"
      throw named
    }
  }

  private func listed(_ type: IndexType) throws -> [InstanceIndex]? {
    if keep.isEmpty, keepFile == nil { return nil }
    var texts = keep
    if type == .int64 { texts = keep.flatMap { $0.split(separator: ",").map(String.init) } }
    if let keepFile {
      let bytes = try readWholeFile(path: keepFile, limit: 1 << 30)
      for line in bytes.split(separator: UInt8(ascii: "\n")) {
        let trimmed = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        if !trimmed.isEmpty { texts.append(String(decoding: trimmed, as: UTF8.self)) }
      }
    }
    return try IndexText.parse(texts, as: type)
  }

  private func select(
    _ readers: [TrackerReader], _ channel: Channel, _ criteria: SelectionCriteria,
    _ parameters: Parameters?
  ) throws(TrackerError) -> ChannelSelection {
    let policy = conflicts.scanned
    var scan = UnionScan(readers, channel, policy: policy)
    let tiles = readers.flatMap { $0.snapshot.tiles(of: channel) }
    let selection = try criterionArguments.request([by]).selection(tiles, channel, criteria) {
      scan = UnionScan(readers, channel, policy: policy, indices: $0, steps: $1)
      return scan
    }
    let all = selection.kept.all
    return ChannelSelection(
      kept: selection.kept, scores: selection.scores,
      // Of all steps, whichever were read.
      valueType: readers.reduce(.float32) { $0.joined(with: $1.snapshot.valueType(of: channel)) },
      histories: try UnionScan(readers, channel, policy: policy, indices: all).histories(of: all),
      output: parameters?.outputName(for: channel.metric).string ?? "\(channel.metric)_by_index",
      conflicts: scan.conflicts)
  }
}

/// One channel's selection, with the histories of what was kept.
struct ChannelSelection {
  var kept: KeptSets
  /// By what each instance was selected.
  var scores: [InstanceIndex: UInt64]
  var valueType: ValueType
  var histories: [InstanceIndex: [HistoryPoint]]
  var output: String
  var conflicts: ConflictLog
}
