import TrackerModel
import TrackerSystem

/// A pattern for paths, for shells that did not expand it: `*`, `?` and `[…]` within one name.
///
/// `[…]` holds bytes and ranges of them, negated by `!` or `^`; a backslash takes the next byte as it
/// is. A `?` is one character of UTF-8. Names that begin with a dot match only patterns that do.
struct GlobPattern {
  private let path: String

  /// Nil where the path holds none of `*`, `?` and `[`.
  init?(_ path: String) {
    guard path.utf8.contains(where: { Self.isSpecial($0) }) else { return nil }
    self.path = path
  }

  private static func isSpecial(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "*") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "[")
  }

  /// The paths that match, sorted by their bytes.
  ///
  /// - Throws: where a folder that stands before the first pattern cannot be read.
  func matches() throws(TrackerError) -> [String] {
    var found = [path.hasPrefix("/") ? "/" : ""]
    let parts = path.split(separator: "/")
    for (place, part) in parts.enumerated() {
      let isLast = place == parts.count - 1
      var next: [String] = []
      for folder in found {
        guard part.utf8.contains(where: { Self.isSpecial($0) }) else {
          let path = Paths.joining(folder, String(part))
          if Paths.exists(path) { next.append(path) }
          continue
        }
        let pattern = Array(part.utf8)
        for name in try Paths.names(inFolder: folder) {
          guard Self.matches(Array(name.utf8), pattern) else { continue }
          let path = Paths.joining(folder, name)
          var isWanted = isLast
          if !isLast { isWanted = try Self.isFolder(path) }
          if isWanted { next.append(path) }
        }
      }
      found = next
    }
    return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func isFolder(_ path: String) throws(TrackerError) -> Bool {
    // A link that leads nowhere is no folder.
    guard Paths.exists(path) else { return false }
    return try Paths.kind(of: path) == .folder
  }

  /// Whether a name matches a pattern. Complexity: O(name · pattern), whatever the stars.
  static func matches(_ name: [UInt8], _ pattern: [UInt8]) -> Bool {
    if name.first == UInt8(ascii: "."), pattern.first != UInt8(ascii: ".") { return false }
    var (place, position) = (0, 0)
    // Where to go on after the last star, should what follows it not match here.
    var retry: (place: Int, position: Int)?
    while place < name.count {
      if position < pattern.count, pattern[position] == UInt8(ascii: "*") {
        position += 1
        retry = (place, position)
      } else if let (nextPlace, nextPosition) = step(name, place, pattern, position) {
        (place, position) = (nextPlace, nextPosition)
      } else if let again = retry {
        place = again.place + 1
        position = again.position
        retry = (place, position)
      } else {
        return false
      }
    }
    return pattern[position...].allSatisfy { $0 == UInt8(ascii: "*") }
  }

  /// Matches one element of the pattern that is no star; nil where it does not match.
  private static func step(_ name: [UInt8], _ place: Int, _ pattern: [UInt8], _ position: Int)
    -> (Int, Int)?
  {
    guard position < pattern.count else { return nil }
    switch pattern[position] {
    case UInt8(ascii: "?"):
      var end = place + 1
      while end < name.count, name[end] & 0xC0 == 0x80 { end += 1 }
      return (end, position + 1)
    case UInt8(ascii: "["):
      guard let (isIn, end) = set(pattern, from: position, holds: name[place]) else {
        // Without its end a bracket is a bracket.
        return name[place] == pattern[position] ? (place + 1, position + 1) : nil
      }
      return isIn ? (place + 1, end) : nil
    case UInt8(ascii: "\\") where position + 1 < pattern.count:
      return name[place] == pattern[position + 1] ? (place + 1, position + 2) : nil
    case let byte:
      return name[place] == byte ? (place + 1, position + 1) : nil
    }
  }

  /// Whether the set that begins at `start` holds a byte, and where it ends; nil where it does not end.
  private static func set(_ pattern: [UInt8], from start: Int, holds byte: UInt8) -> (Bool, Int)? {
    var position = start + 1
    var isNegated = false
    if position < pattern.count,
      pattern[position] == UInt8(ascii: "!") || pattern[position] == UInt8(ascii: "^")
    {
      isNegated = true
      position += 1
    }
    var isIn = false
    var isFirst = true
    while position < pattern.count, isFirst || pattern[position] != UInt8(ascii: "]") {
      isFirst = false
      let low = pattern[position]
      var high = low
      if position + 2 < pattern.count, pattern[position + 1] == UInt8(ascii: "-"),
        pattern[position + 2] != UInt8(ascii: "]")
      {
        high = pattern[position + 2]
        position += 2
      }
      if low <= byte, byte <= high { isIn = true }
      position += 1
    }
    guard position < pattern.count else { return nil }
    return (isIn != isNegated, position + 1)
  }
}
