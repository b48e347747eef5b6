import TrackerFile
import TrackerModel

/// What is found on a disk after the power failed must be one of these.
struct Expectation {
  /// The last checkpoint that was promised; nil where none was.
  var durable: Attempt?
  /// Checkpoints that were being made after it.
  var pending: [Attempt] = []
  /// The file as it was when it was first opened, for recoveries.
  var found: (end: Int, image: [UInt8], content: Content)?
}

/// Opens what the power left, with the real reader.
enum PowerCheck {
  struct Found {
    var end: Int
    var content: Content
  }

  /// - Parameter isThorough: decodes every tile of this very image, too.
  /// - Returns: nil where there is no commit, and none was promised.
  /// - Throws: `Violation`.
  static func check(_ image: [UInt8], _ expected: Expectation, isThorough: Bool) throws(Violation)
    -> Found?
  {
    let reader: TrackerReader
    do throws(TrackerError) {
      reader = try TrackerReader(ImageStorage(image))
    } catch {
      guard expected.durable == nil, expected.found == nil else {
        throw Violation("a file with checkpoints does not open: \(error)")
      }
      return nil
    }
    guard let commit = reader.snapshot.commit else {
      guard expected.durable == nil, expected.found == nil else {
        throw Violation("all checkpoints are gone")
      }
      return nil
    }
    let end = end(of: commit, image)
    var content: Content?
    for attempt in [expected.durable].compactMap({ $0 }) + expected.pending {
      guard attempt.image.count == end, isPrefix(attempt.image, of: image) else { continue }
      content = try Self.content(of: attempt)
      break
    }
    if content == nil, expected.durable == nil, let found = expected.found, found.end == end,
      isPrefix(found.image[..<end], of: image)
    {
      content = found.content
    }
    guard let content else {
      throw Violation(
        "commit \(commit.sequence) at \(commit.offset) counts, which is none that was made:"
          + " promised is one that ends at \(expected.durable?.image.count ?? expected.found?.end ?? 0),"
          + " under way are those that end at \(expected.pending.map(\.image.count))")
    }
    if isThorough {
      let decoded: Content
      do {
        decoded = try Content(reading: reader)
        guard try reader.commits().last == commit else {
          throw Violation("the list of commits ends with another")
        }
      } catch {
        throw Violation("a commit that counts cannot be read: \(error)")
      }
      guard decoded == content else { throw Violation("a commit holds other points") }
    }
    return Found(end: end, content: content)
  }

  static func end(of commit: CommitSummary, _ image: [UInt8]) -> Int {
    let offset = Int(commit.offset)
    var length = 0
    for byte in image[offset + 8..<offset + 16].reversed() { length = length << 8 | Int(byte) }
    return offset + 24 + length
  }

  private static func isPrefix(_ bytes: [UInt8], of image: [UInt8]) -> Bool {
    isPrefix(bytes[...], of: image)
  }

  private static func isPrefix(_ bytes: ArraySlice<UInt8>, of image: [UInt8]) -> Bool {
    guard bytes.count <= image.count else { return false }
    return bytes.withUnsafeBytes { left in
      image.withUnsafeBytes { right in left.elementsEqual(right.prefix(left.count)) }
    }
  }

  /// What an attempt's file holds, read from it and compared with what was recorded.
  static func content(of attempt: Attempt) throws(Violation) -> Content {
    if let checked = attempt.checked { return try checked.get() }
    let result: Result<Content, Violation>
    do {
      let content = try Content(reading: TrackerReader(ImageStorage(attempt.image)))
      result =
        attempt.contents.contains(content)
        ? .success(content)
        : .failure(
          Violation(
            "a checkpoint holds other points than recorded: "
              + content.difference(from: attempt.contents[0])))
    } catch {
      result = .failure(Violation("a checkpoint cannot be read: \(error)"))
    }
    attempt.checked = result
    return try result.get()
  }
}
