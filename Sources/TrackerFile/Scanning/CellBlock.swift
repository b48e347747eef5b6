public import TrackerCodec
public import TrackerModel

/// The points of some rows in some columns: a matrix of values, and which of its cells hold a point.
///
/// A column's cells stand one after the other; where each column begins is the block's own matter, so
/// that it can be a part of a larger matrix, whose memory it shares. Single values go in and out
/// widened, as float64 bits.
public struct CellBlock: Sendable {
  public private(set) var rowCount: Int
  /// By cell, in the type of the channel.
  public private(set) var values: ValueBuffer
  /// By cell; that every cell holds a point is known without looking at any (`isFull`).
  public private(set) var presence: Presence
  /// Who recorded each point, as a number that `BlockScanner.identities(ofOrigin:)` explains; empty
  /// unless asked for.
  public internal(set) var origins: [UInt32] = []
  /// The first cell of each column.
  @usableFromInline let starts: [Int]

  /// An empty block.
  public init() { self.init(rowCount: 0, columnCount: 0, .float32) }

  /// A block without points.
  public init(rowCount: Int, columnCount: Int, _ type: ValueType, tracksOrigins: Bool = false) {
    self.init(rowCount: rowCount, columnCount: columnCount, ValueBuffer(type), tracksOrigins)
  }

  private init(
    rowCount: Int, columnCount: Int, _ memory: consuming ValueBuffer, _ tracksOrigins: Bool
  ) {
    let count = rowCount * columnCount
    self.rowCount = rowCount
    starts = (0..<columnCount).map { $0 * rowCount }
    // Before it has two names, and would be copied.
    memory.resize(to: count)
    values = memory
    presence = .none(count)
    if tracksOrigins { origins = [UInt32](repeating: 0, count: count) }
  }

  /// A part of a matrix.
  ///
  /// - Parameter starts: the first cell of each column.
  init(rowCount: Int, starts: [Int], values: ValueBuffer, presence: Presence) {
    self.rowCount = rowCount
    self.starts = starts
    self.values = values
    self.presence = presence
  }

  /// Empties the block and gives it a shape; keeps its memory.
  public mutating func reset(
    rowCount: Int, columnCount: Int, _ type: ValueType, tracksOrigins: Bool = false
  ) {
    var memory = exchange(&values, with: ValueBuffer(type))
    // What stands in cells without a point does not count.
    if memory.type != type { memory.removeAll(for: type) }
    self = CellBlock(rowCount: rowCount, columnCount: columnCount, consume memory, tracksOrigins)
  }

  public var columnCount: Int { starts.count }
  /// Whether every cell is known to hold a point.
  public var isFull: Bool { presence.words == nil }

  @inlinable
  public func cell(row: Int, column: Int) -> Int { starts[column] + row }

  /// The cells of a column.
  public func cells(ofColumn column: Int) -> Range<Int> {
    starts[column]..<starts[column] + rowCount
  }

  @inlinable
  public func hasPoint(_ cell: Int) -> Bool { presence[cell] }

  /// The value of a cell that holds a point, widened.
  @inlinable
  public func bits(_ cell: Int) -> UInt64 { values[cell] }

  // MARK: Changing

  /// Puts a point into a cell.
  ///
  /// - Parameter bits: widened from the block's type.
  public mutating func set(_ cell: Int, to bits: UInt64) {
    values.set(cell, to: bits)
    presence.insert(cell)
  }

  /// The same, with who recorded it, where the block tracks that.
  public mutating func set(_ cell: Int, to bits: UInt64, origin: UInt32) {
    set(cell, to: bits)
    if !origins.isEmpty { origins[cell] = origin }
  }

  public mutating func remove(_ cell: Int) { presence.remove(cell) }

  /// Puts the points of some rows of a tile's column into the cells from one on.
  mutating func set(
    _ cell: Int, to part: DecodedTile.ColumnPart, at places: RowPlaces, _ origins: TileOrigins
  ) {
    part.copy(into: &values, &presence, from: cell, at: places)
    guard !self.origins.isEmpty else { return }
    part.forEachPoint { row, place in self.origins[cell + places[row]] = origins[place] }
  }

  /// Finds out whether every cell holds a point. Complexity: O(cells / 64).
  public mutating func settle() { presence = presence.canonical }
}

// MARK: Copying and uniting

extension CellBlock {
  /// A block of its own memory and no more than it needs, with zeros where there is no point.
  func compacted() -> CellBlock {
    let count = rowCount * columnCount
    var (copy, points) = (ValueBuffer(values.type), Presence.none(count))
    copy.reserveCapacity(count)
    for column in 0..<columnCount {
      let cells = cells(ofColumn: column)
      points.insert(cells, of: presence, at: copy.count)
      if isFull || presence.pointCount(in: cells) == cells.count {
        copy.append(cells, of: values)
      } else {
        for start in stride(from: cells.lowerBound, to: cells.upperBound, by: 64) {
          let part = start..<min(start + 64, cells.upperBound)
          copy.append(part, of: values, elseZero: presence.bits(from: start))
        }
      }
    }
    return CellBlock(
      rowCount: rowCount, starts: (0..<columnCount).map { $0 * rowCount }, values: copy,
      presence: points.canonical)
  }

  /// Takes over another block's points of a range of cells where this one has none; calls `body` with
  /// each cell where both have one and the values differ, or, where origins are tracked, these.
  ///
  /// - Precondition: both have one type, and the same cells.
  public mutating func unite(
    _ other: CellBlock, _ cells: Range<Int>, whereDifferent body: (_ cell: Int) -> Void
  ) {
    var start = cells.lowerBound
    while start < cells.upperBound {
      let end = min(start + 64, cells.upperBound)
      let mask: UInt64 = end - start == 64 ? .max : (1 << UInt64(end - start)) - 1
      let theirs = other.presence.bits(from: start) & mask
      let ours = presence.bits(from: start) & mask
      let new = theirs & ~ours
      if new == mask {
        values.copy(start..<end, of: other.values, to: start)
        presence.insert(start..<end)
      } else {
        Self.forEachBit(new) { set(start + $0, to: other.values[start + $0]) }
        Self.forEachBit(theirs & ours) {
          let cell = start + $0
          if values[cell] != other.values[cell]
            || !origins.isEmpty && origins[cell] != other.origins[cell]
          {
            body(cell)
          }
        }
      }
      if !origins.isEmpty {
        Self.forEachBit(new) { origins[start + $0] = other.origins[start + $0] }
      }
      start = end
    }
  }

  /// Takes over the points of some rows of a tile's column, whose cells begin at `cell`, where there is
  /// none; calls `body` with each cell that has one whose value differs, or, where they are tracked,
  /// whose origin does.
  mutating func unite(
    _ cell: Int, _ part: DecodedTile.ColumnPart, _ places: RowPlaces, _ origins: TileOrigins,
    _ body: (_ cell: Int) -> Void
  ) {
    if presence.isEmpty(places, of: part.rowCount, from: cell) {
      return set(cell, to: part, at: places, origins)
    }
    let tracksOrigins = !self.origins.isEmpty
    part.forEachPoint { row, place in
      let target = cell + places[row]
      let bits = part.tile.values[place]
      if !presence[target] {
        set(target, to: bits)
        if tracksOrigins { self.origins[target] = origins[place] }
      } else if values[target] != bits || tracksOrigins && self.origins[target] != origins[place] {
        body(target)
      }
    }
  }

  private static func forEachBit(_ bits: UInt64, _ body: (Int) -> Void) {
    var rest = bits
    while rest != 0 {
      body(rest.trailingZeroBitCount)
      rest &= rest &- 1
    }
  }
}

extension Presence {
  /// Whether no cell of some rows, which begin at `cell`, holds a point.
  fileprivate func isEmpty(_ places: RowPlaces, of count: Int, from cell: Int) -> Bool {
    guard words != nil else { return count == 0 }
    switch places {
    case .run(let first):
      return pointCount(in: cell + first..<cell + first + count) == 0
    case .scattered(let first, let rows):
      return isEmpty(rows.span, from: cell + first)
    }
  }
}
