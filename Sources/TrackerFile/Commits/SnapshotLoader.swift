import TrackerCodec
import TrackerModel

/// Gathers a snapshot from a commit and its ancestors, O(log depth) of them.
struct SnapshotLoader {
  let locator: CommitLocator

  func load(_ located: LocatedCommit) throws(TrackerError) -> Snapshot {
    var snapshot = Snapshot()
    snapshot.commit = located.summary
    snapshot.unsealed = located.commit.unsealed
    snapshot.partition = located.commit.partition
    let directory = try directory(of: located)
    // One list is shared, not copied.
    if directory.segments.count == 1 { snapshot.tiles = directory.segments[0].entries }
    for segment in directory.segments {
      snapshot.ancestry.append(segment.commit)
      if directory.segments.count > 1 { snapshot.tiles.append(contentsOf: segment.entries) }
    }
    // A damaged or hostile head may leave out someone whom its ancestors name.
    let identities = directory.identities
    snapshot.identities = identities.sorted()
    snapshot.parameters = try parameters(of: located.commit)
    snapshot.keptSetsRecord = located.commit.keptSets
    return snapshot
  }

  func parameters(of commit: Commit) throws(TrackerError) -> Parameters? {
    guard let reference = commit.parameters else { return nil }
    return try read(.parameters, reference) { (reader) throws(TrackerError) in
      try ParametersCoder.decode(&reader, indexType: locator.indexType)
    }
  }

  /// - Parameter pointCount: of the history: there are no more instances, of which a list may hold all.
  func keptSets(_ reference: RecordReference?, pointCount: Int) throws(TrackerError) -> [KeptSets] {
    guard let reference else { return [] }
    var memory = DirectoryMemory(fileSize: locator.records.size, pointCount: pointCount)
    return try read(.keptSets, reference) { (reader) throws(TrackerError) in
      try KeptSetsCoder.decode(&reader, indexType: locator.indexType, memory: &memory)
    }
  }

  /// The commits from the first parent to `located` itself, with their directories' own parts.
  func line(of located: LocatedCommit) throws(TrackerError)
    -> [(segment: DirectorySegment, reference: RecordReference)]
  {
    let directory = try directory(of: located)
    var line: [(segment: DirectorySegment, reference: RecordReference)] = []
    for segment in directory.segments {
      let offset = segment.commit.offset
      var reference = directory.references[offset]
      if reference == nil {
        // Only commits that were read have checksums at hand; the others' stand in their headers.
        let header = try locator.records.header(at: offset)
        guard header.knownKind == .commit else {
          throw TrackerError(
            .malformed, "commit", "the directory names a commit where none begins",
            file: locator.records.storage.name, offset: offset)
        }
        reference = RecordReference(offset: offset, checksum: header.payloadChecksum)
      }
      if let reference { line.append((segment, reference)) }
    }
    return line
  }

  /// All segments up to a commit's own, and what is known of the commits that were read for them.
  private func directory(of located: LocatedCommit) throws(TrackerError)
    -> (
      segments: [DirectorySegment], references: [UInt64: RecordReference],
      identities: Set<RunIdentity>
    )
  {
    var parts: [[DirectorySegment]] = []
    var references = [located.reference.offset: located.reference]
    var identities: Set<RunIdentity> = []
    var current = located
    while true {
      identities.formUnion(current.commit.identities)
      parts.append(current.commit.segments)
      guard let ancestor = current.commit.ancestor else { break }
      references[ancestor.offset] = ancestor
      current = try self.ancestor(ancestor, of: current)
    }
    return (Array(parts.reversed().joined()), references, identities)
  }

  private func ancestor(_ reference: RecordReference, of located: LocatedCommit)
    throws(TrackerError) -> LocatedCommit
  {
    let found = try locator.commit(
      at: reference.offset, checksum: reference.checksum, memory: located.memory)
    let (depth, segments) = (located.commit.depth, located.commit.segments)
    guard found.commit.depth == depth - Commit.span(ofDepth: depth) else {
      throw TrackerError(
        .malformed, "commit", "it is not the ancestor that its child names",
        file: locator.records.storage.name, offset: reference.offset)
    }
    // So tiles ascend, and none overlaps another, over all segments.
    for segment in segments {
      guard segment.commit.offset > reference.offset,
        segment.commit.sequence > found.commit.sequence,
        segment.entries.first.map({ $0.offset >= found.end }) ?? true
      else {
        throw TrackerError(
          .malformed, "commit", "its directory does not stand behind its ancestor",
          file: locator.records.storage.name, offset: located.reference.offset)
      }
    }
    return found
  }

  private func read<Value>(
    _ kind: RecordKind, _ reference: RecordReference,
    _ decode: (inout ByteReader) throws(TrackerError) -> Value
  ) throws(TrackerError) -> Value {
    var payload = Payload()
    try locator.records.payload(
      kind, at: reference.offset, checksum: reference.checksum, into: &payload)
    do throws(TrackerError) {
      var reader = ByteReader(payload.bytes.span, subject: kind.description)
      return try decode(&reader)
    } catch {
      throw error.shifted(by: payload.offset).inFile(locator.records.storage.name)
    }
  }
}
