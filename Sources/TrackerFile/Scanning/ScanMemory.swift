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
  var blockCells: Int { min(1 << 22, max(1 << 8, bytes / 128)) }
}
