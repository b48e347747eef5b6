import TrackerCodec
import TrackerModel

/// How much memory a scan may take for what it holds decoded.
public struct ScanMemory: Sendable, Hashable {
  /// 128 MiB.
  public static let `default` = ScanMemory(bytes: 1 << 27)

  /// Of decoded tiles, indices and blocks together.
  public var bytes: Int
  /// Where what is decoded and does not fit may wait in a temporary file; nil to decode it again.
  public var folder: String?
  /// What that file may take.
  var asideBytes: Int
  /// Windows are not made smaller than so many rows of any tile, whatever they take: tiles would be
  /// decoded again and again.
  var minRows = 256

  public init(bytes: Int, folder: String? = nil) {
    self.bytes = bytes
    self.folder = folder
    asideBytes = max(1 << 30, 16 * bytes)
  }

  init(bytes: Int, minRows: Int) {
    self.init(bytes: bytes)
    self.minRows = minRows
  }

  /// What a window's tiles and indices may take.
  var windowBytes: Int { bytes / 8 * 7 }

  /// Cells of a block: it stands in memory twice, with 4 to 12 bytes a cell.
  var blockCells: Int { min(1 << 22, max(1 << 8, bytes / 56, min(bytes / 24, 1 << 18))) }

  /// Points of tiles that may be decoded ahead of their use, but for one tile.
  var pointsAhead: Int { min(1 << 22, bytes / 32) }
}

// MARK: No more than pays

extension ScanMemory {
  /// What fits this is scanned in one window, without a file.
  private static let enoughForAll = 16 << 20
  /// Where all that later windows need can wait in a file, larger ones are hardly faster: this is
  /// enough, but for what the number of tiles takes.
  private static let enough = 5 << 20

  /// As much of the memory as a scan of some tiles gains by: fixed amounts, however many points there
  /// are, unless tiles would have to be decoded again and again.
  ///
  /// - Parameters:
  ///   - tiles: those with the lowest first index first.
  ///   - canWait: whether a tile's rows can wait in a file.
  func sufficing(for tiles: [TileEntry], canWait: (TileEntry) -> Bool) -> ScanMemory {
    guard folder != nil, bytes > Self.enough, case .integer(let low)? = tiles.first?.firstIndex
    else { return self }
    let pointBytes = tiles.map(\.pointBytes)
    let total = pointBytes.reduce(0, +)
    var high = low
    for tile in tiles {
      guard case .integer(let last) = tile.lastIndex else { return self }
      high = max(high, last)
    }
    // Of numbers that are ordered the distance is below 2^64.
    let reach = 1 + Double(UInt64(bitPattern: high &- low))
    let windows = Double(1 + 2 * total / Self.enough)
    // What would be decoded again, and what tiles take of each window whatever its rows.
    var (again, fixed) = (0.0, 0.0)
    for (tile, size) in zip(tiles, pointBytes) {
      guard case .integer(let first) = tile.firstIndex, case .integer(let last) = tile.lastIndex
      else { return self }
      let share = (1 + Double(UInt64(bitPattern: last &- first))) / reach
      fixed += min(1, share + 1 / windows) * Double(WindowPart.fixedBytes(of: tile))
      if !canWait(tile) { again += Double(size) * share * windows }
    }
    var sufficing = self
    let rows = min(reach, Double(tiles.reduce(0) { $0 + $1.rowCount }))
    // Of a row its index, and a bit or some in its set.
    if Double(total) + 9 * rows + fixed <= Double(min(bytes, Self.enoughForAll) / 8 * 7) {
      sufficing.bytes = min(bytes, Self.enoughForAll)
      return sufficing
    }
    guard again <= Double(total) / 8, total <= asideBytes / 8 * 7 else { return self }
    sufficing.bytes = min(bytes, Self.enough + 4 * Int(fixed))
    return sufficing
  }
}

extension TileEntry {
  /// What its points take decoded.
  var pointBytes: Int { statistics.pointCount * (valueType == .float64 ? 8 : 4) }
}
