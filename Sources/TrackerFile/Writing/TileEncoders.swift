import TrackerCodec
import TrackerModel
import TrackerSystem

/// A tile that waits for its place in the file.
struct PendingTile: Sendable {
  /// Where its index set stands is not known before all tiles before it are written.
  var header: TileHeader
  var rows: TileRows
  var identities: [RunIdentity]
  /// In the header's value type.
  var values: ValueBuffer
  /// By value, a place among the identities from 1, or 0 where it is not known; none where all are alike.
  var sources: [UInt32] = []
  /// What follows the head of the payload, once encoded.
  var body: [UInt8] = []
  var statistics = TileStatistics()
}

/// Encodes tiles on several cores, in the order in which they came; keeps their buffers for later ones.
///
/// Each thread has a coder of its own, and none of them knows of other tiles: bytes do not depend on
/// which thread encodes what.
final class TileEncoders {
  private let workers: OrderedWorkers<PendingTile, PendingTile>
  private var spareValues: [ValueBuffer] = []
  private let cores: Int
  /// Of tiles added and not taken.
  private var pointCount = 0
  /// Where so many points wait, no more tiles do than keep all cores at work.
  private static let enoughPoints = 1 << 18

  /// - Parameter cores: nil for all that the process may use.
  init(cores: Int?, level: EncodingLevel) {
    self.cores = Cores.resolve(cores)
    workers = OrderedWorkers(cores: self.cores) {
      var coder = TileCoder(level: level)
      var body: [UInt8] = []
      return { tile in
        var tile = tile
        body.removeAll(keepingCapacity: true)
        (tile.statistics, _) = coder.encodeBody(
          tile.header, values: tile.values, sources: tile.sources, into: &body)
        // A copy of just its size: the buffer stays with the thread. An array made of another would
        // share its memory.
        tile.body = []
        tile.body.reserveCapacity(body.count)
        tile.body.append(contentsOf: body)
        return tile
      }
    }
  }

  /// Tiles that were added and not taken.
  var count: Int { workers.count }
  /// Whether a tile must be taken before another is added.
  var isFull: Bool {
    workers.count == workers.capacity
      || workers.count > cores && pointCount >= Self.enoughPoints
  }
  /// Whether nothing is gained by holding tiles back.
  var isSerial: Bool { workers.capacity == 1 }

  func add(_ tile: PendingTile) {
    pointCount += tile.values.count
    workers.submit(tile)
  }

  /// The oldest tile, encoded.
  func next() -> PendingTile? {
    guard let tile = workers.next() else { return nil }
    pointCount -= tile.values.count
    return tile
  }

  func cancel() {
    workers.cancel()
    pointCount = 0
  }

  /// An empty buffer for values: one that was used before where there is one.
  func takeValues(_ type: ValueType) -> ValueBuffer {
    guard var values = spareValues.popLast() else { return ValueBuffer(type) }
    values.removeAll(for: type)
    return values
  }

  /// Takes the buffer of a tile's values back.
  func recycle(_ tile: consuming PendingTile) {
    guard spareValues.count <= workers.capacity else { return }
    spareValues.append(tile.values)
  }
}
