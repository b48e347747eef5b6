import TrackerModel

/// Which cells of a tile hold a point: bit `column * rows + row`.
public struct Presence: Sendable, Hashable {
  public let cellCount: Int
  /// Nil where every cell holds one.
  public private(set) var words: [UInt64]?

  public static func all(_ cellCount: Int) -> Presence {
    Presence(cellCount: cellCount, words: nil)
  }

  public static func none(_ cellCount: Int) -> Presence {
    Presence(cellCount: cellCount, words: BitWords.zeros(cellCount))
  }

  /// - Precondition: as many words as the cells need; bits behind the last cell are 0.
  init(cellCount: Int, words: [UInt64]?) {
    self.cellCount = cellCount
    self.words = words
  }

  @inlinable
  public subscript(cell: Int) -> Bool {
    guard let words else { return true }
    return words[cell >> 6] >> UInt64(cell & 63) & 1 == 1
  }

  public mutating func insert(_ cell: Int) {
    words?[cell >> 6] |= 1 << UInt64(cell & 63)
  }

  public mutating func remove(_ cell: Int) {
    if words == nil {
      var full = [UInt64](repeating: .max, count: (cellCount + 63) / 64)
      if cellCount & 63 != 0 { full[full.count - 1] = BitWords.mask(cellCount & 63) }
      words = full
    }
    words?[cell >> 6] &= ~(1 << UInt64(cell & 63))
  }

  public var pointCount: Int {
    words?.reduce(0) { $0 + $1.nonzeroBitCount } ?? cellCount
  }

  /// How many of some cells hold a point. Complexity: O(cells / 64).
  public func pointCount(in cells: Range<Int>) -> Int {
    guard let words else { return cells.count }
    return BitWords.ones(words.span, in: cells)
  }

  /// Which of the 64 cells from one on hold a point; the lowest bit is the first's. Bits of cells
  /// behind the last are not defined.
  @inlinable
  public func bits(from cell: Int) -> UInt64 {
    guard let words else { return .max }
    let (place, shift) = (cell >> 6, UInt64(cell & 63))
    let low = words[place] &>> shift
    guard shift > 0, place + 1 < words.count else { return low }
    return low | words[place + 1] &<< (64 &- shift)
  }

  /// The same set in its one canonical form.
  public var canonical: Presence { pointCount == cellCount ? .all(cellCount) : self }
}
