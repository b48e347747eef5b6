import TrackerCodec
import TrackerModel

/// Who recorded a tile's points, as the numbers of a scan.
struct TileOrigins {
  /// Of all points, where the tile does not tell them apart.
  private let shared: UInt32
  /// By value, as in `DecodedTile`; empty where all are the same.
  private let sources: [UInt32]
  /// For each source its number.
  private let numbers: [UInt32]

  /// - Parameter number: of those who may have recorded a point, sorted.
  init(_ entry: TileEntry, _ tile: DecodedTile, _ number: ([RunIdentity]) -> UInt32) {
    sources = tile.sources
    if sources.isEmpty {
      shared = number(entry.identities)
      numbers = []
    } else {
      shared = 0
      numbers = [number([])] + entry.identities.map { number([$0]) }
    }
  }

  /// Of the value at a place.
  subscript(place: Int) -> UInt32 { sources.isEmpty ? shared : numbers[Int(sources[place])] }

  /// Where nobody asks.
  static let unknown = TileOrigins()

  private init() { (shared, sources, numbers) = (0, [], []) }
}
