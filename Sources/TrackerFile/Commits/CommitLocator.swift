import TrackerCodec
import TrackerModel

/// A commit that verifies, and where it stands.
struct LocatedCommit {
  var commit: Commit
  var reference: RecordReference
  /// The first byte after its record.
  var end: UInt64

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
    var end = records.size
    // A hostile file may hold many marks before long payloads: reading them all would be quadratic.
    var budget = records.size &+ records.size &+ (1 << 20)
    while let candidate = try candidate(endingAtOrBefore: &end) {
      let length = end - candidate
      guard length <= budget else {
        throw TrackerError(
          .malformed, "search for the last commit", "too many damaged commits",
          file: records.storage.name, offset: end,
          remedy: "run 'tracker recover' on the file")
      }
      budget -= length
      do throws(TrackerError) {
        let located = try commit(at: candidate)
        if located.end == end {
          let covered = candidate - located.commit.coversFrom
          if !located.commit.isPresynced {
            guard covered <= budget else { continue }
            budget -= covered
            try verifyRecords(from: located.commit.coversFrom, to: candidate)
          }
          return located
        }
      } catch {
        // A damaged or half-written commit: one before it may count. Failing reads do not pass.
        guard error.isAboutBytes else { throw error }
      }
      end -= 1
    }
    return nil
  }

  /// The commit whose record begins at `offset`, its checksum and form checked.
  func commit(at offset: UInt64, checksum: UInt32? = nil) throws(TrackerError) -> LocatedCommit {
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
      let commit = try CommitCoder.decode(&reader, at: offset, indexType: indexType)
      return LocatedCommit(
        commit: commit,
        reference: RecordReference(
          offset: offset, checksum: Checksum.crc32(payload.bytes.span)),
        end: payload.offset + UInt64(length))
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

  /// The offset that the last end mark at or before `end` names; `end` becomes the mark's end.
  private func candidate(endingAtOrBefore end: inout UInt64) throws(TrackerError) -> UInt64? {
    let magic = Commit.trailerMagic
    let blockSize: UInt64 = 1 << 18
    let floor = UInt64(FileHeader.size + RecordHeader.size + Commit.trailerSize)
    var block: [UInt8] = []
    // Nearly always the mark is at the very end: do not read a block for that.
    var width = UInt64(Commit.trailerSize)
    while end >= floor {
      let start = end > width ? end - width : 0
      try records.storage.readExactly(
        at: start, count: Int(end - start), within: records.size, into: &block)
      var position = block.count - magic.count
      while position >= 8 {
        if block[position] == magic[0],
          block[position..<position + magic.count].elementsEqual(magic)
        {
          var reader = ByteReader(
            block.span.extracting(position - 8..<position), subject: "commit end mark")
          let offset = try reader.readFixed(UInt64.self, "offset")
          let markEnd = start + UInt64(position + magic.count)
          if offset >= UInt64(FileHeader.size), offset < markEnd {
            end = markEnd
            return offset
          }
        }
        position -= 1
      }
      if start == 0 { return nil }
      // The next block overlaps this one by less than a mark.
      end = start + UInt64(Commit.trailerSize - 1)
      if width > UInt64(Commit.trailerSize), end < floor { return nil }
      width = blockSize
    }
    return nil
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
