import ArgumentParser
import TrackerFile
import TrackerInterchange
import TrackerMerge
import TrackerModel
import TrackerSelection
import TrackerSystem

/// `tracker stats`: numbers about every instance.
struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Write what histories say of every instance: mean, variability, forgetting and more.",
    discussion: """
      Works on one tracker, or on several as if they were merged, in one pass and whatever their size. \
      Instances come in the order of their indices, those without points are left out. Criteria are those \
      of 'tracker select --by', defined in Spec/CRITERIA.md:

        \(Criterion.listing)

      Without --by all but rank-change are written, which takes a pass of its own; --by all has it too.

      csv     metric,mode,ds_id,index,points and a column for each criterion. Numbers are the shortest \
      text that reads back exactly.
      ndjson  the same as an object a line.
      npz     indices[N], points[N] and an array for each criterion: for numpy.load. It holds one channel.

      EXAMPLES
        tracker stats merged.tracker -o stats.csv
        tracker stats worker-*.tracker --mode train --by mean,std,forgetting | head
        tracker stats merged.tracker --metric correct --by forgetting,first-learned -o forgotten.npz
        tracker stats merged.tracker --by rank-change --memory 1GiB --format ndjson

      \(ExitStatus.help)
      """)

  @OptionGroup var input: TrackerInputs

  @Option(
    help: ArgumentHelp(
      "Only these criteria, separated by commas; may be repeated; 'all' for all.",
      valueName: "criteria"))
  var by: [CriterionList] = []

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("The file to write; by default standard output.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "csv, ndjson or npz; by default what the output's name ends in, or csv.", valueName: "format")
  )
  var format: InterchangeFormat?

  @OptionGroup var channels: ChannelOptions

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("Only this instance; may be repeated.", valueName: "index"))
  var index: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only these steps: A..B, A.., ..B or A.", valueName: "steps"))
  var steps: StepRange?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Only these epochs: A..B, A.., ..B or A.", valueName: "epochs"))
  var epochs: StepRange?

  @OptionGroup var criterionArguments: CriterionArguments
  @OptionGroup var conflicts: ConflictOptions

  @Flag(help: "Overwrite the output.")
  var force = false

  private var outputPath: String? { output == "-" ? nil : output }
  private var chosenFormat: InterchangeFormat {
    format ?? outputPath.flatMap { InterchangeFormat(ofFile: $0) } ?? .csv
  }
  private var criteria: [Criterion] {
    if by.isEmpty { return Criterion.allCases.filter { !$0.needsRanks } }
    var chosen: [Criterion] = []
    for criterion in by.flatMap(\.criteria) where !chosen.contains(criterion) {
      chosen.append(criterion)
    }
    return chosen
  }

  func validate() throws {
    if chosenFormat == .npz, outputPath == nil {
      throw ValidationError("an npz is written to a file: add -o FILE")
    }
  }

  func run() throws {
    let console = Console.shared
    let inputs = try input.paths()
    try TrackerInputs.refuse(outputPath, among: inputs, "stats")
    let result = try outputPath.map { path throws(TrackerError) in
      try OutputFile(path: path, overwriting: force)
    }
    do throws(TrackerError) {
      try write(TrackerInputs.open(inputs), to: result, console)
    } catch {
      result?.discard()
      throw error
    }
  }

  private func write(_ readers: [TrackerReader], to result: OutputFile?, _ console: Console)
    throws(TrackerError)
  {
    var options = MergePlan.Options.anything
    // Nothing is taken from parameters, so they need not agree.
    options.parameters = readers.compactMap(\.snapshot.parameters).first
    let plan = try MergePlan(readers, options)
    console.reportUnsealed(plan.unsealedPoints, verb: "they are left out of the statistics")
    let wanted = plan.channels.filter(channels.includes)
    let progress = Progress(console, "read")
    let total = readers.reduce(0) { sum, reader in
      sum + reader.snapshot.tiles.filter { wanted.contains($0.channel) }.pointCount
    }
    let indices =
      index.isEmpty ? nil : Parameters.sortedUnique(try IndexText.parse(index, as: plan.indexType))
    let writer: any InstanceWriter
    if let text = chosenFormat.text {
      writer = try InstanceTextWriter(result ?? console.output, text, criteria.map(\.fieldName))
    } else if let result {
      try refuseSeveral(wanted, of: plan.channels)
      writer = InstanceArchiveWriter(result, plan.indexType)
    } else {
      return
    }
    var request = criterionArguments.request(criteria, besides: outputPath)
    request.epochs = epochs?.range
    var logs: [ConflictLog] = []
    var (instances, points) = (0, 0)
    defer { progress.finish() }
    for channel in wanted {
      var source = UnionScan(readers, channel, policy: conflicts.scanned)
      let tiles = readers.flatMap { $0.snapshot.tiles(of: channel) }
      let scan = try request.scan(tiles, indices: indices, steps: steps?.range) {
        source = UnionScan(
          readers, channel, policy: conflicts.scanned, indices: $0, steps: $1, memory: scanMemory)
        return source
      }
      try writer.begin(
        channel,
        criteria.map { InstanceField(name: $0.fieldName, type: scan.valueType(of: $0)) })
      while try scan.advance() {
        for count in scan.pointCounts where count > 0 {
          instances += 1
          points += count
        }
        try writer.write(
          InstanceBlock(
            rows: scan.rows, pointCounts: scan.pointCounts,
            values: criteria.indices.map { scan.values(at: $0) }))
        progress.update(points, of: total)
      }
      try writer.end()
      logs.append(source.conflicts)
    }
    try writer.finish()
    progress.finish()
    try conflicts.report(logs, console, "stats")
    try result?.commit()
    if let outputPath {
      console.say(
        "wrote \(criteria.count) criteria of \(Numbers.count(instances, "instance")),"
          + " \(Numbers.count(points, "point")), into \(outputPath)")
    }
  }

  /// Of what is read; sorting has memory of its own.
  private var scanMemory: ScanMemory {
    ScanMemory(
      bytes: 64 << 20, folder: criterionArguments.resources(besides: outputPath).folder)
  }

  private func refuseSeveral(_ wanted: [Channel], of all: [Channel]) throws(TrackerError) {
    guard wanted.count != 1 else { return }
    let shown = (wanted.isEmpty ? all : wanted).prefix(20).map { "'\($0)'" }
    let names = shown.joined(separator: ", ")
    throw TrackerError(
      .invalidParameter, "stats",
      wanted.isEmpty
        ? "no channel is left\(names.isEmpty ? "" : "; there are \(names)")"
        : "an npz holds one channel, these are \(wanted.count): \(names)",
      remedy: "choose one with --metric, --mode and --ds-id")
  }
}

/// Criteria as one argument, separated by commas.
struct CriterionList: ExpressibleByArgument {
  var criteria: [Criterion]

  init?(argument: String) {
    if argument == "all" {
      criteria = Criterion.allCases
      return
    }
    criteria = []
    for name in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let criterion = Criterion(rawValue: String(name)) else { return nil }
      criteria.append(criterion)
    }
  }
}

extension Criterion {
  /// The names of all, for help.
  static var listing: String { allCases.map(\.rawValue).joined(separator: " ") }
}
