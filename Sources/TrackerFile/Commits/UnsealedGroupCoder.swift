import TrackerCodec
import TrackerModel

/// Writes and reads what a commit says of points of epochs that have not ended.
enum UnsealedGroupCoder {
  static func encode(_ groups: [UnsealedGroup], _ tables: CommitTables, into bytes: inout [UInt8]) {
    bytes.appendVarint(groups.count)
    for group in groups {
      bytes.appendVarint(tables.number(of: group.channel, group.valueType))
      bytes.appendSigned(group.epoch)
      bytes.appendVarint(group.newestRecord)
      bytes.appendVarint(group.recordCount)
      bytes.appendVarint(group.pointCount)
    }
  }

  /// - Parameter offset: where the commit's record begins.
  @_lifetime(reader: copy reader)
  static func decode(
    _ reader: inout ByteReader, at offset: UInt64, _ tables: CommitTables,
    memory: inout DirectoryMemory
  ) throws(TrackerError) -> [UnsealedGroup] {
    var unsealed: [UnsealedGroup] = []
    let groupCount = try CommitFields.count(
      &reader, "unsealed groups", limit: Limits.maxUnsealedGroups)
    try memory.take(groupCount, UnsealedGroup.self, reader)
    unsealed.reserveCapacity(groupCount)
    for _ in 0..<groupCount {
      let typed = tables.channels[
        try CommitFields.place(&reader, "channel", in: tables.channels.count)]
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
    return unsealed
  }
}
