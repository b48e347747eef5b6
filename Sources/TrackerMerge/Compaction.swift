import TrackerCodec
public import TrackerFile
public import TrackerModel
import TrackerSystem

/// Rewrites a tracker as one commit of canonical tiles: smaller, and faster to look instances up in.
///
/// Keeps everything that belongs to the last commit: parameters, kept sets, unsealed points, run
/// identities, step and epoch, so that a compacted tracker can be resumed, and who recorded each point,
/// where that is known. Earlier commits and times
/// are left out; a merged tracker compacts to its own bytes.
public enum Compaction {
  /// - Parameters:
  ///   - precision: in which values are rounded; nil to keep them exactly. Kept sets stay those of the
  ///     exact values. What was rounded more coarsely before stays so, and stated.
  ///   - memory: as in `MergePlan.Options`.
  /// - Throws: as `Merge.write`, but for conflicts, which one tracker cannot have.
  public static func write(
    _ reader: TrackerReader, precision: Precision? = nil, level: EncodingLevel = .default,
    memory: Int = 256 << 20, to path: String, overwriting: Bool,
    report: inout MergeReport,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(TrackerError) {
    var options = MergePlan.Options.anything
    options.keepsProvenance = Provenance.isKnown(reader)
    options.precision = precision
    options.level = level
    options.memory = memory
    options.folder = Paths.folder(of: path)
    let plan = try MergePlan([reader], options)
    let output = try OutputFile(path: path, overwriting: overwriting)
    let storage = FileStorage(handle: output.handle, name: path)
    do throws(TrackerError) {
      try write(
        reader, plan, options, to: storage, report: &report, progress: progress)
      try output.commit()
    } catch {
      output.discard()
      throw error
    }
  }

  /// The same into a storage that is empty, such as memory.
  public static func write(
    _ reader: TrackerReader, precision: Precision? = nil, level: EncodingLevel = .default,
    to storage: any Storage, report: inout MergeReport,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(TrackerError) {
    var options = MergePlan.Options.anything
    options.keepsProvenance = Provenance.isKnown(reader)
    options.precision = precision
    options.level = level
    try write(
      reader, MergePlan([reader], options), options, to: storage, report: &report,
      progress: progress)
  }

  private static func write(
    _ reader: TrackerReader, _ plan: MergePlan, _ options: MergePlan.Options,
    to storage: any Storage, report: inout MergeReport, progress: (Int, Int) -> Void
  ) throws(TrackerError) {
    report.inputPoints = plan.inputPoints
    report.unsealedPoints = plan.unsealedPoints
    report.precision = plan.parameters?.precision
    let snapshot = reader.snapshot
    let writer = try TrackerWriter(
      creating: storage, indexType: reader.indexType, identity: snapshot.commit?.identity)
    writer.partition = snapshot.partition
    try Merge.write(
      [reader], plan, options, into: writer, report: &report, progress: progress)
    for group in snapshot.unsealed {
      try copy(group, of: reader, options.precision, to: writer)
    }
    if let parameters = plan.parameters { try writer.setParameters(parameters) }
    let keptSets = try reader.keptSets()
    if !keptSets.isEmpty { try writer.setKeptSets(keptSets) }
    try writer.commit(
      step: snapshot.commit?.step, epoch: snapshot.commit?.epoch, wallTime: nil,
      durability: .wholeFile)
    report.outputBytes = try storage.size()
  }

  /// Unsealed points as one run of records, the last value of each index only.
  private static func copy(
    _ group: UnsealedGroup, of reader: TrackerReader, _ precision: Precision?,
    to writer: TrackerWriter
  ) throws(TrackerError) {
    var values: [InstanceIndex: UInt64] = [:]
    for points in try reader.unsealedPoints(of: group) {
      for row in 0..<points.indices.count { values[points.indices[row]] = points.values[row] }
    }
    let sorted = values.sorted { $0.key < $1.key }
    var bits = sorted.map(\.value)
    precision?.round(&bits, group.valueType)
    try writer.appendUnsealed(
      channel: group.channel, epoch: group.epoch, valueType: group.valueType,
      indices: IndexColumn(sorted.map(\.key), type: reader.indexType), values: bits)
  }
}

extension MergePlan.Options {
  /// No demands: for one tracker, or for trackers that are only looked at.
  public static var anything: MergePlan.Options {
    var options = MergePlan.Options()
    options.allowsMixedRuns = true
    options.allowsMissingPartitions = true
    return options
  }
}
