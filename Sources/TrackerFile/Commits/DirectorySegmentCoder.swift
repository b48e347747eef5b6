import TrackerCodec
import TrackerModel

/// Writes and reads the segments of a commit's directory: each has the tiles of one commit.
enum DirectorySegmentCoder {
  static func encode(_ commit: Commit, _ tables: inout CommitTables, into bytes: inout [UInt8]) {
    for segment in commit.segments {
      let summary = segment.commit
      // The own segment repeats nothing that stands above.
      if summary.depth != commit.depth {
        bytes.appendVarint(CommitFlags.of(summary))
        bytes.appendVarint(summary.offset)
        bytes.appendVarint(summary.sequence)
        CommitFields.append(summary.step, summary.epoch, summary.wallTime, &bytes)
        if let identity = summary.identity { bytes.appendVarint(tables.number(of: identity)) }
      }
      bytes.appendVarint(segment.entries.count)
      for entry in segment.entries {
        bytes.appendVarint(tables.number(of: entry.channel, entry.valueType))
        bytes.appendVarint(tables.number(of: entry.identities, in: summary))
        DirectoryEntryCoder.encode(entry, into: &bytes)
      }
    }
  }

  /// - Parameters:
  ///   - own: what the fields above say of the commit itself, whose segment is the last.
  ///   - memory: what the commit may take; less what it takes.
  @_lifetime(reader: copy reader)
  static func decode(
    _ reader: inout ByteReader, of own: CommitSummary, _ tables: CommitTables,
    indexType: IndexType, memory: inout DirectoryMemory
  ) throws(TrackerError) -> [DirectorySegment] {
    let span = Commit.span(ofDepth: own.depth)
    guard span <= UInt64(reader.remaining) else {
      throw reader.malformed("\(span) directory segments do not fit")
    }
    try memory.take(
      Int(span), of: MemoryLayout<DirectorySegment>.stride + DirectoryMemory.arrayBytes, reader)
    var segments: [DirectorySegment] = []
    segments.reserveCapacity(Int(span))
    // Entries of several segments are put into one list later.
    var state = State(copies: span > 1 ? 2 : 1)
    for depth in own.depth - span + 1...own.depth {
      let summary =
        depth == own.depth
        ? own
        : try decodeSummary(&reader, depth: depth, of: own, after: segments.last?.commit, tables)
      let entries = try decodeEntries(
        &reader, of: summary, in: own.offset, tables, indexType, &state, &memory)
      segments.append(DirectorySegment(commit: summary, entries: entries))
      state.endOfTiles = max(state.endOfTiles, summary.offset)
    }
    return segments
  }

  /// What goes on from entry to entry.
  private struct State {
    var copies: Int
    var lastColumns = ColumnListCoder.Last()
    var endOfTiles = UInt64(FileHeader.size)
  }

  @_lifetime(reader: copy reader)
  private static func decodeSummary(
    _ reader: inout ByteReader, depth: UInt64, of own: CommitSummary, after last: CommitSummary?,
    _ tables: CommitTables
  ) throws(TrackerError) -> CommitSummary {
    let flags = try reader.readVarint("segment flags")
    let offset = try reader.readVarint("offset of commit")
    let sequence = try reader.readVarint("sequence of commit")
    guard offset < own.offset, sequence < own.sequence, offset > last?.offset ?? 0,
      sequence > last?.sequence ?? 0
    else { throw reader.malformed("commits of the directory do not ascend") }
    let moment = try CommitFields.readMoment(&reader, flags)
    let identity = try tables.readIdentity(&reader, flags)
    return CommitSummary(
      sequence: sequence, depth: depth, offset: offset, step: moment.step, epoch: moment.epoch,
      wallTime: moment.wallTime, identity: identity)
  }

  /// - Parameter offset: where the record of the commit begins that the directory stands in.
  @_lifetime(reader: copy reader)
  private static func decodeEntries(
    _ reader: inout ByteReader, of summary: CommitSummary, in offset: UInt64,
    _ tables: CommitTables, _ indexType: IndexType, _ state: inout State,
    _ memory: inout DirectoryMemory
  ) throws(TrackerError) -> [TileEntry] {
    let own = summary.identity.map { [$0] } ?? []
    let entryCount = try CommitFields.count(
      &reader, "directory entries", limit: reader.remaining / DirectoryEntryCoder.minBytes)
    try memory.take(state.copies * entryCount, TileEntry.self, reader)
    var entries: [TileEntry] = []
    entries.reserveCapacity(entryCount)
    for _ in 0..<entryCount {
      let typed = tables.channels[
        try CommitFields.place(&reader, "channel", in: tables.channels.count)]
      let set = try CommitFields.place(&reader, "identity set", in: tables.identitySets.count + 1)
      var entry = try DirectoryEntryCoder.decode(
        &reader, typed, indexType, &state.lastColumns, &memory)
      guard entry.offset < summary.offset,
        summary.offset - entry.offset >= UInt64(RecordHeader.size),
        entry.payloadLength <= summary.offset - entry.offset - UInt64(RecordHeader.size)
      else {
        throw reader.malformed("a tile at \(entry.offset) does not end before its commit")
      }
      guard entry.offset >= state.endOfTiles else {
        throw reader.malformed("a tile at \(entry.offset) is not behind the one before it")
      }
      state.endOfTiles = entry.offset + entry.recordLength
      if case .record(let indexSet) = entry.indexSet, indexSet >= offset {
        throw reader.malformed("an index set at \(indexSet) stands after its commit")
      }
      entry.identities = set == 0 ? own : tables.identitySets[set - 1]
      guard entry.sources == .none || !entry.identities.isEmpty else {
        throw reader.malformed("a tile has sources, but its entry names nobody")
      }
      entries.append(entry)
    }
    return entries
  }
}
