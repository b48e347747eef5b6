import TrackerInterchange
import TrackerModel
import TrackerSystem

/// The files of a checkpoint.
enum FastEstimatorFiles {
  /// Far more than a `system.json` has.
  private static let maxSystemBytes = 1 << 20

  /// The pickle that is meant by a path: a file, the folder of a checkpoint, or RestoreWizard's own,
  /// which has two of them and tells in `key.txt` which is the last.
  static func pickle(of path: String) throws(TrackerError) -> String {
    guard path != "-", Paths.exists(path), try Paths.kind(of: path) == .folder else { return path }
    let pickle = Paths.joining(path, "objects.pkl")
    if Paths.exists(pickle) { return pickle }
    let key = Paths.joining(path, "key.txt")
    if Paths.exists(key) {
      let letter = String(
        decoding: try readWholeFile(path: key, limit: 64).prefix { $0 > 0x20 }, as: UTF8.self)
      guard letter == "A" || letter == "B" else {
        throw TrackerError(
          .badInput, "checkpoint", "expected A or B, the name of a folder, found '\(letter)'",
          file: key, remedy: "name the folder with the objects.pkl to import")
      }
      return Paths.joining(Paths.joining(path, letter), "objects.pkl")
    }
    throw TrackerError(
      .notFound, "checkpoint", "it has no objects.pkl, and no key.txt that tells where one is",
      file: path, remedy: "name the folder that RestoreWizard saved to")
  }

  /// What the `system.json` beside a pickle says; nil where there is none.
  static func system(besides pickle: String) throws(TrackerError) -> FastEstimatorSystem? {
    guard pickle != "-" else { return nil }
    let path = Paths.joining(Paths.folder(of: pickle), "system.json")
    guard Paths.exists(path) else { return nil }
    return try FastEstimatorSystem(
      json: try readWholeFile(path: path, limit: maxSystemBytes), name: path)
  }
}
