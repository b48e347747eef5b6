import TrackerCodec
import TrackerModel

@testable import TrackerFile

/// Payloads that describe a history: commits, parameters and kept sets.
///
/// Each begins with a byte whose lowest bit is the file's index type.
enum DirectoryFuzzing {
  private static func split(_ bytes: [UInt8]) -> (IndexType, [UInt8])? {
    guard let first = bytes.first else { return nil }
    return (first & 1 == 0 ? .int64 : .string, Array(bytes.dropFirst()))
  }

  /// Where the commit is said to stand: behind every tile that small varints can name.
  static let commitOffset: UInt64 = 1 << 20

  private static func commit(_ payload: [UInt8], _ type: IndexType) -> Commit? {
    var reader = ByteReader(payload.span, subject: "commit")
    var memory = DirectoryMemory(fileSize: UInt64(payload.count))
    return try? CommitCoder.decode(
      &reader, at: commitOffset, indexType: type, memory: &memory)
  }

  static func readCommit(_ bytes: [UInt8]) {
    guard let (type, payload) = split(bytes), let read = commit(payload, type) else { return }
    let written = CommitCoder.encode(read, at: commitOffset)
    // The end mark is not part of what is decoded.
    guard let again = commit(Array(written.dropLast(Commit.trailerSize)), type) else {
      return require(false, "a commit that was read can be written and read")
    }
    require(
      CommitCoder.encode(again, at: commitOffset) == written, "commits read as they were written")
    for segment in read.segments {
      for entry in segment.entries {
        require(entry.offset < commitOffset, "tiles stand before the commit")
        require(entry.firstIndex <= entry.lastIndex, "rows of an entry ascend")
      }
    }
  }

  static func readParameters(_ bytes: [UInt8]) {
    guard let (type, payload) = split(bytes) else { return }
    var reader = ByteReader(payload.span, subject: "parameters")
    guard let read = try? ParametersCoder.decode(&reader, indexType: type) else { return }
    let written = ParametersCoder.encode(read, indexType: type)
    var second = ByteReader(written.span, subject: "parameters")
    require(
      (try? ParametersCoder.decode(&second, indexType: type)) == read,
      "parameters read as they were written")
  }

  static func readKeptSets(_ bytes: [UInt8]) {
    guard let (type, payload) = split(bytes) else { return }
    func decode(_ payload: [UInt8]) -> [KeptSets]? {
      var reader = ByteReader(payload.span, subject: "kept sets")
      var memory = DirectoryMemory(fileSize: UInt64(payload.count))
      return try? KeptSetsCoder.decode(&reader, indexType: type, memory: &memory)
    }
    guard let read = decode(payload),
      // Lists of a few bytes may stand for millions of consecutive indices.
      read.reduce(0, { $0 + $1.max.count + $1.min.count + $1.list.count + $1.missing.count }) < 4096
    else { return }
    let written = KeptSetsCoder.encode(read, indexType: type)
    guard let again = decode(written) else {
      return require(false, "kept sets that were read can be written and read")
    }
    require(KeptSetsCoder.encode(again, indexType: type) == written, "kept sets read as written")
  }
}
