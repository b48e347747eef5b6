import TrackerCodec
import TrackerModel

/// Writes and reads the payloads of kept sets records: the sets of each channel, sorted by channel.
enum KeptSetsCoder {
  static func encode(_ sets: [KeptSets], indexType: IndexType) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.appendVarint(sets.count)
    for set in sets.sorted(by: { $0.channel < $1.channel }) {
      TileCoder.encode(set.channel, into: &bytes)
      for indices in [set.max, set.min, set.list, set.missing] {
        IndexListCoder.encode(indices, indexType: indexType, into: &bytes)
      }
    }
    return bytes
  }

  /// - Parameter memory: what they may take.
  @_lifetime(reader: copy reader)
  static func decode(
    _ reader: inout ByteReader, indexType: IndexType, memory: inout DirectoryMemory
  ) throws(TrackerError) -> [KeptSets] {
    func list() throws(TrackerError) -> [InstanceIndex] {
      // Before the list takes memory: its count stands first.
      var ahead = reader
      let count = try ahead.readCount("listed indices", limit: Limits.maxKeptIndices)
      try memory.take(count, InstanceIndex.self, ahead)
      return try IndexListCoder.decode(&reader, indexType: indexType, .kept)
    }
    let count = try reader.readCount("channels", limit: reader.remaining)
    try memory.take(count, KeptSets.self, reader)
    var sets: [KeptSets] = []
    for _ in 0..<count {
      let channel = try TileCoder.decodeChannel(&reader)
      sets.append(
        KeptSets(
          channel: channel, max: try list(), min: try list(), list: try list(),
          missing: try list()))
    }
    return sets
  }
}
