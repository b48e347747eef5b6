public import TrackerModel

/// A file without a name, for what does not fit memory: it goes with its last owner, however the
/// process ends.
///
/// Holds 64-bit words in the machine's own byte order. One owner.
public final class TemporaryFile {
  /// What error texts call it.
  public var name: String { handle.path }
  private let handle: FileHandle
  /// Words written.
  public private(set) var wordCount = 0

  /// How its name begins, for the moment that it has one.
  static let prefix = ".tracker.tmp-"

  /// - Parameter folder: where it takes room.
  public init(inFolder folder: String) throws(TrackerError) {
    let path = Leftovers.newPath(besides: "\(folder)/.tracker", lockable: true)
    handle = try FileHandle(
      path: path, mode: .createNew, named: "\(folder)/(temporary file)")
    let slot = TemporaryFiles.insert(path)
    defer { slot.map(TemporaryFiles.remove) }
    try Platform.removeTemporary(path)
  }

  deinit { handle.close() }

  /// The folder that the environment names for temporary files.
  public static var folder: String {
    guard let named = Environment.value("TMPDIR"), !named.isEmpty else { return "/tmp" }
    return named
  }

  /// Writes words after those that are there.
  ///
  /// - Returns: the place of the first.
  @discardableResult
  public func append(_ words: Span<UInt64>) throws(TrackerError) -> Int {
    let first = wordCount
    try handle.write(words: words, at: UInt64(first) * 8)
    wordCount += words.count
    return first
  }

  /// Writes words in the place of others.
  ///
  /// - Precondition: so many were written there.
  public func write(_ words: Span<UInt64>, at place: Int) throws(TrackerError) {
    precondition(
      place >= 0 && place + words.count <= wordCount, "only what was written is replaced")
    try handle.write(words: words, at: UInt64(place) * 8)
  }

  /// Forgets all words but the first.
  public func truncate(toWords count: Int) { wordCount = min(wordCount, count) }

  /// Fills `words` from the one at `place` on.
  ///
  /// - Precondition: so many were written.
  public func read(at place: Int, into words: inout MutableSpan<UInt64>) throws(TrackerError) {
    precondition(
      place >= 0 && place + words.count <= wordCount, "words are written before they are read")
    try handle.read(words: &words, at: UInt64(place) * 8)
  }
}
