import TrackerModel

/// What killed processes leave beside the files they were writing.
///
/// An output is written as `NAME.tmp-` and 13 digits or letters, and its writer holds that file's lock for as
/// long as it lives (see `WriterLock`). So a file of such a name whose lock can be taken is nobody's any more.
public enum Leftovers {
  /// One temporary file that no living process holds.
  public struct Leftover: Equatable, Sendable {
    public var name: String
    /// In bytes.
    public var size: UInt64
  }

  private static let nameLength = 13
  /// Of those that could not be locked: nobody can tell whether they are used, so they stay.
  private static let unlockedEnding = "-unlocked"

  /// A temporary name for the file at `path`, which no other has.
  ///
  /// - Parameter lockable: false where the file system has no locks.
  static func newPath(besides path: String, lockable: Bool) -> String {
    let unique = String(UInt64.random(in: .min ... .max), radix: 36)
    let zeros = String(repeating: "0", count: nameLength - unique.utf8.count)
    return "\(path).tmp-\(zeros)\(unique)\(lockable ? "" : unlockedEnding)"
  }

  /// Whether a name is one that `newPath` gave a file that is locked while it is used.
  private static func isTemporary(_ name: String, of file: String) -> Bool {
    // Those of `TemporaryFile` have a name for a moment only.
    for prefix in ["\(file).tmp-", TemporaryFile.prefix] where name.hasPrefix(prefix) {
      let rest = name.utf8.dropFirst(prefix.utf8.count)
      let isOurs = rest.count == nameLength && rest.allSatisfy(isDigitOrLetter)
      if isOurs { return true }
    }
    return false
  }

  private static func isDigitOrLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }

  /// What is left over beside the file at `path`, by name. O(names in the folder).
  ///
  /// Nothing where the folder cannot be listed or the file system has no locks.
  public static func besides(_ path: String) -> [Leftover] {
    held(besides: path).map { Leftover(name: $0.name, size: $0.size) }
  }

  /// Removes what is left over beside the file at `path`. O(names in the folder).
  ///
  /// What cannot be removed stays: that is no reason not to write.
  public static func remove(besides path: String) {
    for leftover in held(besides: path) {
      // Under its lock, so that it cannot be another's by now.
      try? Platform.removeTemporary(leftover.handle.path)
    }
  }

  private struct Held {
    var name: String
    var size: UInt64
    var handle: FileHandle
  }

  /// Those whose lock could be taken, each held until its handle goes.
  private static func held(besides path: String) -> [Held] {
    let folder = Paths.folder(of: path)
    let file = Paths.name(of: path)
    guard let names = try? Paths.names(inFolder: folder) else { return [] }
    var found: [Held] = []
    for name in names where isTemporary(name, of: file) {
      let path = Paths.joining(folder, name)
      // A pipe of that name would keep the opening waiting.
      guard (try? Platform.status(ofPath: path))?.isRegular == true,
        let handle = try? FileHandle(path: path, mode: .readWrite), let size = try? handle.size(),
        (try? handle.lockForWriting(waitingUpTo: 0)) != nil,
        // Removed or renamed before it was locked.
        FileHandle.identity(ofPath: path) == (try? handle.identity())
      else { continue }
      found.append(Held(name: name, size: size, handle: handle))
    }
    return found
  }
}
