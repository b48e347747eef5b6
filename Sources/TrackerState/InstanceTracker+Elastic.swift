public import TrackerModel
import TrackerFile
import TrackerSystem

/// Going on with a run with another number of workers.
///
/// The files of the workers before stay as they are, taken back to the step of the model that the run
/// goes on from. The new workers record into files of their own, as the next generation of the same
/// run; all files together merge to the run's history.
extension RunIdentity {
  /// Who a worker is that goes on with the run of other files.
  ///
  /// - Parameters:
  ///   - paths: the files of all workers before, or what they were merged into.
  ///   - rank, worldSize: this worker's place among the new ones.
  /// - Returns: the files' run id, and a generation beyond all of theirs: the same for every new worker.
  /// - Throws: `mixedRuns` where files are of different runs; `invalidParameter` where one says no run,
  ///   or there is none.
  public static func continuing(_ paths: [String], rank: UInt32, worldSize: UInt32)
    throws(TrackerError) -> RunIdentity
  {
    var newest: (identity: RunIdentity, file: String)?
    for path in paths {
      let reader = try TrackerReader(path: path)
      defer { reader.close() }
      guard !reader.snapshot.identities.isEmpty else {
        throw TrackerError(
          .invalidParameter, "run identity", "the file does not say of which run it is", file: path)
      }
      for identity in reader.snapshot.identities {
        guard let known = newest else {
          newest = (identity, path)
          continue
        }
        guard known.identity.runID == identity.runID else {
          throw TrackerError(
            .mixedRuns, "run identity",
            "it belongs to run \(identity.runID), \(known.file) to run \(known.identity.runID)",
            file: path, remedy: "go on with files of one run")
        }
        if known.identity.generation < identity.generation { newest = (identity, path) }
      }
    }
    guard let newest else {
      throw TrackerError(.invalidParameter, "run identity", "there is no file to go on with")
    }
    guard newest.identity.generation < .max else {
      throw TrackerError(
        .limitExceeded, "run identity", "the run was resumed too often", file: newest.file)
    }
    return try RunIdentity(
      runID: newest.identity.runID, generation: newest.identity.generation + 1, rank: rank,
      worldSize: worldSize)
  }
}

extension InstanceTracker {
  /// Takes a file back to the checkpoint of an earlier step, as `resume(at:)` does, where nothing more
  /// is to be recorded in it; does nothing where it stands there.
  ///
  /// - Throws: `locked` while a worker writes to it; `outOfRange`, naming the neighbouring steps, where
  ///   no commit was made at the step.
  public static func rewind(path: String, to step: Int64) throws(TrackerError) {
    let reader = try TrackerReader(path: path)
    let snapshot = reader.snapshot
    let isThere =
      snapshot.commit?.step == step && snapshot.unsealed.isEmpty && reader.tail == nil
    reader.close()
    if isThere { return }
    let writer = try TrackerWriter(
      opening: FileStorage(path: path, mode: .readWrite), at: .step(step)
    ) { (snapshot) throws(TrackerError) in snapshot.commit?.identity }
    defer { writer.close() }
    let target = writer.head
    try writer.commit(
      step: target?.step, epoch: target?.epoch,
      wallTime: UInt64(max(0, Clock.wallSeconds()) * 1e6))
  }
}
