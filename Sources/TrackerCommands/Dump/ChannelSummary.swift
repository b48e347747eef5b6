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
    var tiles: [SummaryTile] = []
    var steps: Set<Int64> = []
    for (file, reader) in readers.enumerated() {
      for tile in reader.snapshot.tiles(of: channel) {
        valueType = valueType.joined(with: tile.valueType)
        for column in tile.columns { steps.insert(column.step) }
        bytes += tile.recordLength
        nanCount += tile.statistics.nanCount
        tiles.append(SummaryTile(file: file, entry: tile))
      }
    }
    epochs = steps.count
    firstStep = steps.min() ?? 0
    lastStep = steps.max() ?? 0
    instances = try Self.countRows(tiles, readers)
    points = try Self.countPoints(tiles, readers)
  }

  /// An index set, and in which of the files.
  private struct IndexSet: Hashable {
    var file: Int
    var reference: IndexSetReference
  }

  /// Distinct rows of all tiles. Where ranges do not overlap, row counts are enough.
  private static func countRows(_ tiles: [SummaryTile], _ readers: [TrackerReader])
    throws(TrackerError) -> Int
  {
    var sets: [IndexSet: SummaryTile] = [:]
    var dense: [ClosedRange<InstanceIndex>: SummaryTile] = [:]
    for tile in tiles {
      switch tile.entry.indexSet {
      case .record: sets[IndexSet(file: tile.file, reference: tile.entry.indexSet)] = tile
      case .dense: dense[tile.entry.firstIndex...tile.entry.lastIndex] = tile
      }
    }
    let distinct = (Array(sets.values) + Array(dense.values)).sorted {
      ($0.entry.firstIndex, $0.file, $0.entry.offset)
        < ($1.entry.firstIndex, $1.file, $1.entry.offset)
    }
    var count = 0
    var position = 0
    while position < distinct.count {
      // Sets whose ranges overlap, directly or through others, are counted together.
      var last = distinct[position].entry.lastIndex
      var end = position + 1
      while end < distinct.count, distinct[end].entry.firstIndex <= last {
        last = max(last, distinct[end].entry.lastIndex)
        end += 1
      }
      if end == position + 1 {
        count += distinct[position].entry.rowCount
      } else {
        var rows = IndexUnion()
        for tile in distinct[position..<end] {
          rows.insert(try readers[tile.file].indices(of: tile.entry))
        }
        count += rows.take()?.count ?? 0
      }
      position = end
    }
    return count
  }

  /// Points without those that later tiles replaced or other files hold, too.
  private static func countPoints(_ tiles: [SummaryTile], _ readers: [TrackerReader])
    throws(TrackerError) -> Int
  {
    let total = tiles.reduce(0) { $0 + $1.entry.statistics.pointCount }
    // Their numbers: of many columns many tiles' entries would take far more than the directory.
    var byStep: [Int64: [Int32]] = [:]
    for (number, tile) in tiles.enumerated() {
      var last: Int64?
      // Columns ascend by step, twins stand side by side.
      for column in tile.entry.columns where column.step != last {
        byStep[column.step, default: []].append(Int32(truncatingIfNeeded: number))
        last = column.step
      }
    }
    var repeated = 0
    for (step, numbers) in byStep where numbers.count > 1 {
      let sharing = numbers.map { tiles[Int($0)] }
      let sorted = sharing.sorted { $0.entry.firstIndex < $1.entry.firstIndex }
      var last = sorted[0].entry.lastIndex
      var overlaps = false
      for tile in sorted.dropFirst() {
        if tile.entry.firstIndex <= last { overlaps = true }
        last = max(last, tile.entry.lastIndex)
      }
      if overlaps { repeated += try countRepeatedPoints(in: sharing, step: step, readers) }
    }
    return total - repeated
  }

  /// How many points of one step stand in more than one tile, each time but the first.
  private static func countRepeatedPoints(
    in tiles: [SummaryTile], step: Int64, _ readers: [TrackerReader]
  ) throws(TrackerError) -> Int {
    var union = IndexUnion()
    var points = 0
    for tile in tiles {
      let reader = readers[tile.file]
      let header = try reader.readTileHeader(tile.entry)
      let rows = try reader.indices(of: tile.entry)
      for (position, column) in tile.entry.columns.enumerated() where column.step == step {
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

/// A tile, and in which of the files.
private struct SummaryTile {
  var file: Int
  var entry: TileEntry
}
