import TrackerCodec
import TrackerModel

/// What stands once in a commit, and is referred to by number: run identities, channels with the value type
/// of their tiles, and sets of identities.
struct CommitTables {
  /// A channel and the value type of its tiles: one line of the channel table.
  struct TypedChannel: Hashable {
    var channel: Channel
    var valueType: ValueType
  }

  let identities: [RunIdentity]
  private(set) var channels: [TypedChannel] = []
  private(set) var identitySets: [[RunIdentity]] = []
  private var identityNumbers: [RunIdentity: Int] = [:]
  private var channelNumbers: [TypedChannel: Int] = [:]
  private var identitySetNumbers: [[RunIdentity]: Int] = [:]
  // Many entries in a row have the same, which is seen without looking at it.
  private var last: (set: [RunIdentity], number: Int)?

  // MARK: Writing

  /// All that a commit refers to, in the order in which it does.
  init(of commit: Commit) {
    identities = commit.identities
    for (number, identity) in identities.enumerated() { identityNumbers[identity] = number }
    for group in commit.unsealed { add(group.channel, group.valueType) }
    for segment in commit.segments {
      let own = Self.ownSet(of: segment.commit)
      for entry in segment.entries {
        add(entry.channel, entry.valueType)
        if entry.identities != own, setNumber(entry.identities) == identitySets.count {
          identitySetNumbers[entry.identities] = identitySets.count
          identitySets.append(entry.identities)
        }
      }
    }
  }

  private mutating func add(_ channel: Channel, _ valueType: ValueType) {
    let typed = TypedChannel(channel: channel, valueType: valueType)
    if channelNumbers[typed] == nil {
      channelNumbers[typed] = channels.count
      channels.append(typed)
    }
  }

  private mutating func setNumber(_ set: [RunIdentity]) -> Int {
    if let last, last.set == set { return last.number }
    let number = identitySetNumbers[set] ?? identitySets.count
    last = (set, number)
    return number
  }

  /// Whom an entry names that says nothing else: the commit's own identity.
  private static func ownSet(of summary: CommitSummary) -> [RunIdentity] {
    summary.identity.map { [$0] } ?? []
  }

  func number(of identity: RunIdentity) -> Int {
    guard let number = identityNumbers[identity] else {
      preconditionFailure("every identity stands in the commit's table")
    }
    return number
  }

  func number(of channel: Channel, _ valueType: ValueType) -> Int {
    channelNumbers[TypedChannel(channel: channel, valueType: valueType)] ?? 0
  }

  /// 0 where an entry of the segment of `summary` names its identity alone, else 1 more than its set's.
  mutating func number(of set: [RunIdentity], in summary: CommitSummary) -> Int {
    set == Self.ownSet(of: summary) ? 0 : 1 + setNumber(set)
  }

  func appendIdentities(to bytes: inout [UInt8]) {
    bytes.appendVarint(identities.count)
    for identity in identities {
      bytes.appendName(identity.runID)
      bytes.appendVarint(UInt64(identity.generation))
      bytes.appendVarint(UInt64(identity.rank))
      bytes.appendVarint(UInt64(identity.worldSize))
    }
  }

  func appendChannelsAndSets(to bytes: inout [UInt8]) {
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
  }

  // MARK: Reading

  /// Reads the table of identities, which others follow later.
  @_lifetime(reader: copy reader)
  init(readingIdentities reader: inout ByteReader, memory: inout DirectoryMemory)
    throws(TrackerError)
  {
    let identityCount = try CommitFields.count(
      &reader, "run identities", limit: Limits.maxIdentities)
    try memory.take(identityCount, RunIdentity.self, reader)
    var identities: [RunIdentity] = []
    identities.reserveCapacity(identityCount)
    for _ in 0..<identityCount {
      let runID = try reader.readName("run id")
      let generation = try CommitFields.number(&reader, "generation")
      let rank = try CommitFields.number(&reader, "rank")
      let worldSize = try CommitFields.number(&reader, "world size")
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
    self.identities = identities
  }

  /// One of them, where a commit's or segment's flags say that there is one.
  @_lifetime(reader: copy reader)
  func readIdentity(_ reader: inout ByteReader, _ flags: UInt64) throws(TrackerError)
    -> RunIdentity?
  {
    guard flags & CommitFlags.identity != 0 else { return nil }
    return identities[try CommitFields.place(&reader, "run identity", in: identities.count)]
  }

  @_lifetime(reader: copy reader)
  mutating func readChannelsAndSets(_ reader: inout ByteReader, memory: inout DirectoryMemory)
    throws(TrackerError)
  {
    let channelCount = try CommitFields.count(&reader, "channels", limit: Limits.maxRecordBytes)
    try memory.take(channelCount, TypedChannel.self, reader)
    channels.reserveCapacity(channelCount)
    for _ in 0..<channelCount {
      let channel = try TileCoder.decodeChannel(&reader)
      let typeByte = try reader.readUInt8("value type")
      guard let valueType = ValueType(rawValue: typeByte) else {
        throw reader.malformed("unknown value type \(typeByte)")
      }
      channels.append(TypedChannel(channel: channel, valueType: valueType))
    }
    let setCount = try CommitFields.count(&reader, "identity sets", limit: Limits.maxRecordBytes)
    try memory.take(setCount, of: DirectoryMemory.arrayBytes, reader)
    identitySets.reserveCapacity(setCount)
    for _ in 0..<setCount {
      let size = try CommitFields.count(&reader, "identities of a set", limit: Limits.maxIdentities)
      try memory.take(size, RunIdentity.self, reader)
      var set: [RunIdentity] = []
      set.reserveCapacity(size)
      for _ in 0..<size {
        let identity = identities[
          try CommitFields.place(&reader, "run identity", in: identities.count)]
        guard set.last.map({ $0 < identity }) ?? true else {
          throw reader.malformed("the identities of a set do not ascend")
        }
        set.append(identity)
      }
      identitySets.append(set)
    }
  }
}
