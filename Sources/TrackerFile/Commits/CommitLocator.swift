import TrackerCodec
import TrackerModel

/// A commit that verifies, and where it stands.
struct LocatedCommit {
  var commit: Commit
  var reference: RecordReference
  /// The first byte after its record.
  var end: UInt64
  /// What the file's directories may take beside it.
  var memory: DirectoryMemory

  var summary: CommitSummary {
    CommitSummary(
      sequence: commit.sequence, depth: commit.depth, offset: reference.offset, step: commit.step,
      epoch: commit.epoch, wallTime: commit.wallTime, identity: commit.identity)
  }
}

/// Finds and verifies commits.
struct CommitLocator {
  let records: RecordReader
  let indexType: IndexType

  /// The last commit of the file that counts, or nil.
  ///
  /// Looks at the end of the file first, where a file that was closed in order has it; otherwise
  /// searches backwards for the mark that ends a commit. Complexity: O(length of the last commit and
  /// of what follows it).
  func last() throws(TrackerError) -> LocatedCommit? {
    var search = EndMarkSearch(records)
    // A hostile file may hold many commits that cover much: verifying them all would be quadratic.
    var budget = records.size &+ records.size &+ (1 << 20)
    while let candidate = try search.next() {
      let length = candidate.end - candidate.recordOffset
      guard length <= budget else { throw tooManyDamaged(at: candidate.end) }
      budget -= length
      do throws(TrackerError) {
        let located = try commit(at: candidate.recordOffset)
        guard !located.commit.isPresynced else { return located }
        let covered = candidate.recordOffset - located.commit.coversFrom
        guard covered <= budget else { throw tooManyDamaged(at: candidate.end) }
        budget -= covered
        try verifyRecords(from: located.commit.coversFrom, to: candidate.recordOffset)
        return located
      } catch {
        // A damaged or half-written commit: one before it may count. Failing reads do not pass.
        guard error.isAboutBytes else { throw error }
      }
    }
    return nil
  }

  private func tooManyDamaged(at offset: UInt64) -> TrackerError {
    TrackerError(
      .tooMuchDamage, "search for the last commit", "too many damaged commits",
      file: records.storage.name, offset: offset, remedy: "run 'tracker recover' on the file")
  }

  /// The commit whose record begins at `offset`, its checksum and form checked.
  ///
  /// - Parameter memory: what it may take; nil for as much as any.
  func commit(
    at offset: UInt64, checksum: UInt32? = nil, memory: DirectoryMemory? = nil
  ) throws(TrackerError) -> LocatedCommit {
    var memory = memory ?? DirectoryMemory(fileSize: records.size)
    var payload = Payload()
    try records.payload(.commit, at: offset, checksum: checksum, into: &payload)
    do throws(TrackerError) {
      let length = payload.bytes.count
      guard length >= Commit.trailerSize else {
        throw TrackerError(.truncated, "commit", "no room for its end mark")
      }
      let body = payload.bytes.span.extracting(..<(length - Commit.trailerSize))
      var trailer = ByteReader(
        payload.bytes.span.extracting((length - Commit.trailerSize)...), subject: "commit end mark")
      guard try trailer.readFixed(UInt64.self, "offset") == offset else {
        throw TrackerError(.malformed, "commit", "its end mark names another offset")
      }
      var reader = ByteReader(body, subject: "commit")
      let commit = try CommitCoder.decode(
        &reader, at: offset, indexType: indexType, memory: &memory)
      return LocatedCommit(
        commit: commit,
        reference: RecordReference(
          offset: offset, checksum: Checksum.crc32(payload.bytes.span)),
        end: payload.offset + UInt64(length), memory: memory)
    } catch {
      throw error.shifted(by: payload.offset).inFile(records.storage.name)
    }
  }

  /// Checks that whole records fill the bytes between two offsets.
  func verifyRecords(from start: UInt64, to end: UInt64) throws(TrackerError) {
    var offset = start
    var payload = Payload()
    while offset < end {
      let header = try records.header(at: offset)
      try records.payload(of: header, at: offset, into: &payload)
      offset = payload.offset + header.payloadLength
    }
    guard offset == end else {
      throw TrackerError(
        .malformed, "records", "a record runs into the commit at \(end)",
        file: records.storage.name, offset: offset)
    }
  }
}

extension TrackerError {
  /// Whether the bytes themselves are at fault, not the reading of them.
  var isAboutBytes: Bool {
    switch code {
    case .truncated, .checksumMismatch, .limitExceeded, .malformed, .unsupportedEncoding,
      .notATrackerFile, .unsupportedVersion, .noCommit:
      true
    default: false
    }
  }
}
