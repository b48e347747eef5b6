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

  @_lifetime(reader: copy reader)
  static func decode(_ reader: inout ByteReader, indexType: IndexType) throws(TrackerError)
    -> [KeptSets]
  {
    var sets: [KeptSets] = []
    for _ in 0..<(try reader.readCount("channels", limit: reader.remaining)) {
      let channel = try TileCoder.decodeChannel(&reader)
      sets.append(
        KeptSets(
          channel: channel,
          max: try IndexListCoder.decode(&reader, indexType: indexType),
          min: try IndexListCoder.decode(&reader, indexType: indexType),
          list: try IndexListCoder.decode(&reader, indexType: indexType),
          missing: try IndexListCoder.decode(&reader, indexType: indexType)))
    }
    return sets
  }
}
