import TrackerCodec
import TrackerModel

/// Tiles of one or several trackers, decoded one after the other in a given order, ahead of their use
/// where other cores can help. One owner.
final class TileStream {
  struct Item {
    /// The place of its tracker among the readers.
    var source: Int
    var entry: TileEntry
    /// The rows that are decoded.
    var rows = RowSelection.all
  }

  private let readers: [TrackerReader]
  private let readsSources: Bool
  /// Those still to come, the next one last.
  private var waiting: [Item]
  private var decoders: TileDecoders
  /// How many of `waiting`, from its end, the decoders have.
  private var aheadCount = 0
  private var aheadPoints = 0

  /// Decoding so many takes some ten times as long as starting threads.
  private static let pointsWorthThreads = 1 << 16
  private let maxAheadPoints: Int

  /// - Parameters:
  ///   - readsSources: whether tiles say who recorded each point.
  ///   - maxAheadPoints: points of tiles that may be decoded ahead, but for one tile.
  init(
    _ readers: [TrackerReader], _ items: [Item], readsSources: Bool = false,
    maxAheadPoints: Int = 1 << 22
  ) {
    self.readers = readers
    self.maxAheadPoints = maxAheadPoints
    self.readsSources = readsSources
    waiting = items.reversed()
    let pointCount = items.reduce(0) { $0 + $1.entry.statistics.pointCount }
    let isWorthThreads = items.count > 1 && pointCount >= Self.pointsWorthThreads
    decoders = TileDecoders(cores: isWorthThreads ? readers.compactMap(\.cores).max() : 1)
  }

  /// The tile that `next()` would give; nil where there is none.
  var upcoming: Item? { waiting.last }

  /// Whether nobody has begun to decode the tile that `next()` would give, and nobody but its caller will.
  var isAlone: Bool { decoders.areAlone && aheadCount == 0 }

  /// Passes the tile that `next()` would give.
  ///
  /// - Precondition: `isAlone`, and there is one.
  func skip() {
    precondition(isAlone, "tiles under way are not skipped")
    waiting.removeLast()
  }

  /// - Throws: what reading throws; the tile is passed then.
  func next() throws(TrackerError) -> (item: Item, tile: DecodedTile)? {
    if !decoders.isHere {
      // A child of the process that began: the threads and what they had are not here.
      decoders = TileDecoders(cores: 1)
      (aheadCount, aheadPoints) = (0, 0)
    }
    decodeAhead()
    guard let item = waiting.popLast() else { return nil }
    // Before it can throw: what comes next must not be taken for this tile.
    aheadCount -= 1
    aheadPoints -= item.entry.statistics.pointCount
    let tile = try decoders.next()
    if !decoders.areAlone { decodeAhead() }
    guard let tile else { preconditionFailure("decoders give what they were given") }
    return (item, tile)
  }

  /// Takes the memory of a tile that is done with: filling memory anew costs as much as a kernel.
  func recycle(_ tile: consuming DecodedTile) { decoders.recycle(tile) }

  /// Hands the next tiles to the decoders, as far as they have room. `next()` does so too.
  func decodeAhead() {
    while aheadCount < waiting.count, !decoders.isFull,
      aheadCount == 0 || aheadPoints < maxAheadPoints
    {
      let item = waiting[waiting.count - 1 - aheadCount]
      decoders.add(
        item.entry, rows: item.rows, readsSources: readsSources, of: readers[item.source])
      aheadCount += 1
      aheadPoints += item.entry.statistics.pointCount
    }
  }
}
