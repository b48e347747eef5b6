import TrackerModel
import TrackerSystem

/// The files of one worker, by name, and the few operations this program needs on them.
struct RunFiles {
  let directory: String
  let rank: Int

  var tracker: String { "\(directory)/worker-\(rank).tracker" }
  var model: String { "\(directory)/model-\(rank).bin" }

  /// What worker `rank` had learnt when it ended `epoch`, for the others to average.
  func weights(rank: Int, epoch: Int) -> String {
    "\(directory)/weights-\(rank)-epoch-\(epoch).bin"
  }

  /// The whole file, which may have up to 16 MiB: far more than any file of this program.
  static func read(_ path: String) throws(TrackerError) -> [UInt8] {
    try readWholeFile(path: path, limit: 1 << 24)
  }

  static func readIfPresent(_ path: String) throws(TrackerError) -> [UInt8]? {
    do {
      return try read(path)
    } catch {
      if error.code == .notFound { return nil }
      throw error
    }
  }

  /// Others see the old file or the new one, whole; once this returns, so does a machine that lost
  /// its power. A worker killed in here leaves a temporary file behind.
  static func write(_ bytes: [UInt8], to path: String) throws(TrackerError) {
    try writeFileAtomically(path: path, bytes.span)
  }

  /// Does nothing where there is no such file.
  static func remove(_ path: String) throws(TrackerError) {
    if Paths.exists(path) { try Paths.remove(path) }
  }

  /// Progress that cannot be written is no reason to end a run.
  static func log(_ line: String) {
    let output = StandardOutput(.error)
    try? output.write(line + "\n")
    try? output.flush()
  }
}
