import TrackerFile
import TrackerModel

/// What a file says, short enough to compare millions of times. Means something in this process only.
struct Meaning: Hashable {
  private var value: Int

  /// - Throws: where anything that the last commit names cannot be read.
  init(_ storage: MemoryStorage) throws(TrackerError) {
    let reader = try TrackerReader(storage)
    reader.cores = 1
    let snapshot = reader.snapshot
    var hasher = Hasher()
    hasher.combine(reader.indexType)
    for tile in snapshot.tiles {
      hasher.combine(tile.identities)
      hasher.combine(try Self.tile(tile, reader))
    }
    for channel in snapshot.channels {
      let scan = ChannelScan(reader, channel)
      while try scan.advance() {
        for row in 0..<scan.rows.count {
          hasher.combine(scan.rows[row])
          for point in scan.history(ofRow: row) {
            hasher.combine(point.step)
            hasher.combine(point.epoch)
            hasher.combine(point.valueBits)
          }
        }
      }
    }
    for group in snapshot.unsealed {
      hasher.combine(group.epoch)
      for points in try reader.unsealedPoints(of: group) {
        hasher.combine(points.channel)
        hasher.combine(points.indices)
        hasher.combine(points.values)
      }
    }
    for sets in try reader.keptSets() {
      hasher.combine(sets.channel)
      for list in [sets.max, sets.min, sets.list, sets.missing] { hasher.combine(list) }
    }
    hasher.combine(snapshot.parameters.map { "\($0)" })
    value = hasher.finalize()
  }

  /// A tile's points.
  static func tile(_ entry: TileEntry, _ reader: TrackerReader) throws(TrackerError) -> Int {
    var hasher = Hasher()
    let (header, values, _) = try reader.readTile(entry)
    hasher.combine(header.channel)
    hasher.combine(header.columns)
    hasher.combine(header.presence)
    hasher.combine(values.bits)
    hasher.combine(try reader.indices(of: entry))
    return hasher.finalize()
  }
}
