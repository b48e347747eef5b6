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

  /// - Parameter readers: read as their union.
  init(_ channel: Channel, of readers: [TrackerReader]) throws(TrackerError) {
    self.channel = channel
    valueType = .float32
    var steps: Set<Int64> = []
    let tiles = ChannelTiles(channel, of: readers)
    for number in tiles.numbers {
      let tile = tiles[number]
      valueType = valueType.joined(with: tile.valueType)
      for column in tile.columns { steps.insert(column.step) }
      bytes += tile.recordLength
      nanCount += tile.statistics.nanCount
    }
    epochs = steps.count
    firstStep = steps.min() ?? 0
    lastStep = steps.max() ?? 0
    instances = try Self.countRows(tiles, readers)
    points = try Self.countPoints(tiles, readers)
  }

  /// Distinct rows of all tiles. Where ranges do not overlap, row counts are enough.
  private static func countRows(_ tiles: ChannelTiles, _ readers: [TrackerReader])
    throws(TrackerError) -> Int
  {
    let distinct = tiles.withDistinctRows()
    var count = 0
    var position = 0
    while position < distinct.count {
      // Sets whose ranges overlap, directly or through others, are counted together.
      var last = tiles[distinct[position]].lastIndex
      var end = position + 1
      while end < distinct.count, tiles[distinct[end]].firstIndex <= last {
        last = max(last, tiles[distinct[end]].lastIndex)
        end += 1
      }
      if end == position + 1 {
        count += tiles[distinct[position]].rowCount
      } else {
        var rows = IndexUnion()
        for number in distinct[position..<end] {
          rows.insert(try readers[tiles.file(of: number)].indices(of: tiles[number]))
        }
        count += rows.take()?.count ?? 0
      }
      position = end
    }
    return count
  }

  /// Points without those that later tiles replaced or other files hold, too.
  private static func countPoints(_ tiles: ChannelTiles, _ readers: [TrackerReader])
    throws(TrackerError) -> Int
  {
    var points = tiles.numbers.reduce(0) { $0 + tiles[$1].statistics.pointCount }
    try tiles.forEachSharedStep { (step, sharing) throws(TrackerError) in
      var last = tiles[sharing[0]].lastIndex
      var overlaps = false
      for number in sharing.dropFirst() {
        if tiles[number].firstIndex <= last { overlaps = true }
        last = max(last, tiles[number].lastIndex)
      }
      if overlaps { points -= try countRepeatedPoints(in: sharing, of: tiles, step: step, readers) }
    }
    return points
  }

  /// How many points of one step stand in more than one tile, each time but the first.
  private static func countRepeatedPoints(
    in numbers: [Int32], of tiles: ChannelTiles, step: Int64, _ readers: [TrackerReader]
  ) throws(TrackerError) -> Int {
    var union = IndexUnion()
    var points = 0
    for number in numbers {
      let tile = tiles[number]
      let reader = readers[tiles.file(of: number)]
      let header = try reader.readTileHeader(tile)
      let rows = try reader.indices(of: tile)
      for (position, column) in tile.columns.enumerated() where column.step == step {
        var present = IndexColumn(type: rows.type)
        present.append(rows: 0..<rows.count, of: rows) {
          header.presence[position * rows.count + $0]
        }
        points += present.count
        union.insert(present)
      }
    }
    return points - (union.take()?.count ?? 0)
  }
}
