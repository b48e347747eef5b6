import TrackerCodec
import TrackerModel

/// The sets against which others are written, where indices are dear: hash-like ids, strings.
///
/// A base begins as a set that was written whole. What later sets have besides is written with them,
/// until that has cost as much as the base: then all indices seen become a base of their own. So
/// random subsets of N instances cost a few times N indices at first, and a bit for each of N after.
struct IndexSetBases {
  struct Base {
    var offset: UInt64
    var indices: IndexColumn
    var bytes: Int
    /// `indices` and what later sets had besides.
    var seen: IndexColumn
    var bytesOfOthers = 0
  }

  /// Fewer rows are not worth a base.
  static let minRows = 512
  private static let maxBases = 64
  private static let maxBytes = 1 << 26

  private var bases: [Base] = []

  /// The base of which a column has most rows, by a sample of them; nil where it has fewer than a
  /// quarter in any.
  func place(for column: IndexColumn) -> Int? {
    var best: (place: Int, hits: Int)?
    let samples = 64
    for (place, base) in bases.enumerated()
    where base.indices.compare(0, with: column, column.count - 1) <= 0
      && column.compare(0, with: base.indices, base.indices.count - 1) <= 0
    {
      var hits = 0
      for sample in 0..<samples
      where base.indices.row(of: column[sample * column.count / samples]) != nil { hits += 1 }
      if hits > (best?.hits ?? samples / 4) { best = (place, hits) }
    }
    return best?.place
  }

  subscript(place: Int) -> Base {
    get { bases[place] }
    set { bases[place] = newValue }
  }

  mutating func append(_ base: Base) {
    bases.append(base)
    func size(_ column: IndexColumn) -> Int { column.stringBytes + 8 * column.count }
    while bases.count > Self.maxBases
      || bases.count > 1
        && bases.reduce(0, { $0 + size($1.indices) + size($1.seen) }) > Self.maxBytes
    {
      bases.removeFirst()
    }
  }

  /// Forgets those whose records are written over.
  mutating func remove(from offset: UInt64) { bases.removeAll { $0.offset >= offset } }
}
