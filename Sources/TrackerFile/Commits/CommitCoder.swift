import TrackerCodec
import TrackerModel

/// Writes and reads the payloads of commit records.
///
/// Names and identities stand once, in tables; everything else refers to them by number.
enum CommitCoder {
  /// The payload of a commit whose record begins at `offset`.
  static func encode(_ commit: Commit, at offset: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendVarint(CommitFlags.of(commit))
    bytes.appendVarint(commit.sequence)
    bytes.appendVarint(commit.depth)
    bytes.appendVarint(commit.coversFrom)
    for reference in [commit.parent, commit.ancestor, commit.parameters, commit.keptSets] {
      guard let reference else { continue }
      bytes.appendVarint(reference.offset)
      bytes.appendFixed(reference.checksum)
    }
    CommitFields.append(commit.step, commit.epoch, commit.wallTime, &bytes)
    var tables = CommitTables(of: commit)
    tables.appendIdentities(to: &bytes)
    if let identity = commit.identity { bytes.appendVarint(tables.number(of: identity)) }
    tables.appendChannelsAndSets(to: &bytes)
    UnsealedGroupCoder.encode(commit.unsealed, tables, into: &bytes)
    DirectorySegmentCoder.encode(commit, &tables, into: &bytes)
    if let partition = commit.partition { PartitionCoder.encode(partition, into: &bytes) }
    bytes.appendFixed(offset)
    bytes.append(contentsOf: Commit.trailerMagic)
    return bytes
  }

  /// - Parameters:
  ///   - offset: where the commit's record begins.
  ///   - memory: what the commit may take; less what it takes.
  /// - Throws: with offsets counted from the payload.
  @_lifetime(reader: copy reader)
  static func decode(
    _ reader: inout ByteReader, at offset: UInt64, indexType: IndexType,
    memory: inout DirectoryMemory
  ) throws(TrackerError) -> Commit {
    let flags = try reader.readVarint("flags")
    let sequence = try reader.readVarint("sequence")
    let depth = try reader.readVarint("depth")
    guard sequence >= 1, sequence <= UInt64(Int64.max), depth >= 1, depth <= sequence else {
      throw reader.malformed("sequence \(sequence) and depth \(depth) do not fit")
    }
    let coversFrom = try reader.readVarint("first record covered")
    guard coversFrom >= UInt64(FileHeader.size), coversFrom <= offset else {
      throw reader.malformed("covers records from \(coversFrom), itself standing at \(offset)")
    }
    let hasAncestor = depth != Commit.span(ofDepth: depth)
    guard (flags & CommitFlags.parent != 0) == (depth > 1),
      (flags & CommitFlags.ancestor != 0) == hasAncestor
    else { throw reader.malformed("parent or ancestor do not fit depth \(depth)") }
    let parent = try CommitFields.readReference(
      &reader, flags & CommitFlags.parent != 0, below: offset)
    let ancestor = try CommitFields.readReference(
      &reader, flags & CommitFlags.ancestor != 0, below: offset)
    let parameters = try CommitFields.readReference(
      &reader, flags & CommitFlags.parameters != 0, below: offset)
    let keptSets = try CommitFields.readReference(
      &reader, flags & CommitFlags.keptSets != 0, below: offset)
    let moment = try CommitFields.readMoment(&reader, flags)

    var tables = try CommitTables(readingIdentities: &reader, memory: &memory)
    let identity = try tables.readIdentity(&reader, flags)
    try tables.readChannelsAndSets(&reader, memory: &memory)
    let unsealed = try UnsealedGroupCoder.decode(&reader, at: offset, tables, memory: &memory)
    let own = CommitSummary(
      sequence: sequence, depth: depth, offset: offset, step: moment.step, epoch: moment.epoch,
      wallTime: moment.wallTime, identity: identity)
    let segments = try DirectorySegmentCoder.decode(
      &reader, of: own, tables, indexType: indexType, memory: &memory)
    let partition =
      flags & CommitFlags.partition != 0 ? try PartitionCoder.decode(&reader, indexType) : nil
    return Commit(
      sequence: sequence, depth: depth, parent: parent, ancestor: ancestor, coversFrom: coversFrom,
      isPresynced: flags & CommitFlags.presynced != 0, step: moment.step, epoch: moment.epoch,
      wallTime: moment.wallTime, identity: identity, identities: tables.identities,
      parameters: parameters, keptSets: keptSets, unsealed: unsealed, partition: partition,
      segments: segments)
  }
}
