import ArgumentParser
import TrackerFile
import TrackerModel
import TrackerSystem

/// The trackers that a command reads: files, folders, patterns and lists of them.
struct TrackerInputs: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      """
      Tracker files, folders (for all *.tracker in them) and quoted patterns with *, ? and […].
      """, valueName: "input"))
  var inputs: [String] = []

  @Option(
    name: .customLong("files-from"),
    help: ArgumentHelp(
      """
      Also those that this file lists, one a line or NUL-separated; - is standard input.
      """, valueName: "file"))
  var filesFrom: String?

  func validate() throws {
    if inputs.isEmpty, filesFrom == nil {
      throw ValidationError("missing input: name a file, a folder, or --files-from")
    }
  }

  /// The files that are meant: those of arguments in their order, then those of the list. Within a
  /// folder or a pattern they are sorted by bytes. A path that comes again is left out.
  ///
  /// - Throws: `notFound` where a pattern matches nothing and where a folder holds no tracker, each
  ///   named; errors about a list's entry name its line.
  func paths() throws(TrackerError) -> [String] {
    var paths: [String] = []
    for input in inputs { paths += try Self.paths(of: input) }
    if let filesFrom {
      let list = try FileList(reading: filesFrom)
      guard !list.entries.isEmpty || !inputs.isEmpty else {
        throw TrackerError(.notFound, "inputs", "the list names no file", file: list.name)
      }
      for entry in list.entries {
        do throws(TrackerError) {
          switch try Paths.kind(of: entry.path) {
          case .file: paths.append(entry.path)
          case .folder: paths += try Self.trackers(inFolder: entry.path)
          }
        } catch {
          throw list.locating(error, entry)
        }
      }
    }
    var seen: Set<Name> = []
    return paths.filter { seen.insert(Name($0)).inserted }
  }

  /// The files that one argument means.
  static func paths(of input: String) throws(TrackerError) -> [String] {
    // A file of that name comes before a pattern.
    if !Paths.exists(input), let pattern = GlobPattern(input) {
      let matches = try pattern.matches()
      guard !matches.isEmpty else {
        throw TrackerError(.notFound, "inputs", "no file matches this pattern", file: input)
      }
      var paths: [String] = []
      for match in matches {
        // What leads nowhere is left to be opened, which says so.
        if Paths.exists(match), try Paths.kind(of: match) == .folder {
          paths += try trackers(inFolder: match)
        } else {
          paths.append(match)
        }
      }
      return paths
    }
    guard Paths.exists(input), try Paths.kind(of: input) == .folder else { return [input] }
    return try trackers(inFolder: input)
  }

  /// All `*.tracker` that stand directly in a folder and are no folders, but hidden ones.
  private static func trackers(inFolder folder: String) throws(TrackerError) -> [String] {
    var paths: [String] = []
    for name in try Paths.names(inFolder: folder)
    where name.hasSuffix(".tracker") && !name.hasPrefix(".") {
      let path = Paths.joining(folder, name)
      if Paths.exists(path), try Paths.kind(of: path) == .folder { continue }
      paths.append(path)
    }
    guard !paths.isEmpty else {
      throw TrackerError(
        .notFound, "inputs", "the folder holds no *.tracker", file: folder,
        remedy: "name the files, or a folder that holds them")
    }
    return paths
  }

  /// - Throws: `invalidParameter` where the output is one of the inputs.
  static func refuse(_ output: String?, among inputs: [String], _ subject: String)
    throws(TrackerError)
  {
    guard let output, let identity = FileHandle.identity(ofPath: output) else { return }
    for input in inputs where FileHandle.identity(ofPath: input) == identity {
      throw TrackerError(
        .invalidParameter, subject, "it is the output and one of the inputs", file: input,
        remedy: "leave it out of the inputs, or write another output")
    }
  }

  /// Opens all files and reports what is wrong with their ends.
  func readers() throws(TrackerError) -> [TrackerReader] { try Self.open(paths()) }

  /// The same for paths.
  ///
  /// - Throws: `invalidParameter` where several files are asked for a commit of one.
  static func open(_ paths: [String], at commit: CommitOptions? = nil) throws(TrackerError)
    -> [TrackerReader]
  {
    if paths.count > 1, commit?.atCommit != nil {
      throw TrackerError(
        .invalidParameter, "--at-commit", "a commit is one file's, these are \(paths.count) files")
    }
    var readers: [TrackerReader] = []
    for path in paths { readers.append(try .opening(path, at: commit?.selector ?? .last)) }
    return readers
  }
}
