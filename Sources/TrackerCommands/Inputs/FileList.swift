import TrackerModel
import TrackerSystem

/// A list of paths in a file or on standard input: one a line, or NUL-separated where it holds NULs.
struct FileList {
  /// A path of the list, and where it stands, counted from 1.
  struct Entry {
    var path: String
    var line: Int
  }

  /// Bytes of the longest list.
  static let limit = 1 << 28

  let name: String
  private(set) var entries: [Entry] = []
  /// What its parts are called in errors.
  private let part: String

  /// - Parameter path: of the list; `-` for standard input.
  init(reading path: String) throws(TrackerError) {
    if path == "-" {
      try self.init(Self.readStandardInput(), name: "standard input")
    } else {
      try self.init(readWholeFile(path: path, limit: Self.limit), name: path)
    }
  }

  /// - Throws: `badInput`, with the line, for a path that is not valid UTF-8.
  init(_ bytes: [UInt8], name: String) throws(TrackerError) {
    self.name = name
    let isSeparatedByNULs = bytes.contains(0)
    part = isSeparatedByNULs ? "entry" : "line"
    let separator = isSeparatedByNULs ? 0 : UInt8(ascii: "\n")
    let lines = bytes.split(separator: separator, omittingEmptySubsequences: false)
    for (place, line) in lines.enumerated() {
      var text = line
      if !isSeparatedByNULs, text.last == UInt8(ascii: "\r") { text = text.dropLast() }
      guard text.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) else {
        continue
      }
      guard let path = String(validating: text, as: UTF8.self) else {
        throw TrackerError(
          .badInput, "\(part) \(place + 1)", "its path is not valid UTF-8", file: name)
      }
      entries.append(Entry(path: path, line: place + 1))
    }
  }

  /// An error about an entry, which names its line.
  func locating(_ error: TrackerError, _ entry: Entry) -> TrackerError {
    var named = error
    named.subject = "\(part) \(entry.line) of \(name): \(error.subject)"
    return named
  }

  private static func readStandardInput() throws(TrackerError) -> [UInt8] {
    let input = StandardInput()
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count <= limit {
      var span = block.mutableSpan
      let count = try input.read(into: &span)
      if count == 0 { return bytes }
      bytes.append(contentsOf: block[..<count])
    }
    throw TrackerError(
      .limitExceeded, "read", "the list is longer than \(limit) bytes", file: "standard input")
  }
}
