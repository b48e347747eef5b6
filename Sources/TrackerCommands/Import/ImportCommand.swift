import ArgumentParser
import TrackerFile
import TrackerInterchange
import TrackerMerge
import TrackerModel
import TrackerSystem

/// `tracker import`: histories from elsewhere become a tracker.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a tracker of points in CSV, NDJSON, a NumPy archive or a checkpoint.",
    discussion: """
      csv     a header names the columns, in any order: index, step and value, and optionally \
      metric, mode, ds_id and epoch; other columns are ignored. Rows may come in any order.
      ndjson  an object a line with members of the same names.
      npz     arrays indices[N], steps[E] and values[E,N], and optionally mask[E,N] (true where a \
      value was recorded) and epochs[E]. It holds one channel.
      fastestimator  the objects.pkl of a checkpoint that FastEstimator's RestoreWizard saved, or \
      the folder that holds it (or the wizard's own, with key.txt). The pickle is read without \
      executing it. All InstanceTrackers in it are imported, with their settings; points of an \
      unfinished epoch stay unsealed, in the mode and epoch that the system.json beside it tells. \
      Of two values of one index and step in a list the later counts, as in FastEstimator; points \
      whose step is None are left out. Both are told.

      A point that stands twice with the same value is taken once; with different values it is an \
      error. The same input always gives the same bytes.

      EXAMPLES
        tracker import history.csv -o history.tracker
        tracker import losses.npz -o losses.tracker --metric ce --mode eval
        zcat history.csv.gz | tracker import - -o history.tracker --format csv
        tracker import exported.csv -o again.tracker --value-type float32
        tracker import losses.npz -o rounded.tracker --precision 10
        tracker import --format fastestimator run/checkpoint -o history.tracker

      \(ExitStatus.help)
      """)

  @Argument(
    help: ArgumentHelp(
      "The file to read, or - for standard input; of a checkpoint, also its folder.",
      valueName: "file"))
  var file: String

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("The tracker to write.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "csv, ndjson, npz or fastestimator; by default what the file's name ends in (.pkl for the last).",
      valueName: "format"))
  var format: ImportFormat?

  @Option(
    name: .customLong("value-type"),
    help: ArgumentHelp(
      "float32 or float64; by default float64 for text, an array's own, and for a checkpoint the smaller one that holds its values exactly.",
      valueName: "type"))
  var valueType: ValueTypeOption?

  @Option(
    name: .customLong("index-type"),
    help: ArgumentHelp(
      "int or string; by default int where every index is a decimal integer of 64 bits.",
      valueName: "type"))
  var indexType: IndexTypeOption?

  @Option(help: ArgumentHelp("The metric where the input names none.", valueName: "name"))
  var metric = "value"

  @Option(
    help: ArgumentHelp(
      "The mode where the input names none: train, eval, test or infer.", valueName: "mode"))
  var mode = "train"

  @Option(
    name: .customLong("ds-id"),
    help: ArgumentHelp("The data set where the input names none.", valueName: "id"))
  var dsID: String?

  @Option(
    name: .customLong("tracker"),
    help: ArgumentHelp(
      "Only this InstanceTracker of a checkpoint, counted from 1.", valueName: "number"))
  var trackerNumber: Int?

  @OptionGroup var lossy: PrecisionOptions
  @OptionGroup var encoding: LevelOptions

  @Flag(help: "Overwrite the output.")
  var force = false

  func validate() throws {
    if Mode(name: mode) == nil {
      throw ValidationError("unknown mode '\(mode)'; modes are train, eval, test and infer")
    }
    for (option, name) in [("--metric", metric), ("--ds-id", dsID ?? "-")]
    where !(1...Limits.maxNameBytes).contains(name.utf8.count) {
      throw ValidationError("\(option) must have 1 to \(Limits.maxNameBytes) bytes")
    }
    let chosen = format ?? ImportFormat(ofFile: file)
    if chosen == nil {
      throw ValidationError(
        "the input's name does not tell its format: add --format csv, ndjson, npz or fastestimator")
    }
    if let trackerNumber {
      if chosen != .fastestimator {
        throw ValidationError("--tracker goes with --format fastestimator")
      }
      if trackerNumber < 1 { throw ValidationError("--tracker counts from 1") }
    }
    if output == "-" { throw ValidationError("a tracker is not written to standard output") }
  }

  func run() throws {
    let console = Console.shared
    // `validate` has seen to it that one is known.
    guard let format = format ?? ImportFormat(ofFile: file) else { return }
    let path = format == .fastestimator ? try FastEstimatorFiles.pickle(of: file) : file
    try refuse(toRead: path)
    // Before a stream is read to its end for nothing.
    let result = try OutputFile(path: output, overwriting: force)
    let input = try ImportInput(path, besides: output)
    let progress = ImportProgressLine(console, inputSize: input.size)
    defer { progress.finish() }
    var report = ImportReport()
    let size: UInt64
    if let text = format.text {
      size = try importText(input, text, into: result, progress, &report)
    } else if format == .npz {
      size = try importArchive(input, into: result, progress, &report)
    } else {
      size = try importCheckpoint(
        input, try FastEstimatorFiles.system(besides: path), into: result, progress, &report)
    }
    progress.finish()
    var text =
      "imported \(Numbers.count(report.points, "point")) from \(input.name) into \(output):"
      + " \(Numbers.bytes(size))"
    if report.repeated > 0 {
      text += "; \(Numbers.count(report.repeated, "point")) stood there again, with the same values"
    }
    if let precision = try lossy.precision { text += "; \(precision)" }
    console.say(text)
    for note in report.notes { console.say(note) }
  }

  private func importText(
    _ input: ImportInput, _ format: TextFormat, into result: OutputFile,
    _ progress: ImportProgressLine, _ report: inout ImportReport
  ) throws(TrackerError) -> UInt64 {
    var options = PointReader.Options()
    options.valueType = valueType?.type ?? .float64
    options.defaultMetric = Name(metric)
    options.defaultMode = Mode(name: mode) ?? .train
    options.defaultDSID = dsID.map { Name($0) }
    options.indexType = indexType?.type ?? .int64
    do throws(TrackerError) {
      return try importText(input, format, options, into: result, progress, &report)
    } catch {
      // Whether all indices are integers takes a pass to find out; taking them for integers until
      // one is none saves it nearly always.
      guard indexType == nil, error.code == .badInput else { throw error }
      options.indexType = try IndexTypeSniffer.indexType(
        of: try input.makeSource(), format: format)
      guard options.indexType == .string else { throw error }
    }
    result.discard()
    let second = try OutputFile(path: output, overwriting: force)
    return try importText(input, format, options, into: second, progress, &report)
  }

  private func importText(
    _ input: ImportInput, _ format: TextFormat, _ options: PointReader.Options,
    into result: OutputFile, _ progress: ImportProgressLine, _ report: inout ImportReport
  ) throws(TrackerError) -> UInt64 {
    let precision = try lossy.precision
    let importing = TextImport(input, format: format, options: options)
    return try result.writeImported(options.indexType, precision, encoding.level) {
      (writer) throws(TrackerError) in
      try importing.write(
        to: writer, precision, besides: result.path, report: &report,
        progress: { progress.update($0) })
    }
  }

  private func importArchive(
    _ input: ImportInput, into result: OutputFile, _ progress: ImportProgressLine,
    _ report: inout ImportReport
  ) throws(TrackerError) -> UInt64 {
    let channel = Channel(
      metric: Name(metric), mode: Mode(name: mode) ?? .train, dsID: dsID.map { Name($0) })
    let precision = try lossy.precision
    var importing = try NPZImport(input, channel: channel, valueType: valueType?.type)
    if let indexType, indexType.type != importing.indexType {
      throw TrackerError(
        .invalidParameter, "--index-type", "the array's indices are \(importing.indexType)",
        file: input.name, remedy: "leave the option out, or convert the array")
    }
    return try result.writeImported(importing.indexType, precision, encoding.level) {
      (writer) throws(TrackerError) in
      try importing.write(
        to: writer, precision, besides: result.path, report: &report,
        progress: { progress.update($0) })
    }
  }

  private func importCheckpoint(
    _ input: ImportInput, _ system: FastEstimatorSystem?, into result: OutputFile,
    _ progress: ImportProgressLine, _ report: inout ImportReport
  ) throws(TrackerError) -> UInt64 {
    var settings = FastEstimatorImport.Settings(
      metric: Name(metric), mode: Mode(name: mode) ?? .train, system: system)
    settings.dsID = dsID.map { Name($0) }
    settings.valueType = valueType?.type
    settings.indexType = indexType?.type
    settings.tracker = trackerNumber.map { $0 - 1 }
    let precision = try lossy.precision
    let importing = try FastEstimatorImport(input, settings) { progress.update($0) }
    return try result.writeImported(
      importing.indexType, precision, encoding.level, importing.commit
    ) { (writer) throws(TrackerError) in
      try importing.write(
        to: writer, precision, besides: result.path, report: &report,
        progress: { progress.update($0) })
    }
  }

  private func refuse(toRead path: String) throws(TrackerError) {
    guard let identity = FileHandle.identity(ofPath: output),
      FileHandle.identity(ofPath: path) == identity
    else { return }
    throw TrackerError(
      .invalidParameter, "import", "it is the input and the output", file: path,
      remedy: "write another output")
  }
}

/// The progress of reading, then that of writing.
private final class ImportProgressLine {
  private let reading: Progress
  private let writing: Progress
  private let inputSize: UInt64
  private var isWriting = false

  init(_ console: Console, inputSize: UInt64) {
    reading = Progress(console, "read", unit: "bytes")
    writing = Progress(console, "written")
    self.inputSize = inputSize
  }

  func update(_ progress: ImportProgress) {
    switch progress {
    case .read(let bytes): reading.update(Int(clamping: bytes), of: Int(clamping: inputSize))
    case .written(let points, let total):
      if !isWriting { reading.finish() }
      isWriting = true
      writing.update(points, of: total)
    }
  }

  func finish() {
    reading.finish()
    writing.finish()
  }
}

/// What the commit of an import says, where the input says it.
struct ImportedCommit {
  var parameters: Parameters?
  var step: Int64?
  var epoch: Int64?
}

extension OutputFile {
  /// Becomes a tracker of one commit, without times or run, and returns its bytes. A precision makes
  /// it have parameters, which state it, where the input has none.
  func writeImported(
    _ indexType: IndexType, _ precision: Precision? = nil, _ level: EncodingLevel = .default,
    _ stated: ImportedCommit = ImportedCommit(),
    _ write: (TrackerWriter) throws(TrackerError) -> Void
  ) throws(TrackerError) -> UInt64 {
    let storage = FileStorage(handle: handle, name: path)
    let writer = try TrackerWriter(creating: storage, indexType: indexType, identity: nil)
    writer.level = level
    try write(writer)
    if let parameters = try MergePlan.stating(
      precision, in: stated.parameters, Set(writer.tiles.map(\.channel)).sorted())
    {
      try writer.setParameters(parameters)
    }
    let last = writer.lastColumn
    try writer.commit(
      step: stated.step ?? last?.step, epoch: stated.epoch ?? last?.epoch, wallTime: nil,
      durability: .wholeFile)
    let size = try storage.size()
    try commit()
    return size
  }
}
