import TrackerModel

/// Which cells of a tile, or of another matrix, hold a point: bit `column * rows + row`.
public struct Presence: Sendable, Hashable {
  public private(set) var cellCount: Int
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
    if words == nil { words = Self.full(cellCount) }
    words?[cell >> 6] &= ~(1 << UInt64(cell & 63))
  }

  /// Marks all cells of a range. Complexity: O(cells / 64).
  public mutating func insert(_ cells: Range<Int>) {
    guard var held = words, !cells.isEmpty else { return }
    // Out of here while it changes, so that it is not copied.
    words = []
    let (first, last) = (cells.lowerBound >> 6, (cells.upperBound - 1) >> 6)
    let before = BitWords.mask(cells.lowerBound & 63)
    let within = BitWords.mask((cells.upperBound - 1) & 63 + 1)
    if first == last {
      held[first] |= within & ~before
    } else {
      held[first] |= ~before
      for place in first + 1..<last { held[place] = .max }
      held[last] |= within
    }
    words = held
  }

  /// Marks the cells from `cell` on as some cells of another are marked; others stay as they are.
  /// Complexity: O(cells / 64).
  public mutating func insert(_ cells: Range<Int>, of other: Presence, at cell: Int) {
    guard var held = words else { return }
    guard let source = other.words else { return insert(cell..<cell + cells.count) }
    // Out of here while it changes, so that it is not copied.
    words = []
    BitWords.copy(source.span, from: cells.lowerBound, count: cells.count, into: &held, at: cell)
    words = held
  }

  /// Marks the cells that lie so far behind one.
  public mutating func insert(_ places: Span<Int32>, from cell: Int) {
    guard var held = words else { return }
    words = []
    for place in places.indices {
      let found = cell + Int(places[place])
      held[found >> 6] |= 1 &<< UInt64(found & 63)
    }
    words = held
  }

  /// Whether none of the cells that lie so far behind one holds a point.
  public func isEmpty(_ places: Span<Int32>, from cell: Int) -> Bool {
    guard let words else { return places.isEmpty }
    let marks = words.span
    for place in places.indices {
      let found = cell + Int(places[place])
      if marks[found >> 6] &>> UInt64(found & 63) & 1 == 1 { return false }
    }
    return true
  }

  /// Adds cells behind the last; they hold no point.
  public mutating func appendAbsent(_ count: Int) {
    var held = words ?? Presence.full(cellCount)
    words = []
    cellCount += count
    held.append(contentsOf: repeatElement(0, count: (cellCount + 63) / 64 - held.count))
    words = held
  }

  private static func full(_ cellCount: Int) -> [UInt64] {
    var words = [UInt64](repeating: .max, count: (cellCount + 63) / 64)
    if cellCount & 63 != 0 { words[words.count - 1] = BitWords.mask(cellCount & 63) }
    return words
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
