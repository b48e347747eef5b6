import ArgumentParser
import TrackerFile
import TrackerInterchange
import TrackerModel
import TrackerSystem

/// `tracker export`: a tracker's points for other programs.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a tracker's points as CSV, NDJSON or a NumPy archive.",
    discussion: """
      csv     metric,mode,ds_id,index,epoch,step,value, a point a line, in the order of channels, \
      indices and steps. Values are the shortest text that reads back exactly.
      ndjson  the same as an object a line.
      npz     indices[N], steps[E] and values[E,N], where some values are missing mask[E,N], and \
      where they are known epochs[E]: for numpy.load. It holds one channel.

      'tracker import' reads all of them back, csv and ndjson of float32 values with --value-type \
      float32.

      EXAMPLES
        tracker export run.tracker -o history.csv
        tracker export run.tracker --format csv --mode eval --index 17 | head
        tracker export run.tracker -o losses.npz --metric ce --mode train
        tracker export run.tracker --format ndjson --steps 1000.. | gzip > late.ndjson.gz
        tracker export workers/ -o history.csv

      Several files are read as if they were merged; points that contradict each other end it with \
      status 5.

      \(ExitStatus.help)
      """)

  @OptionGroup var input: TrackerInputs

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("The file to write; by default standard output.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "csv, ndjson or npz; by default what the output's name ends in.", valueName: "format"))
  var format: InterchangeFormat?

  @OptionGroup var filter: FilterOptions
  @OptionGroup var commit: CommitOptions

  @Flag(help: "Overwrite the output.")
  var force = false

  private var outputPath: String? { output == "-" ? nil : output }
  private var chosenFormat: InterchangeFormat? {
    format ?? outputPath.flatMap { InterchangeFormat(ofFile: $0) }
  }

  func validate() throws {
    guard let format = chosenFormat else {
      throw ValidationError("add --format csv, ndjson or npz")
    }
    guard format == .npz else { return }
    if outputPath == nil { throw ValidationError("an npz is written to a file: add -o FILE") }
    if filter.limit != nil {
      throw ValidationError("an npz holds whole histories: --limit goes with csv and ndjson")
    }
  }

  func run() throws {
    let console = Console.shared
    // `validate` has seen to it that one is known.
    guard let format = chosenFormat else { return }
    let paths = try input.paths()
    try TrackerInputs.refuse(outputPath, among: paths, "export")
    let result = try outputPath.map { path throws(TrackerError) in
      try OutputFile(path: path, overwriting: force)
    }
    let union = try TrackerUnion(TrackerInputs.open(paths, at: commit))
    let progress = Progress(console, "exported")
    let count: Int
    do throws(TrackerError) {
      if let text = format.text {
        let total = expectedPoints(union)
        count = try TextExport(union, filter).write(to: result ?? console.output, text) {
          progress.update($0, of: total)
        }
      } else if let result {
        count = try NPZExport(union, filter).write(to: result) { progress.update($0, of: $1) }
      } else {
        count = 0
      }
      try result?.commit()
      progress.finish()
    } catch {
      progress.finish()
      result?.discard()
      throw error
    }
    console.reportUnsealed(
      union.unsealedPoints(filter.channels), verb: "they are left out of the export")
    if let outputPath {
      console.say("exported \(Numbers.count(count, "point")) from \(union.name) into \(outputPath)")
    }
  }

  /// Points that will be written, where directories tell.
  private func expectedPoints(_ union: TrackerUnion) -> Int? {
    guard filter.index.isEmpty, filter.steps == nil else { return nil }
    let all = union.tiles(filter.channels).pointCount
    return min(all, filter.limit ?? .max)
  }
}
