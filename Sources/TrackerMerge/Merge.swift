public import TrackerFile
public import TrackerModel
import TrackerSystem

/// What a merge did.
public struct MergeReport: Sendable {
  public var inputPoints = 0
  public var outputPoints = 0
  public var unsealedPoints = 0
  public var outputBytes: UInt64 = 0
  public var conflicts = ConflictLog()
  /// Whether inputs said of each point who recorded it, and the output does not.
  public var dropsProvenance = false
  /// In which the output's values are rounded; nil where all are exact.
  public var precision: Precision?

  public init() {}
}

/// Combines trackers into one canonical history.
///
/// The result's bytes depend only on the union's content: not on the order of inputs, nor on how they
/// were tiled. It carries no times.
public enum Merge {
  /// Merges inputs into a new file, which appears whole or not at all.
  ///
  /// Works on as many cores as the readers say, in as much memory as the options say; bytes do not
  /// depend on either. Where a part is asked for, only tiles that overlap it are read.
  /// - Parameter progress: called with the points written so far and those expected at most.
  /// - Throws: `mergeConflict` after all conflicts were counted, under `.error`, and where
  ///   `.first`/`.last` cannot decide; what the plan throws; `alreadyExists`.
  public static func write(
    _ readers: [TrackerReader], _ options: MergePlan.Options, to path: String, overwriting: Bool,
    report: inout MergeReport, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(TrackerError) {
    let plan = try MergePlan(readers, options)
    var options = options
    options.folder = options.folder ?? Paths.folder(of: path)
    let output = try OutputFile(path: path, overwriting: overwriting)
    let storage = FileStorage(handle: output.handle, name: path)
    do throws(TrackerError) {
      try write(readers, plan, options, to: storage, report: &report, progress: progress)
      try output.commit()
    } catch {
      output.discard()
      throw error
    }
  }

  /// The same into a storage that is empty, such as memory.
  public static func write(
    _ readers: [TrackerReader], _ options: MergePlan.Options, to storage: any Storage,
    report: inout MergeReport, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(TrackerError) {
    try write(
      readers, MergePlan(readers, options), options, to: storage, report: &report,
      progress: progress)
  }

  private static func write(
    _ readers: [TrackerReader], _ plan: MergePlan, _ options: MergePlan.Options,
    to storage: any Storage, report: inout MergeReport, progress: (Int, Int) -> Void
  ) throws(TrackerError) {
    report.inputPoints = plan.inputPoints
    report.unsealedPoints = plan.unsealedPoints
    report.dropsProvenance = plan.dropsProvenance
    report.precision = plan.parameters?.precision
    let writer = try TrackerWriter(creating: storage, indexType: plan.indexType, identity: nil)
    writer.partition = plan.partition
    try write(readers, plan, options, into: writer, report: &report, progress: progress)
    if let parameters = plan.parameters { try writer.setParameters(parameters) }
    let last = writer.lastColumn
    try writer.commit(
      step: last?.step, epoch: last?.epoch, wallTime: nil, durability: .wholeFile)
    report.outputBytes = try storage.size()
  }

  /// Merges inputs into an empty writer, without committing.
  static func write(
    _ readers: [TrackerReader], _ plan: MergePlan, _ options: MergePlan.Options,
    into writer: TrackerWriter, report: inout MergeReport,
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(TrackerError) {
    let memory = MergeMemory(readers, options, cores: readers.compactMap(\.cores).max())
    writer.cores = memory.cores
    writer.level = options.level
    writer.addIdentities(plan.identities)
    for channel in plan.channels {
      let scan = UnionScan(
        readers, channel, policy: options.policy, range: plan.partition?.range ?? .all,
        keepsOrigins: plan.provenance == .byPoint, memory: memory.scan)
      var tiler = CanonicalTiler(
        writer, channel: channel, valueType: scan.valueType, provenance: plan.provenance,
        precision: options.precision)
      let before = report.outputPoints
      try tiler.write(scan) { progress(before + $0, plan.inputPoints) }
      report.outputPoints += tiler.pointCount
      report.conflicts.add(scan.conflicts)
    }
    try writer.finishTiles()
    try check(report.conflicts, options.policy)
  }

  private static func check(_ conflicts: ConflictLog, _ policy: ConflictPolicy)
    throws(TrackerError)
  {
    if policy == .error, conflicts.count > 0 {
      throw TrackerError(
        .mergeConflict, "merge",
        "\(conflicts.count) points have different values in different inputs",
        remedy: "decide with --on-conflict min, max, first or last")
    }
    if conflicts.undecided > 0 {
      throw TrackerError(
        .mergeConflict, "merge",
        "\(conflicts.undecided) of \(conflicts.count) conflicts cannot be decided by '\(policy)':"
          + " their writers have the same generation and rank, none, or are mixed",
        remedy:
          "merge the workers' own files at once, or each time with --keep-provenance, or decide"
          + " with --on-conflict min or max")
    }
  }
}

extension ConflictLog {
  mutating func add(_ other: ConflictLog) {
    count += other.count
    undecided += other.undecided
    first.append(contentsOf: other.first.prefix(Self.shown - first.count))
  }
}

extension TrackerWriter {
  /// The column with the highest step, over all tiles.
  public var lastColumn: TileColumn? { tiles.compactMap(\.columns.last).max() }
}
