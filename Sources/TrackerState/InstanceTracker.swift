public import TrackerFile
public import TrackerModel

/// Records one value per instance and epoch, keeps them compressed in a file or in memory, and
/// selects the instances that matter: FastEstimator's `InstanceTracker` with a real file under it.
///
/// ```swift
/// let tracker = try InstanceTracker.create(
///   path: "run.tracker", parameters: Parameters(metricKeys: ["ce"], modes: .only([.train])))
/// try tracker.record(mode: .train, epoch: 1, indices: [7, 8], [0.25, 1.5])
/// try tracker.endEpoch(mode: .train, epoch: 1, step: 100)
/// try tracker.checkpoint()
/// ```
///
/// One owner: a tracker is not `Sendable`; record from one thread at a time. Sealed epochs are held
/// as compressed tiles, so memory does not grow with their number (but for directory entries); an
/// epoch being recorded takes 12 bytes a point of an int64 index and a float32 value.
///
/// Ended epochs are sorted, encoded and written on another core while the next one is recorded, in
/// order, and at most one waits behind the one being written. Where that fails, the next call on the
/// tracker throws, once: `record` too, which then has recorded nothing. Nothing is lost: what failed,
/// and what came after it, is kept and tried again by the next call that writes (`endEpoch`,
/// `checkpoint`, `checkpointInBackground`, `flush`, `select`, `close`). Only after a failed sync the
/// tracker refuses to go on, because what became durable is not known: resume it.
///
/// A tracker that goes without `close()` first finishes what was queued; nobody is told of a failure
/// then. In a child of `fork` a tracker only takes memory: calls that would write or read throw
/// `forkedProcess`, and `close()` does nothing to the file.
public final class InstanceTracker {
  /// Rows of a tile of one epoch.
  static let rowsPerTile = 1 << 16

  public let parameters: Parameters
  public let indexType: IndexType
  /// Settings in which the parameters given to `resume` differ from those stored. The given ones are
  /// in force, and are stored by the next checkpoint.
  public let parameterDifferences: [ParameterDifference]
  /// A checkpoint that never became whole, behind the commit that was resumed: the next checkpoint
  /// cuts it off.
  public let removedTail: Tail?
  /// Who this worker is.
  public let run: RunIdentity?
  /// The last commit that is durable.
  public var lastCommit: CommitSummary? { queue.lastCommit }

  let queue: WriteQueue
  /// How many cores the tracker uses, the caller's included; nil for all that the process may use.
  let cores: Int?
  let path: String?
  var strings = StringTable()
  var openEpochs = OpenEpochs()
  var valueTypes: [Channel: ValueType] = [:]
  let listed: Set<InstanceIndex>?
  var lastStep: Int64?
  var lastEpoch: Int64?
  var pendingKeptSets: [KeptSets]?
  var parametersAreStored: Bool
  var isClosed = false
  let metricPlaces: [Name: Int]
  // The batch being recorded: its columns, keys, and where their values stand in it.
  var batch: [BatchColumn] = []
  var keys: [Int64] = []
  var places: [Int] = []

  init(
    _ writer: TrackerWriter, path: String?, parameters: Parameters,
    differences: [ParameterDifference], parametersAreStored: Bool, cores: Int?
  ) {
    writer.cores = cores
    queue = WriteQueue(writer, cores: cores)
    self.cores = cores
    removedTail = writer.removedTail
    run = writer.identity
    self.path = path
    self.parameters = parameters
    self.parametersAreStored = parametersAreStored
    parameterDifferences = differences
    indexType = writer.indexType
    metricPlaces = Dictionary(
      uniqueKeysWithValues: zip(parameters.metricKeys, parameters.metricKeys.indices))
    listed = parameters.recordsOnlyListed ? Set(parameters.listToKeep ?? []) : nil
    lastStep = writer.head?.step
    lastEpoch = writer.head?.epoch
  }

  /// - Throws: `closed`, and what failed in the background and was not told yet.
  func checkOpen() throws(TrackerError) {
    guard !isClosed else {
      throw TrackerError(.closed, "tracker", "it was closed", file: path, remedy: "resume it")
    }
    try queue.tellFailure()
  }

  /// Whether values of an epoch's part of the run are recorded at all.
  func isTracked(_ mode: Mode, _ dsID: Name?, _ epoch: Int64) -> Bool {
    parameters.modes.contains(mode) && parameters.dsIDs.contains(dsID)
      && epoch % Int64(parameters.epochFrequency) == 0
  }
}
