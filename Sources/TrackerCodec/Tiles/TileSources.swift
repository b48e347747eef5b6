/// Whether a tile says of each point who recorded it, as a place in its directory entry's identities.
public enum TileSources: UInt8, Sendable, Hashable {
  /// It does not: all that is known stands in the entry.
  case none
  /// Of every point.
  case ofAll
  /// Of some points; who recorded the others is not known.
  case ofSome

  /// What a column of sources is.
  ///
  /// - Parameter sources: by point; 0 where it is not known.
  public init(_ sources: [UInt32]) {
    self = sources.isEmpty ? .none : sources.contains(0) ? .ofSome : .ofAll
  }
}

/// The byte of tiles and of their directory entries that tells where the rows are listed, and whether
/// sources follow the values.
public struct TileFlags {
  public var hasIndexSetRecord: Bool
  public var sources: TileSources

  public init(_ indexSet: IndexSetReference, _ sources: TileSources) {
    switch indexSet {
    case .dense: hasIndexSetRecord = false
    case .record: hasIndexSetRecord = true
    }
    self.sources = sources
  }

  public var byte: UInt8 { (hasIndexSetRecord ? 1 : 0) | sources.rawValue << 1 }

  /// Nil for a byte that has no meaning.
  public init?(byte: UInt8) {
    guard let sources = TileSources(rawValue: byte >> 1) else { return nil }
    hasIndexSetRecord = byte & 1 == 1
    self.sources = sources
  }
}
