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
  public var removedTail: Tail? { writer.removedTail }
  /// Who this worker is.
  public var run: RunIdentity? { writer.identity }
  /// The last commit.
  public var lastCommit: CommitSummary? { writer.head }

  let writer: TrackerWriter
  let path: String?
  var strings = StringTable()
  var openEpochs: [OpenEpoch.Key: OpenEpoch] = [:]
  var valueTypes: [Channel: ValueType] = [:]
  let listed: Set<InstanceIndex>?
  var lastStep: Int64?
  var lastEpoch: Int64?
  var pendingKeptSets: [KeptSets]?
  var parametersAreStored: Bool
  var isClosed = false
  // The batch being recorded: keys, and where their values stand in it.
  var keys: [Int64] = []
  var places: [Int] = []

  init(
    _ writer: TrackerWriter, path: String?, parameters: Parameters,
    differences: [ParameterDifference], parametersAreStored: Bool
  ) {
    self.writer = writer
    self.path = path
    self.parameters = parameters
    self.parametersAreStored = parametersAreStored
    parameterDifferences = differences
    indexType = writer.indexType
    listed = parameters.recordsOnlyListed ? Set(parameters.listToKeep ?? []) : nil
    lastStep = writer.head?.step
    lastEpoch = writer.head?.epoch
  }

  func checkOpen() throws(TrackerError) {
    guard !isClosed else {
      throw TrackerError(.closed, "tracker", "it was closed", file: path, remedy: "resume it")
    }
  }

  /// Whether values of an epoch's part of the run are recorded at all.
  func isTracked(_ mode: Mode, _ dsID: Name?, _ epoch: Int64) -> Bool {
    parameters.modes.contains(mode) && parameters.dsIDs.contains(dsID)
      && epoch % Int64(parameters.epochFrequency) == 0
  }
}
