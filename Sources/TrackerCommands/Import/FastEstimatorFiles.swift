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
    guard path != "-", try kind(of: path) == .folder else { return path }
    let pickle = Paths.joining(path, "objects.pkl")
    if try kind(of: pickle) != nil { return pickle }
    let key = Paths.joining(path, "key.txt")
    if try kind(of: key) != nil {
      let letter = String(
        decoding: try read(key, limit: 64).prefix { $0 > 0x20 }, as: UTF8.self)
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
    guard try kind(of: path) != nil else { return nil }
    return try FastEstimatorSystem(
      json: try read(path, limit: maxSystemBytes), name: path)
  }

  /// What stands at a path; nil where nothing does. A file that cannot be seen is not one that is
  /// missing.
  private static func kind(of path: String) throws(TrackerError) -> Paths.Kind? {
    do throws(TrackerError) {
      return try Paths.kind(of: path)
    } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
  }

  /// The bytes of a small file; errors name the offset.
  private static func read(_ path: String, limit: Int) throws(TrackerError) -> [UInt8] {
    let file = try FileHandle(path: path, mode: .read)
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var count = 0
    while count <= limit {
      var all = bytes.mutableSpan
      var room = all._mutatingExtracting(count..<limit + 1)
      let read = try file.read(at: UInt64(count), into: &room)
      if read == 0 { break }
      count += read
    }
    guard count <= limit else {
      throw TrackerError(
        .limitExceeded, "checkpoint", "more than \(limit) bytes, of a file that has some hundred",
        file: path, remedy: "name the folder that RestoreWizard saved to")
    }
    return Array(bytes[..<count])
  }
}
