/// What went wrong, where, and what can be done: the one error of all layers.
public struct TrackerError: Error, Sendable, Hashable {
  /// The kind of failure; stable names that tests, tools and bindings can match.
  public enum Code: String, Sendable, Hashable, CaseIterable {
    // Callers' mistakes.
    case invalidParameter
    case lengthMismatch
    case wrongIndexType
    case inexactValue
    case unknownMetric
    case closed
    case forkedProcess
    case parametersDiffer
    // The outside world.
    case system
    case closedPipe
    case alreadyExists
    case notFound
    case locked
    case outOfRange
    // Bytes of a file.
    case notATrackerFile
    case unsupportedVersion
    case truncated
    case checksumMismatch
    case limitExceeded
    case malformed
    case unsupportedEncoding
    case noCommit
    /// So much of a file is damaged, or made to look so, that opening it gives up.
    case tooMuchDamage
    // Texts and arrays that are imported.
    case badInput
    // Results.
    case mergeConflict
    /// Which of several workers recorded which point cannot be told.
    case unknownProvenance
    case missingWorker
    case mixedRuns
  }

  public var code: Code
  /// What was being read or done, such as "tile header".
  public var subject: String
  /// What was expected and what was found.
  public var detail: String
  public var file: String?
  public var offset: UInt64?
  /// What the user can do about it.
  public var remedy: String?

  public init(
    _ code: Code, _ subject: String, _ detail: String, file: String? = nil, offset: UInt64? = nil,
    remedy: String? = nil
  ) {
    self.code = code
    self.subject = subject
    self.detail = detail
    self.file = file
    self.offset = offset
    self.remedy = remedy
  }

  /// The same error, naming `file` where it named none.
  public func inFile(_ name: String) -> TrackerError {
    var copy = self
    if copy.file == nil { copy.file = name }
    return copy
  }

  /// The same error, at `offset` where it named none.
  public func at(_ offset: UInt64) -> TrackerError {
    var copy = self
    if copy.offset == nil { copy.offset = offset }
    return copy
  }

  /// The same error with its offset counted from `base`: readers of a part of a file report
  /// offsets within that part.
  public func shifted(by base: UInt64) -> TrackerError {
    var copy = self
    copy.offset = base &+ (offset ?? 0)
    return copy
  }
}

extension TrackerError: CustomStringConvertible {
  /// One line: file, offset, what was being read, what was wrong, what to do.
  public var description: String {
    var text = ""
    if let file { text += "\(file): " }
    text += subject
    if let offset { text += " at offset \(offset)" }
    text += ": \(detail)"
    if let remedy { text += "; \(remedy)" }
    return text
  }
}
