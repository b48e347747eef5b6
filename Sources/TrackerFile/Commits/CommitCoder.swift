import TrackerCodec
import TrackerModel

/// Writes and reads the payloads of commit records.
///
/// Names and identities stand once, in tables; everything else refers to them by number.
enum CommitCoder {
  private enum Flag {
    static let presynced: UInt64 = 1
    static let wallTime: UInt64 = 2
    static let step: UInt64 = 4
    static let epoch: UInt64 = 8
    static let parent: UInt64 = 16
    static let ancestor: UInt64 = 32
    static let parameters: UInt64 = 64
    static let keptSets: UInt64 = 128
    static let identity: UInt64 = 256
    static let partition: UInt64 = 512
  }

  /// A channel and the value type of its tiles: one line of the channel table.
  private struct TypedChannel: Hashable {
    var channel: Channel
    var valueType: ValueType
  }

  // MARK: Writing

  /// The payload of a commit whose record begins at `offset`.
  static func encode(_ commit: Commit, at offset: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var flags: UInt64 = 0
    if commit.isPresynced { flags |= Flag.presynced }
    if commit.wallTime != nil { flags |= Flag.wallTime }
    if commit.step != nil { flags |= Flag.step }
    if commit.epoch != nil { flags |= Flag.epoch }
    if commit.parent != nil { flags |= Flag.parent }
    if commit.ancestor != nil { flags |= Flag.ancestor }
    if commit.parameters != nil { flags |= Flag.parameters }
    if commit.keptSets != nil { flags |= Flag.keptSets }
    if commit.identity != nil { flags |= Flag.identity }
    if commit.partition != nil { flags |= Flag.partition }
    bytes.appendVarint(flags)
    bytes.appendVarint(commit.sequence)
    bytes.appendVarint(commit.depth)
    bytes.appendVarint(commit.coversFrom)
    for reference in [commit.parent, commit.ancestor, commit.parameters, commit.keptSets] {
      guard let reference else { continue }
      bytes.appendVarint(reference.offset)
      bytes.appendFixed(reference.checksum)
    }
    appendMoment(commit.step, commit.epoch, commit.wallTime, &bytes)

    bytes.appendVarint(commit.identities.count)
    for identity in commit.identities {
      bytes.appendName(identity.runID)
      bytes.appendVarint(UInt64(identity.generation))
      bytes.appendVarint(UInt64(identity.rank))
      bytes.appendVarint(UInt64(identity.worldSize))
    }
    var identityNumbers: [RunIdentity: Int] = [:]
    for (number, identity) in commit.identities.enumerated() { identityNumbers[identity] = number }
    func number(of identity: RunIdentity) -> Int {
      guard let number = identityNumbers[identity] else {
        preconditionFailure("every identity stands in the commit's table")
      }
      return number
    }
    if let identity = commit.identity { bytes.appendVarint(number(of: identity)) }

    var channels: [TypedChannel] = []
    var channelNumbers: [TypedChannel: Int] = [:]
    func add(_ channel: Channel, _ valueType: ValueType) {
      let typed = TypedChannel(channel: channel, valueType: valueType)
      if channelNumbers[typed] == nil {
        channelNumbers[typed] = channels.count
        channels.append(typed)
      }
    }
    var identitySets: [[RunIdentity]] = []
    var identitySetNumbers: [[RunIdentity]: Int] = [:]
    // Many entries in a row have the same, which is seen without looking at it.
    var last: (set: [RunIdentity], number: Int)?
    func setNumber(_ set: [RunIdentity]) -> Int {
      if let last, last.set == set { return last.number }
      let number = identitySetNumbers[set] ?? identitySets.count
      last = (set, number)
      return number
    }
    for group in commit.unsealed { add(group.channel, group.valueType) }
    for segment in commit.segments {
      let own = segment.commit.identity.map { [$0] } ?? []
      for entry in segment.entries {
        add(entry.channel, entry.valueType)
        if entry.identities != own, setNumber(entry.identities) == identitySets.count {
          identitySetNumbers[entry.identities] = identitySets.count
          identitySets.append(entry.identities)
        }
      }
    }
    bytes.appendVarint(channels.count)
    for typed in channels {
      TileCoder.encode(typed.channel, into: &bytes)
      bytes.append(typed.valueType.rawValue)
    }
    bytes.appendVarint(identitySets.count)
    for set in identitySets {
      bytes.appendVarint(set.count)
      for identity in set { bytes.appendVarint(number(of: identity)) }
    }
    func channelNumber(_ channel: Channel, _ valueType: ValueType) -> Int {
      channelNumbers[TypedChannel(channel: channel, valueType: valueType)] ?? 0
    }

    bytes.appendVarint(commit.unsealed.count)
    for group in commit.unsealed {
      bytes.appendVarint(channelNumber(group.channel, group.valueType))
      bytes.appendSigned(group.epoch)
      bytes.appendVarint(group.newestRecord)
      bytes.appendVarint(group.recordCount)
      bytes.appendVarint(group.pointCount)
    }

    for segment in commit.segments {
      let summary = segment.commit
      // The own segment repeats nothing that stands above.
      if summary.depth != commit.depth {
        var segmentFlags: UInt64 = 0
        if summary.wallTime != nil { segmentFlags |= Flag.wallTime }
        if summary.step != nil { segmentFlags |= Flag.step }
        if summary.epoch != nil { segmentFlags |= Flag.epoch }
        if summary.identity != nil { segmentFlags |= Flag.identity }
        bytes.appendVarint(segmentFlags)
        bytes.appendVarint(summary.offset)
        bytes.appendVarint(summary.sequence)
        appendMoment(summary.step, summary.epoch, summary.wallTime, &bytes)
        if let identity = summary.identity { bytes.appendVarint(number(of: identity)) }
      }
      bytes.appendVarint(segment.entries.count)
      let own = summary.identity.map { [$0] } ?? []
      for entry in segment.entries {
        bytes.appendVarint(channelNumber(entry.channel, entry.valueType))
        let set = entry.identities == own ? 0 : 1 + setNumber(entry.identities)
        bytes.appendVarint(set)
        appendEntry(entry, &bytes)
      }
    }
    if let partition = commit.partition {
      bytes.appendVarint(partition.count)
      bytes.appendVarint(partition.number)
      bytes.appendFixed(partition.setID)
      if let lower = partition.range.lower { appendIndex(lower, &bytes) }
      if let upper = partition.range.upper { appendIndex(upper, &bytes) }
    }
    bytes.appendFixed(offset)
    bytes.append(contentsOf: Commit.trailerMagic)
    return bytes
  }

  private static func appendMoment(
    _ step: Int64?, _ epoch: Int64?, _ wallTime: UInt64?, _ bytes: inout [UInt8]
  ) {
    if let step { bytes.appendSigned(step) }
    if let epoch { bytes.appendSigned(epoch) }
    if let wallTime { bytes.appendVarint(wallTime) }
  }

  private static func appendEntry(_ entry: TileEntry, _ bytes: inout [UInt8]) {
    bytes.appendVarint(entry.offset)
    bytes.appendVarint(entry.payloadLength)
    ColumnListCoder.encode(entry.columns, into: &bytes)
    bytes.appendVarint(entry.rowCount)
    bytes.append(TileFlags(entry.indexSet, entry.sources).byte)
    switch entry.indexSet {
    case .dense: appendIndex(entry.firstIndex, &bytes)
    case .record(let offset):
      bytes.appendVarint(offset)
      appendIndex(entry.firstIndex, &bytes)
      appendIndex(entry.lastIndex, &bytes)
    }
    let statistics = entry.statistics
    bytes.appendVarint(statistics.pointCount)
    bytes.appendVarint(statistics.nanCount)
    // Without a value that is not NaN there is no minimum, maximum or sum.
    if let min = statistics.min, let max = statistics.max {
      bytes.appendFixed(min)
      bytes.appendFixed(max)
      bytes.appendFixed(statistics.sum.bitPattern)
    }
  }

  private static func appendIndex(_ index: InstanceIndex, _ bytes: inout [UInt8]) {
    switch index {
    case .integer(let value): bytes.appendSigned(value)
    case .string(let name):
      bytes.appendVarint(name.utf8.count)
      bytes.append(contentsOf: name.utf8)
    }
  }

  // MARK: Reading

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
    guard (flags & Flag.parent != 0) == (depth > 1), (flags & Flag.ancestor != 0) == hasAncestor
    else { throw reader.malformed("parent or ancestor do not fit depth \(depth)") }
    let parent = try readReference(&reader, flags & Flag.parent != 0, below: offset)
    let ancestor = try readReference(&reader, flags & Flag.ancestor != 0, below: offset)
    let parameters = try readReference(&reader, flags & Flag.parameters != 0, below: offset)
    let keptSets = try readReference(&reader, flags & Flag.keptSets != 0, below: offset)
    let moment = try readMoment(&reader, flags)

    let identityCount = try count(&reader, "run identities", limit: Limits.maxIdentities)
    try memory.take(identityCount, RunIdentity.self, reader)
    var identities: [RunIdentity] = []
    identities.reserveCapacity(identityCount)
    for _ in 0..<identityCount {
      let runID = try reader.readName("run id")
      let generation = try number(&reader, "generation")
      let rank = try number(&reader, "rank")
      let worldSize = try number(&reader, "world size")
      do throws(TrackerError) {
        let identity = try RunIdentity(
          runID: runID, generation: generation, rank: rank, worldSize: worldSize)
        if let last = identities.last, !(last < identity) {
          throw reader.malformed("run identities do not ascend")
        }
        identities.append(identity)
      } catch {
        throw error.code == .invalidParameter ? reader.malformed(error.detail) : error
      }
    }
    let identity: RunIdentity? =
      flags & Flag.identity != 0
      ? identities[try place(&reader, "run identity", in: identities.count)] : nil

    let channelCount = try count(&reader, "channels", limit: Limits.maxRecordBytes)
    try memory.take(channelCount, TypedChannel.self, reader)
    var channels: [TypedChannel] = []
    channels.reserveCapacity(channelCount)
    for _ in 0..<channelCount {
      let channel = try TileCoder.decodeChannel(&reader)
      let typeByte = try reader.readUInt8("value type")
      guard let valueType = ValueType(rawValue: typeByte) else {
        throw reader.malformed("unknown value type \(typeByte)")
      }
      channels.append(TypedChannel(channel: channel, valueType: valueType))
    }
    let setCount = try count(&reader, "identity sets", limit: Limits.maxRecordBytes)
    try memory.take(setCount, of: arrayBytes, reader)
    var identitySets: [[RunIdentity]] = []
    identitySets.reserveCapacity(setCount)
    for _ in 0..<setCount {
      let size = try count(&reader, "identities of a set", limit: Limits.maxIdentities)
      try memory.take(size, RunIdentity.self, reader)
      var set: [RunIdentity] = []
      set.reserveCapacity(size)
      for _ in 0..<size {
        let identity = identities[try place(&reader, "run identity", in: identities.count)]
        guard set.last.map({ $0 < identity }) ?? true else {
          throw reader.malformed("the identities of a set do not ascend")
        }
        set.append(identity)
      }
      identitySets.append(set)
    }

    var unsealed: [UnsealedGroup] = []
    let groupCount = try count(&reader, "unsealed groups", limit: Limits.maxUnsealedGroups)
    try memory.take(groupCount, UnsealedGroup.self, reader)
    unsealed.reserveCapacity(groupCount)
    for _ in 0..<groupCount {
      let typed = channels[try place(&reader, "channel", in: channels.count)]
      let epoch = try reader.readSigned("epoch")
      let newestRecord = try reader.readVarint("offset of unsealed points")
      guard newestRecord < offset else {
        throw reader.malformed("unsealed points at \(newestRecord) stand after their commit")
      }
      unsealed.append(
        UnsealedGroup(
          channel: typed.channel, epoch: epoch, valueType: typed.valueType,
          newestRecord: newestRecord,
          recordCount: try reader.readCount("unsealed records", limit: Int(Int32.max)),
          pointCount: try reader.readCount("unsealed points", limit: Limits.maxUnsealedPoints)))
    }

    var segments: [DirectorySegment] = []
    let span = Commit.span(ofDepth: depth)
    guard span <= UInt64(reader.remaining) else {
      throw reader.malformed("\(span) directory segments do not fit")
    }
    // Entries of several segments are put into one list later.
    let copies = span > 1 ? 2 : 1
    try memory.take(Int(span), of: MemoryLayout<DirectorySegment>.stride + arrayBytes, reader)
    segments.reserveCapacity(Int(span))
    var lastColumns = ColumnListCoder.Last()
    var endOfTiles = UInt64(FileHeader.size)
    for segmentDepth in depth - span + 1...depth {
      var summary = CommitSummary(
        sequence: sequence, depth: segmentDepth, offset: offset, step: moment.step,
        epoch: moment.epoch, wallTime: moment.wallTime, identity: identity)
      if segmentDepth != depth {
        let segmentFlags = try reader.readVarint("segment flags")
        summary.offset = try reader.readVarint("offset of commit")
        summary.sequence = try reader.readVarint("sequence of commit")
        let last = segments.last?.commit
        guard summary.offset < offset, summary.sequence < sequence,
          summary.offset > last?.offset ?? 0, summary.sequence > last?.sequence ?? 0
        else { throw reader.malformed("commits of the directory do not ascend") }
        let moment = try readMoment(&reader, segmentFlags)
        (summary.step, summary.epoch, summary.wallTime) = (
          moment.step, moment.epoch, moment.wallTime
        )
        summary.identity =
          segmentFlags & Flag.identity != 0
          ? identities[try place(&reader, "run identity", in: identities.count)] : nil
      }
      let own = summary.identity.map { [$0] } ?? []
      let entryCount = try count(
        &reader, "directory entries", limit: reader.remaining / minEntryBytes)
      try memory.take(copies * entryCount, TileEntry.self, reader)
      var entries: [TileEntry] = []
      entries.reserveCapacity(entryCount)
      for _ in 0..<entryCount {
        let typed = channels[try place(&reader, "channel", in: channels.count)]
        let set = try place(&reader, "identity set", in: identitySets.count + 1)
        var entry = try readEntry(&reader, typed, indexType, &lastColumns, &memory)
        guard entry.offset < summary.offset,
          summary.offset - entry.offset >= UInt64(RecordHeader.size),
          entry.payloadLength <= summary.offset - entry.offset - UInt64(RecordHeader.size)
        else {
          throw reader.malformed("a tile at \(entry.offset) does not end before its commit")
        }
        guard entry.offset >= endOfTiles else {
          throw reader.malformed("a tile at \(entry.offset) is not behind the one before it")
        }
        endOfTiles = entry.offset + entry.recordLength
        if case .record(let indexSet) = entry.indexSet, indexSet >= offset {
          throw reader.malformed("an index set at \(indexSet) stands after its commit")
        }
        entry.identities = set == 0 ? own : identitySets[set - 1]
        guard entry.sources == .none || !entry.identities.isEmpty else {
          throw reader.malformed("a tile has sources, but its entry names nobody")
        }
        entries.append(entry)
      }
      segments.append(DirectorySegment(commit: summary, entries: entries))
      endOfTiles = max(endOfTiles, summary.offset)
    }
    let partition =
      flags & Flag.partition != 0 ? try readPartition(&reader, indexType) : nil
    return Commit(
      sequence: sequence, depth: depth, parent: parent, ancestor: ancestor, coversFrom: coversFrom,
      isPresynced: flags & Flag.presynced != 0, step: moment.step, epoch: moment.epoch,
      wallTime: moment.wallTime, identity: identity, identities: identities,
      parameters: parameters, keptSets: keptSets, unsealed: unsealed, partition: partition,
      segments: segments)
  }

  /// What an array takes beside its elements.
  private static let arrayBytes = 48
  /// The bytes of the smallest entry: of one column, without points.
  private static let minEntryBytes = 12

  @_lifetime(reader: copy reader)
  private static func readPartition(_ reader: inout ByteReader, _ indexType: IndexType)
    throws(TrackerError) -> Partition
  {
    let count = try reader.readVarint("number of partitions")
    let number = try reader.readVarint("number of the partition")
    let setID = try reader.readFixed(UInt64.self, "set of partitions")
    guard number >= 1, number <= count else {
      throw reader.malformed("partition \(number) of \(count)")
    }
    let lower = number > 1 ? try readIndex(&reader, indexType) : nil
    let upper = number < count ? try readIndex(&reader, indexType) : nil
    do throws(TrackerError) {
      return try Partition(
        number: number, count: count, setID: setID, range: IndexRange(lower: lower, upper: upper))
    } catch {
      throw reader.malformed(error.detail)
    }
  }

  /// A count of things that take at least a byte each.
  @_lifetime(reader: copy reader)
  private static func count(_ reader: inout ByteReader, _ what: String, limit: Int)
    throws(TrackerError) -> Int
  {
    try reader.readCount("number of \(what)", limit: min(limit, reader.remaining))
  }

  /// A number below `count`.
  @_lifetime(reader: copy reader)
  private static func place(_ reader: inout ByteReader, _ what: String, in count: Int)
    throws(TrackerError) -> Int
  {
    let number = try reader.readVarint(what)
    guard number < UInt64(count) else {
      throw reader.malformed("\(what) \(number) of \(count)")
    }
    return Int(number)
  }

  @_lifetime(reader: copy reader)
  private static func number(_ reader: inout ByteReader, _ what: String) throws(TrackerError)
    -> UInt32
  {
    let value = try reader.readVarint(what)
    guard let number = UInt32(exactly: value) else {
      throw reader.malformed("\(what) \(value) exceeds 32 bits")
    }
    return number
  }

  @_lifetime(reader: copy reader)
  private static func readReference(
    _ reader: inout ByteReader, _ isPresent: Bool, below limit: UInt64
  ) throws(TrackerError) -> RecordReference? {
    guard isPresent else { return nil }
    let offset = try reader.readVarint("offset of a record")
    // Only backwards: no chain of references can run in a circle.
    guard offset < limit else {
      throw reader.malformed("a reference to \(offset), at or after \(limit)")
    }
    return RecordReference(
      offset: offset, checksum: try reader.readFixed(UInt32.self, "checksum"))
  }

  @_lifetime(reader: copy reader)
  private static func readMoment(_ reader: inout ByteReader, _ flags: UInt64)
    throws(TrackerError) -> (step: Int64?, epoch: Int64?, wallTime: UInt64?)
  {
    let step = flags & Flag.step != 0 ? try reader.readSigned("step") : nil
    let epoch = flags & Flag.epoch != 0 ? try reader.readSigned("epoch") : nil
    let wallTime = flags & Flag.wallTime != 0 ? try reader.readVarint("wall time") : nil
    return (step, epoch, wallTime)
  }

  @_lifetime(reader: copy reader)
  private static func readEntry(
    _ reader: inout ByteReader, _ typed: TypedChannel, _ indexType: IndexType,
    _ lastColumns: inout ColumnListCoder.Last, _ memory: inout DirectoryMemory
  ) throws(TrackerError) -> TileEntry {
    let offset = try reader.readVarint("offset of tile")
    let payloadLength = try reader.readVarint("length of tile")
    if try ColumnListCoder.decode(&reader, last: &lastColumns) {
      try memory.take(lastColumns.columns.count, TileColumn.self, reader)
      try memory.take(1, of: arrayBytes, reader)
    }
    let columns = lastColumns.columns
    let rowCount = try reader.readCount("rows of tile", limit: Limits.maxTileRows)
    guard rowCount > 0 else { throw reader.malformed("a tile has no row") }
    let byte = try reader.readUInt8("tile flags")
    guard let flags = TileFlags(byte: byte) else {
      throw reader.malformed("unknown tile flags \(byte)")
    }
    let indexSet: IndexSetReference
    let first: InstanceIndex
    let last: InstanceIndex
    if !flags.hasIndexSetRecord {
      guard indexType == .int64 else { throw reader.malformed("a dense range of strings") }
      let start = try reader.readSigned("first index")
      guard start <= Int64.max - Int64(rowCount - 1) else {
        throw reader.malformed("a dense range exceeds Int64")
      }
      indexSet = .dense(first: start)
      first = .integer(start)
      last = .integer(start + Int64(rowCount - 1))
    } else {
      indexSet = .record(offset: try reader.readVarint("offset of index set"))
      first = try readIndex(&reader, indexType)
      last = try readIndex(&reader, indexType)
      guard rowCount == 1 ? first == last : first < last else {
        throw reader.malformed("the first index of a tile does not sort before the last")
      }
    }
    var statistics = TileStatistics()
    statistics.pointCount = try reader.readCount("points", limit: rowCount * columns.count)
    statistics.nanCount = try reader.readCount("NaN values", limit: statistics.pointCount)
    if statistics.nanCount < statistics.pointCount {
      statistics.min = try reader.readFixed(UInt64.self, "minimum")
      statistics.max = try reader.readFixed(UInt64.self, "maximum")
      statistics.sum = Double(bitPattern: try reader.readFixed(UInt64.self, "sum"))
    }
    return TileEntry(
      channel: typed.channel, valueType: typed.valueType, offset: offset,
      payloadLength: payloadLength, columns: columns, rowCount: rowCount, indexSet: indexSet,
      firstIndex: first, lastIndex: last, statistics: statistics, identities: [],
      sources: flags.sources)
  }

  @_lifetime(reader: copy reader)
  private static func readIndex(_ reader: inout ByteReader, _ type: IndexType)
    throws(TrackerError) -> InstanceIndex
  {
    switch type {
    case .int64: return .integer(try reader.readSigned("index"))
    case .string:
      let length = try reader.readCount("length of index", limit: Limits.maxIndexBytes)
      let span = try reader.readBytes(length, "index")
      var bytes: [UInt8] = []
      bytes.append(span)
      guard let name = Name(utf8: bytes) else {
        throw reader.malformed("an index is not valid UTF-8")
      }
      return .string(name)
    }
  }
}
