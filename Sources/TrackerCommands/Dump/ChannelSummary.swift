import TrackerCodec
import TrackerFile
import TrackerModel

/// What directories tell of one channel; index sets are read only where counting needs them.
struct ChannelSummary {
  var channel: Channel
  var valueType: ValueType
  var instances = 0
  var points = 0
  var nanCount = 0
  /// Distinct steps.
  var epochs = 0
  var firstStep: Int64 = 0
  var lastStep: Int64 = 0
  /// Bytes of its tiles' records.
  var bytes: UInt64 = 0

  init(_ channel: Channel, of reader: TrackerReader) throws(TrackerError) {
    self.channel = channel
    valueType = reader.snapshot.valueType(of: channel)
    let tiles = reader.snapshot.tiles(of: channel)
    var steps: Set<Int64> = []
    for tile in tiles {
      for column in tile.columns { steps.insert(column.step) }
      bytes += tile.recordLength
      nanCount += tile.statistics.nanCount
    }
    epochs = steps.count
    firstStep = steps.min() ?? 0
    lastStep = steps.max() ?? 0
    instances = try Self.countRows(tiles, reader)
    points = try Self.countPoints(tiles, reader)
  }

  /// Distinct rows of all tiles. Where ranges do not overlap, row counts are enough.
  private static func countRows(_ tiles: [TileEntry], _ reader: TrackerReader)
    throws(TrackerError) -> Int
  {
    var sets: [IndexSetReference: TileEntry] = [:]
    var dense: [ClosedRange<InstanceIndex>: TileEntry] = [:]
    for tile in tiles {
      switch tile.indexSet {
      case .record: sets[tile.indexSet] = tile
      case .dense: dense[tile.firstIndex...tile.lastIndex] = tile
      }
    }
    let distinct = (Array(sets.values) + Array(dense.values)).sorted {
      ($0.firstIndex, $0.offset) < ($1.firstIndex, $1.offset)
    }
    var count = 0
    var position = 0
    while position < distinct.count {
      // Sets whose ranges overlap, directly or through others, are counted together.
      var last = distinct[position].lastIndex
      var end = position + 1
      while end < distinct.count, distinct[end].firstIndex <= last {
        last = max(last, distinct[end].lastIndex)
        end += 1
      }
      if end == position + 1 {
        count += distinct[position].rowCount
      } else {
        count += try reader.countDistinctRows(of: Array(distinct[position..<end]))
      }
      position = end
    }
    return count
  }

  /// Points after later tiles replaced those of earlier ones.
  private static func countPoints(_ tiles: [TileEntry], _ reader: TrackerReader)
    throws(TrackerError) -> Int
  {
    let total = tiles.reduce(0) { $0 + $1.statistics.pointCount }
    var byStep: [Int64: [TileEntry]] = [:]
    for tile in tiles {
      for step in Set(tile.columns.map(\.step)) { byStep[step, default: []].append(tile) }
    }
    var repeated = 0
    for (step, sharing) in byStep where sharing.count > 1 {
      let sorted = sharing.sorted { $0.firstIndex < $1.firstIndex }
      var last = sorted[0].lastIndex
      var overlaps = false
      for tile in sorted.dropFirst() {
        if tile.firstIndex <= last { overlaps = true }
        last = max(last, tile.lastIndex)
      }
      if overlaps { repeated += try reader.countRepeatedPoints(in: sharing, step: step) }
    }
    return total - repeated
  }
}

extension TrackerReader {
  fileprivate func countDistinctRows(of tiles: [TileEntry]) throws(TrackerError) -> Int {
    var seen: Set<InstanceIndex> = []
    for tile in tiles {
      let rows = try indices(of: tile)
      for row in 0..<rows.count { seen.insert(rows[row]) }
    }
    return seen.count
  }

  /// How many points of one step are replaced by later tiles.
  fileprivate func countRepeatedPoints(in tiles: [TileEntry], step: Int64) throws(TrackerError)
    -> Int
  {
    var seen: Set<InstanceIndex> = []
    var repeated = 0
    for tile in tiles {
      let header = try readTileHeader(tile)
      let rows = try indices(of: tile)
      for (position, column) in tile.columns.enumerated() where column.step == step {
        for row in 0..<rows.count where header.presence[position * rows.count + row] {
          if !seen.insert(rows[row]).inserted { repeated += 1 }
        }
      }
    }
    return repeated
  }
}
