public import TrackerModel

/// Paths as text.
public enum Paths {
  /// The folder that holds `path`; "." where it names none.
  public static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last part of `path`.
  public static func name(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  public static func exists(_ path: String) -> Bool {
    (try? Platform.status(ofPath: path)) != nil
  }

  /// Makes the name of a new file durable.
  public static func synchronizeFolder(of path: String) throws(TrackerError) {
    try Platform.synchronizeFolder(folder(of: path))
  }

  public static func remove(_ path: String) throws(TrackerError) {
    try Platform.remove(path)
  }
}
