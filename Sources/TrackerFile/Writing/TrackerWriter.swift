import TrackerCodec
public import TrackerModel

/// Appends to a tracker: tiles and other records first, then a commit that makes them count.
///
/// One owner, and one writer a file: opening takes the lock. What was appended since the last commit
/// is not seen by anyone until the next one, and is written over after a failure.
public final class TrackerWriter {
  /// How a commit becomes durable.
  public enum Durability: Sendable {
    /// One sync after the commit: for files that are appended to.
    case synced
    /// None: for files written whole under a temporary name, synced and renamed by others. Readers
    /// need not verify the records when they open such a file.
    case wholeFile
  }

  public let storage: any Storage
  public let indexType: IndexType
  /// Who writes; its place in the history of merges. Nil in imported and merged files.
  public let identity: RunIdentity?
  /// The commit that the next one goes on from.
  public private(set) var head: CommitSummary?
  /// Unsealed groups as of now, including what is not committed yet.
  public internal(set) var unsealed: [UnsealedGroup] = []
  /// Bytes behind the last commit, a checkpoint that never became whole: the first append cuts them
  /// off. Until then nothing of the file is changed.
  public let removedTail: Tail?
  /// Which part of a history the next commit says this is; nil where it is whole.
  public var partition: Partition?
  private var tailIsThere = false

  /// Where the next record goes.
  var position: UInt64
  private var coversFrom: UInt64
  private var nextSequence: UInt64
  private var headReference: RecordReference?
  /// Commits by depth, from 1: the parents' line.
  private var line: [Line] = []
  private var staged: [TileEntry] = []
  private var identities: [RunIdentity]
  private var lastIdentities: [RunIdentity] = []
  private var parameters: RecordReference?
  private var keptSets: RecordReference?
  /// Whether a sync failed: nothing can be written any more.
  public private(set) var isPoisoned = false
  /// How many cores encode tiles, this thread's included; nil for all that the process may use.
  /// Bytes do not depend on it. Counts from the first tile on.
  public var cores: Int?
  /// How much time tiles' encoding may take. Set it before the first tile.
  public var level = EncodingLevel.default
  var encoders: TileEncoders?
  /// Why a tile could not be written.
  var tileFailure: TrackerError?
  var unsealedCoder = UnsealedCoder()
  var indexSets = IndexSetWriter()

  /// A commit of the parents' line, with what later directories need of it.
  private struct Line {
    var segment: DirectorySegment
    var reference: RecordReference
  }

  // MARK: Opening

  /// Begins a new tracker in empty storage.
  public init(creating storage: any Storage, indexType: IndexType, identity: RunIdentity?)
    throws(TrackerError)
  {
    try storage.lockForWriting(waitingUpTo: 10)
    let size = try storage.size()
    guard size == 0 else {
      throw TrackerError(
        .alreadyExists, "create", "the file is not empty", file: storage.name,
        remedy: "resume it, or choose another name")
    }
    self.storage = storage
    self.indexType = indexType
    self.identity = identity
    identities = identity.map { [$0] } ?? []
    position = UInt64(FileHeader.size)
    coversFrom = position
    nextSequence = 1
    removedTail = nil
    try storage.write(FileHeader(indexType: indexType).encoded().span, at: 0)
  }

  /// Opens a tracker to append to it, waiting up to 10 s for another writer to end.
  ///
  /// - Parameters:
  ///   - selector: the commit to go on from; the next commit has it as its parent, and later ones
  ///     are no longer part of the history (they stay in the file).
  ///   - identity: who will write, given the file's identities; the result of nil stays nil.
  /// - Throws: `locked`, naming the holder; `outOfRange` where there is no such commit.
  public init(
    opening storage: any Storage, at selector: CommitSelector = .last,
    identity: (Snapshot) throws(TrackerError) -> RunIdentity?
  ) throws(TrackerError) {
    try storage.lockForWriting(waitingUpTo: 10)
    let size = try storage.size()
    let header = try TrackerReader.readHeader(storage, size: size)
    guard header.minor <= FileHeader.currentMinor else {
      throw TrackerError(
        .unsupportedVersion, "file header",
        "version \(header.major).\(header.minor), this writer knows up to"
          + " \(FileHeader.currentMajor).\(FileHeader.currentMinor)", file: storage.name,
        offset: 10,
        remedy: "append to it with a newer version; reading it works")
    }
    let locator = CommitLocator(
      records: RecordReader(storage: storage, size: size), indexType: header.indexType)
    let last = try locator.last()
    let end = last?.end ?? UInt64(FileHeader.size)
    var selected = last
    if selector != .last {
      guard let last else {
        throw TrackerError(.noCommit, "open", "the file holds no commit", file: storage.name)
      }
      selected = try CommitHistory(locator: locator, last: last).select(selector)
    }
    var snapshot = Snapshot()
    if let selected {
      let loader = SnapshotLoader(locator: locator)
      snapshot = try loader.load(selected)
      line = try loader.line(of: selected).map {
        Line(segment: $0.segment, reference: $0.reference)
      }
    }
    // Those of the last commit too: a rewind does not undo resumes.
    if let last {
      snapshot.identities = (snapshot.identities + last.commit.identities).sortedUnique()
    }
    let identity = try identity(snapshot)
    self.storage = storage
    indexType = header.indexType
    self.identity = identity
    removedTail = end < size ? Tail(offset: end, length: size - end) : nil
    tailIsThere = end < size
    guard last != nil || end == size else {
      // With one commit damaged this would be the whole history, not a checkpoint's rest.
      throw TrackerError(
        .noCommit, "open",
        "the file holds no complete commit, but \(size - end) bytes that may be worth saving",
        file: storage.name,
        remedy: "'tracker recover' saves what can be read; or remove the file to begin anew")
    }
    identities = (snapshot.identities + (identity.map { [$0] } ?? [])).sortedUnique()
    position = end
    coversFrom = end
    nextSequence = (last?.commit.sequence ?? 0) + 1
    head = selected?.summary
    headReference = selected?.reference
    unsealed = snapshot.unsealed
    parameters = selected?.commit.parameters
    keptSets = selected?.commit.keptSets
    partition = selected?.commit.partition
  }

  // MARK: Records

  /// Writes a record at the end and returns its offset and checksum.
  func append(_ kind: RecordKind, _ payload: Span<UInt8>) throws(TrackerError) -> RecordReference {
    try append(kind, payload, payload.extracting(last: 0))
  }

  /// The same for a payload in two parts.
  func append(_ kind: RecordKind, _ payload: Span<UInt8>, _ rest: Span<UInt8>)
    throws(TrackerError) -> RecordReference
  {
    guard !isPoisoned else { throw poisoned }
    if tailIsThere {
      // Durable before anything is appended: the bytes cut off must not come back behind it.
      try storage.truncate(to: coversFrom)
      do throws(TrackerError) {
        try storage.synchronize()
      } catch {
        throw error.at(coversFrom)
      }
      tailIsThere = false
    }
    let length = payload.count + rest.count
    guard length <= Limits.maxRecordBytes else {
      throw TrackerError(
        .limitExceeded, "\(kind)", "\(length) bytes, the limit is \(Limits.maxRecordBytes)",
        file: storage.name)
    }
    let header = RecordHeader(kind: kind, payload: payload, rest: rest)
    let offset = position
    // Header and first part in one call: where there is a second, the first is short.
    var bytes = header.encoded(at: offset)
    if rest.count > 0 {
      for place in payload.indices { bytes.append(payload[place]) }
    }
    try storage.write(bytes.span, at: offset)
    let (last, place) = rest.count > 0 ? (rest, bytes.count) : (payload, RecordHeader.size)
    try storage.write(last, at: offset + UInt64(place))
    position = offset + UInt64(RecordHeader.size + length)
    return RecordReference(offset: offset, checksum: header.payloadChecksum)
  }

  /// Lists a tile in the next commit.
  func stage(_ entry: TileEntry) {
    staged.append(entry)
    if entry.identities != identity.map({ [$0] }) ?? [], entry.identities != lastIdentities {
      // Tile after tile names the same, of whom there may be many.
      addIdentities(entry.identities)
      lastIdentities = entry.identities
    }
  }

  /// A moment between records, to which a writer can go back.
  public struct Mark: Sendable {
    fileprivate var tileCount: Int
    fileprivate var position: UInt64
    fileprivate var unsealed: [UnsealedGroup]
    fileprivate var parameters: RecordReference?
    fileprivate var keptSets: RecordReference?
  }

  /// - Precondition: all tiles are finished.
  public var mark: Mark {
    precondition(!hasPendingTiles, "a mark stands between records: finish the tiles first")
    return Mark(
      tileCount: staged.count, position: position, unsealed: unsealed, parameters: parameters,
      keptSets: keptSets)
  }

  /// Takes back what was appended since a mark: tiles, unsealed points, parameters and kept sets.
  ///
  /// - Precondition: nothing was committed since.
  public func rollBack(to mark: Mark) {
    encoders?.cancel()
    tileFailure = nil
    staged.removeLast(staged.count - mark.tileCount)
    position = mark.position
    indexSets.rollBack(to: position)
    unsealed = mark.unsealed
    parameters = mark.parameters
    keptSets = mark.keptSets
  }

  /// Names those who took part in this history, whether or not they recorded a point.
  public func addIdentities(_ more: [RunIdentity]) {
    identities = (identities + more).sortedUnique()
  }

  static func check(_ channel: Channel) throws(TrackerError) {
    for name in [channel.metric, channel.dsID] {
      guard let name, name.utf8.count > Limits.maxNameBytes else { continue }
      throw TrackerError(
        .limitExceeded, "channel",
        "a name of \(name.utf8.count) bytes, the limit is \(Limits.maxNameBytes)")
    }
  }

  /// Adds unsealed points to the next commit: those recorded since the last one.
  ///
  /// - Parameter values: bits in `valueType`, one per index.
  public func appendUnsealed(
    channel: Channel, epoch: Int64, valueType: ValueType, indices: IndexColumn, values: [UInt64]
  ) throws(TrackerError) {
    try Self.check(channel)
    try finishTiles()
    let place = unsealed.firstIndex { $0.channel == channel && $0.epoch == epoch }
    guard place != nil || unsealed.count < Limits.maxUnsealedGroups else {
      throw TrackerError(
        .limitExceeded, "unsealed points",
        "\(unsealed.count) epochs are not sealed, the limit is \(Limits.maxUnsealedGroups)",
        file: storage.name, remedy: "end the epochs that are over")
    }
    guard place.map({ unsealed[$0].valueType == valueType }) ?? true else {
      throw TrackerError(
        .inexactValue, "unsealed points", "values of another type than those before",
        file: storage.name)
    }
    var row = 0
    while row < indices.count {
      var end = min(row + Limits.maxTileRows, indices.count)
      if indices.stringBytes > Limits.maxIndexSetStringBytes { end = min(end, row + 4096) }
      let part = UnsealedPoints(
        channel: channel, epoch: epoch, valueType: valueType,
        previous: unsealed.first { $0.channel == channel && $0.epoch == epoch }?.newestRecord ?? 0,
        indices: indices.slice(row..<end), values: Array(values[row..<end]))
      var payload: [UInt8] = []
      unsealedCoder.encode(part, into: &payload)
      let record = try append(.unsealed, payload.span)
      if let place = unsealed.firstIndex(where: { $0.channel == channel && $0.epoch == epoch }) {
        unsealed[place].newestRecord = record.offset
        unsealed[place].recordCount += 1
        unsealed[place].pointCount += end - row
      } else {
        unsealed.append(
          UnsealedGroup(
            channel: channel, epoch: epoch, valueType: valueType, newestRecord: record.offset,
            recordCount: 1, pointCount: end - row))
        unsealed.sort { ($0.channel, $0.epoch) < ($1.channel, $1.epoch) }
      }
      row = end
    }
  }

  /// Forgets the unsealed points of an epoch: they were sealed.
  public func removeUnsealed(channel: Channel, epoch: Int64) {
    unsealed.removeAll { $0.channel == channel && $0.epoch == epoch }
  }

  /// Replaces the parameters from the next commit on.
  public func setParameters(_ parameters: Parameters) throws(TrackerError) {
    try IndexListCoder.check(parameters.listToKeep ?? [], .toKeep, "the list to keep")
    try finishTiles()
    self.parameters = try append(
      .parameters, ParametersCoder.encode(parameters, indexType: indexType).span)
  }

  /// Replaces the kept sets from the next commit on.
  public func setKeptSets(_ sets: [KeptSets]) throws(TrackerError) {
    try finishTiles()
    for set in sets {
      for indices in [set.max, set.min, set.list, set.missing] {
        try IndexListCoder.check(indices, .kept, "a kept set of \(set.channel)")
      }
    }
    keptSets = try append(.keptSets, KeptSetsCoder.encode(sets, indexType: indexType).span)
  }

  // MARK: Committing

  /// Makes all that was appended part of the tracker, at once.
  ///
  /// - Parameter wallTime: microseconds since 1970, or nil to write no time.
  /// - Throws: after a failed sync the writer refuses all further work, because what became durable
  ///   is not known; opening the file again finds out.
  @discardableResult
  public func commit(
    step: Int64?, epoch: Int64?, wallTime: UInt64?, durability: Durability = .synced
  ) throws(TrackerError) -> CommitSummary {
    guard !isPoisoned else { throw poisoned }
    try finishTiles()
    let depth = UInt64(line.count) + 1
    let offset = position
    let summary = CommitSummary(
      sequence: nextSequence, depth: depth, offset: offset, step: step, epoch: epoch,
      wallTime: wallTime, identity: identity)
    let own = DirectorySegment(commit: summary, entries: staged)
    let ancestorDepth = Int(depth - Commit.span(ofDepth: depth))
    let commit = Commit(
      sequence: nextSequence, depth: depth, parent: headReference,
      ancestor: ancestorDepth > 0 ? line[ancestorDepth - 1].reference : nil,
      coversFrom: coversFrom, isPresynced: durability == .wholeFile, step: step, epoch: epoch,
      wallTime: wallTime, identity: identity, identities: identities, parameters: parameters,
      keptSets: keptSets, unsealed: unsealed, partition: partition,
      segments: line[ancestorDepth...].map(\.segment) + [own])
    let payload = CommitCoder.encode(commit, at: offset)
    // What an append that failed half-way left behind must not stand behind the commit. Before it is
    // written: once it is, only the sync may fail.
    if try storage.size() > offset { try storage.truncate(to: offset) }
    let reference = try append(.commit, payload.span)
    if durability == .synced {
      do throws(TrackerError) {
        try storage.synchronize()
      } catch {
        isPoisoned = true
        // The system may count as written what never reached the disk, and show it to whoever opens the
        // file next: a commit made on top of this one would be lost with it.
        try? storage.truncate(to: coversFrom)
        try? storage.synchronize()
        throw error.at(offset)
      }
    }
    line.append(Line(segment: own, reference: reference))
    head = summary
    headReference = reference
    nextSequence += 1
    coversFrom = position
    staged.removeAll()
    return summary
  }

  /// Whether anything was appended since the last commit.
  public var hasUncommitted: Bool {
    position > coversFrom || !staged.isEmpty || hasPendingTiles
  }

  private var hasPendingTiles: Bool { (encoders?.count ?? 0) > 0 }

  /// All tiles, those not committed yet included, in the order written.
  ///
  /// - Precondition: all tiles are finished.
  public var tiles: [TileEntry] {
    precondition(!hasPendingTiles, "tiles are listed as they are written: finish them first")
    return line.flatMap(\.segment.entries) + staged
  }

  public func close() { storage.close() }

  private var poisoned: TrackerError {
    TrackerError(
      .closed, "write", "an earlier sync failed: what became durable is not known",
      file: storage.name, remedy: "open the file again")
  }
}

extension [RunIdentity] {
  func sortedUnique() -> [RunIdentity] { Set(self).sorted() }
}
