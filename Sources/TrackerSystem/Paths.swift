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

  /// What a path leads to.
  public enum Kind: Sendable {
    case file
    case folder
  }

  /// What stands at `path`; anything but a folder counts as a file.
  ///
  /// - Throws: `notFound` where there is nothing; `system` where that cannot be told.
  public static func kind(of path: String) throws(TrackerError) -> Kind {
    try Platform.status(ofPath: path).isDirectory ? .folder : .file
  }

  /// The names in a folder, sorted by their bytes, without `.` and `..`; names that are not valid
  /// UTF-8 are left out. An empty path is the working folder.
  public static func names(inFolder path: String) throws(TrackerError) -> [String] {
    try Platform.names(inFolder: path.isEmpty ? "." : path)
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// `name` in `folder`; just the name where the folder is empty.
  public static func joining(_ folder: String, _ name: String) -> String {
    folder.isEmpty || folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  /// Makes the name of a new file durable.
  public static func synchronizeFolder(of path: String) throws(TrackerError) {
    try Platform.synchronizeFolder(folder(of: path))
  }

  public static func remove(_ path: String) throws(TrackerError) {
    try Platform.remove(path)
  }
}
