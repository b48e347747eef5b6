import TrackerFile
import TrackerInterchange
import TrackerMerge
import TrackerModel

/// What an import did.
struct ImportReport {
  /// Points written.
  var points = 0
  /// Points that stood there already, with equal values.
  var repeated = 0
  /// What else the user should know, a line each.
  var notes: [String] = []
}

/// How far an import is.
enum ImportProgress {
  case read(bytes: UInt64)
  case written(points: Int, of: Int)
}

/// Imports points as text, in whatever order they come.
///
/// Points are sorted in memory, a run at a time. Where one run holds all, its tiles go straight to
/// the tracker; otherwise runs are kept in temporary files and united. Memory holds one run, or a
/// block of each.
struct TextImport {
  private let input: ImportInput
  private let format: TextFormat
  private let options: PointReader.Options
  private let runLimit: Int
  private let fanIn: Int

  /// - Parameter runLimit: points of a run.
  init(
    _ input: ImportInput, format: TextFormat, options: PointReader.Options,
    runLimit: Int = PointRunBuilder.maxPoints, fanIn: Int = 32
  ) {
    self.input = input
    self.format = format
    self.options = options
    self.runLimit = runLimit
    self.fanIn = fanIn
  }

  /// Writes all points, without committing.
  ///
  /// - Parameters:
  ///   - precision: in which values are rounded; nil to keep them exactly.
  ///   - path: the output's; temporary files stand beside it.
  /// - Throws: `badInput` with the line, also where a key stands twice with different points.
  func write(
    to writer: TrackerWriter, _ precision: Precision? = nil, besides path: String,
    report: inout ImportReport,
    progress: (ImportProgress) -> Void = { _ in }
  ) throws(TrackerError) {
    var runs = ImportRuns(
      besides: path, indexType: options.indexType, valueType: options.valueType, fanIn: fanIn)
    do throws(TrackerError) {
      let total = try write(to: writer, precision, &runs, progress)
      try writer.finishTiles()
      report.points = writer.tiles.pointCount
      report.repeated = total - report.points
    } catch {
      guard error.code == .mergeConflict, let conflict = runs.conflict else { throw error }
      throw try find(conflict) ?? error
    }
  }

  /// Returns the number of points in the text.
  private func write(
    to writer: TrackerWriter, _ precision: Precision?, _ runs: inout ImportRuns,
    _ progress: (ImportProgress) -> Void
  ) throws(TrackerError) -> Int {
    var reader = try PointReader(try input.makeSource(), format: format, options: options)
    var builder = PointRunBuilder(indexType: options.indexType, limit: runLimit)
    var batch = PointBatch()
    var total = 0
    while try reader.next(into: &batch) {
      total += batch.count
      var position = try builder.append(batch, from: 0)
      while position < batch.count {
        try runs.add(scans(try finish(&builder, reader.channels)))
        position = try builder.append(batch, from: position)
      }
      progress(.read(bytes: reader.bytesRead))
    }
    let last = scans(try finish(&builder, reader.channels))
    if runs.isEmpty {
      var done = 0
      for scan in last {
        done += try writer.writeCanonically(scan, options.valueType, precision) {
          progress(.written(points: done + $0, of: total))
        }
      }
    } else {
      try runs.add(last)
      try runs.unite(into: writer, precision) { progress(.written(points: $0, of: total)) }
    }
    return total
  }

  private func finish(_ builder: inout PointRunBuilder, _ channels: [Channel])
    throws(TrackerError) -> PointRun
  {
    try builder.finish(channels: channels) { error(for: $0) }
  }

  private func scans(_ run: PointRun) -> [PointRunScan] {
    PointRunScan.all(of: run, valueType: options.valueType)
  }

  // MARK: Conflicts

  private func error(for conflict: PointConflict) -> TrackerError {
    let (here, there) = (conflict.second, conflict.first)
    let difference: String
    if here.bits != there.bits {
      difference =
        "the value \(ValueText.text(here.bits, as: options.valueType)), and"
        + " \(ValueText.text(there.bits, as: options.valueType)) in line \(there.line)"
    } else {
      func text(_ epoch: Int64?) -> String { epoch.map(String.init) ?? "none" }
      difference = "the epoch \(text(here.epoch)), and \(text(there.epoch)) in line \(there.line)"
    }
    return TrackerError(
      .badInput, "\(format == .csv ? "CSV" : "NDJSON") line \(here.line)",
      "index \(conflict.index) of \(conflict.channel) has at step \(conflict.step) \(difference)",
      file: input.name, remedy: "remove one of the two")
  }

  /// Reads the text once more for the lines of a conflict between runs, which keep none.
  private func find(_ conflict: MergeConflict) throws(TrackerError) -> TrackerError? {
    var reader = try PointReader(try input.makeSource(), format: format, options: options)
    var batch = PointBatch()
    var first: PointConflict.Side?
    while try reader.next(into: &batch) {
      guard let channel = reader.channels.firstIndex(of: conflict.channel) else { continue }
      for position in 0..<batch.count
      where batch.steps[position] == conflict.step && batch.channels[position] == channel
        && batch.index(at: position) == conflict.index
      {
        let side = PointConflict.Side(
          line: batch.lines[position], bits: batch.valueBits[position],
          epoch: batch.epochs[position])
        guard let earlier = first else {
          first = side
          continue
        }
        if earlier.bits != side.bits
          || earlier.epoch != nil && side.epoch != nil
            && earlier.epoch != side.epoch
        {
          return error(
            for: PointConflict(
              channel: conflict.channel, index: conflict.index, step: conflict.step,
              first: earlier, second: side))
        }
        if earlier.epoch == nil { first = side }
      }
    }
    return nil
  }
}
