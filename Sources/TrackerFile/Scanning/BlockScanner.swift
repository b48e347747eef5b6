import TrackerCodec
public import TrackerModel

/// Walks one channel of one or several trackers in the order of its rows, a block of rows at a time.
///
/// Each tile is decoded once and held while its rows pass; a source whose tiles are disjoint holds
/// one. Results do not depend on how sources were tiled. One owner.
public final class BlockScanner {
  /// A tracker and those of its tiles that are scanned: of one channel, in the order written.
  public struct Source {
    public var reader: TrackerReader
    public var tiles: [TileEntry]

    public init(reader: TrackerReader, tiles: [TileEntry]) {
      self.reader = reader
      self.tiles = tiles
    }
  }

  /// The rows of the current block, ascending.
  public private(set) var rows: IndexColumn
  /// The columns of the current block: those of all tiles that hold one of its rows, ascending.
  public private(set) var columns: [TileColumn] = []
  /// Whether a step stands in several of `columns`, with different epochs.
  public private(set) var hasTwinColumns = false

  /// The type that holds all values of all sources exactly: that of blocks.
  public let valueType: ValueType

  private let sources: [Source]
  private let rowsPerBlock: Int
  private let steps: ClosedRange<Int64>?
  private let tracksOrigins: Bool
  private var originNumbers: [[RunIdentity]: UInt32] = [:]
  private var origins: [[RunIdentity]] = []
  private var cursors: [RowCursor] = []
  /// Tiles still to come, those with the lowest first index first; nil until it is known which of
  /// their rows are wanted.
  private var waiting: TileStream?
  /// What `waiting` is made of.
  private let items: [TileStream.Item]
  /// Sorted; nil for all rows.
  private let wanted: IndexColumn?

  /// - Parameters:
  ///   - sources: of one index type.
  ///   - indices: rows of others are left out; nil for all.
  ///   - steps: columns outside are left out; nil for all.
  ///   - tracksOrigins: whether blocks say who recorded each point.
  public init(
    sources: [Source], rowsPerBlock: Int, indices: [InstanceIndex]? = nil,
    steps: ClosedRange<Int64>? = nil, tracksOrigins: Bool = false
  ) {
    self.sources = sources
    self.tracksOrigins = tracksOrigins
    self.rowsPerBlock = rowsPerBlock
    self.steps = steps
    let type = sources.first?.reader.indexType ?? .int64
    rows = IndexColumn(type: type)
    let indices = indices.map { Parameters.sortedUnique($0.filter { $0.type == type }) }
    wanted = indices.map { IndexColumn($0, type: type) }
    var items: [TileStream.Item] = []
    var valueType = ValueType.float32
    for (source, content) in sources.enumerated() {
      for entry in content.tiles {
        valueType = valueType.joined(with: entry.valueType)
        guard entry.mayHold(anyOf: indices),
          entry.columns.contains(where: { steps?.contains($0.step) ?? true })
        else { continue }
        items.append(TileStream.Item(source: source, entry: entry))
      }
    }
    self.items = items
    self.valueType = valueType
  }

  /// Who recorded the points of an origin, sorted; empty where it is not known.
  public func identities(ofOrigin origin: UInt32) -> [RunIdentity] { origins[Int(origin)] }

  private func origin(of identities: [RunIdentity]) -> UInt32 {
    if let known = originNumbers[identities] { return known }
    let number = UInt32(origins.count)
    origins.append(identities)
    originNumbers[identities] = number
    return number
  }

  private func isScanned(_ column: TileColumn) -> Bool { steps?.contains(column.step) ?? true }

  /// The tiles that hold wanted rows, in the order of the first of those.
  private func wantedTiles() throws(TrackerError) -> TileStream {
    var found: [TileStream.Item] = []
    if let wanted {
      var finders = sources.map { WantedRows(wanted, in: $0.reader) }
      for var item in items {
        let part = try finders[item.source].part(of: item.entry)
        guard !part.rows.isEmpty else { continue }
        item.part = part
        found.append(item)
      }
    } else {
      found = items
    }
    let firsts = found.map(\.firstIndex)
    let order = found.indices.sorted { left, right in
      if firsts[left] != firsts[right] { return firsts[left] < firsts[right] }
      return (found[left].source, found[left].entry.offset)
        < (found[right].source, found[right].entry.offset)
    }
    return TileStream(sources.map(\.reader), order.map { found[$0] })
  }

  /// Goes on to the next block; false where there is none.
  /// - Throws: what reading throws; where indices are wanted, the first call also for the index sets
  ///   of tiles that come later.
  public func advance() throws(TrackerError) -> Bool {
    let waiting: TileStream
    if let known = self.waiting {
      waiting = known
    } else {
      waiting = try wantedTiles()
      self.waiting = waiting
    }
    for cursor in cursors { cursor.pass() }
    cursors.removeAll { $0.isExhausted }
    if cursors.isEmpty {
      guard let next = waiting.upcoming else { return false }
      try activate(upTo: next.firstIndex, of: waiting)
    }
    // Tiles that begin within the block bring rows of their own, which may end it earlier.
    while true {
      rows = nextRows()
      guard let first = waiting.upcoming?.firstIndex else { break }
      if rows.count == rowsPerBlock, first > rows[rows.count - 1] { break }
      try activate(upTo: first, of: waiting)
    }
    columns = currentColumns()
    // Many steps of which each row has few would make the block huge: take fewer rows of it.
    if rows.count > 1, rows.count * columns.count > Self.maxCells {
      rows = rows.slice(0..<max(1, Self.maxCells / columns.count))
      columns = currentColumns()
    }
    hasTwinColumns = zip(columns, columns.dropFirst()).contains { $0.step == $1.step }
    return true
  }

  private static let maxCells = 1 << 22

  /// The columns of all tiles that hold one of the current rows.
  private func currentColumns() -> [TileColumn] {
    var found: Set<TileColumn> = []
    for cursor in cursors {
      cursor.match(rows)
      guard !cursor.places.isEmpty else { continue }
      for tile in cursor.tiles {
        for column in tile.columns where isScanned(column) { found.insert(column) }
      }
    }
    return found.sorted()
  }

  private func nextRows() -> IndexColumn {
    var merged: IndexColumn?
    for cursor in cursors {
      let part = cursor.upcoming(limit: rowsPerBlock)
      merged = merged.map { RowUnion.merge($0, part, limit: rowsPerBlock) } ?? part
    }
    return merged ?? rows
  }

  /// Decodes the waiting tiles whose first index is not beyond `index`.
  private func activate(upTo index: InstanceIndex, of waiting: TileStream) throws(TrackerError) {
    while let first = waiting.upcoming?.firstIndex, first <= index,
      let (item, content) = try waiting.next()
    {
      let tile = ActiveTile(item.entry, content)
      if let cursor = cursors.first(where: {
        $0.source == item.source && $0.indexSet == item.entry.indexSet
          && $0.rowCount == tile.rowCount && $0.position == 0
      }) {
        cursor.add(tile)
        continue
      }
      let column: IndexColumn
      if let part = item.part {
        column = part.indices
      } else {
        column = try sources[item.source].reader.checkedIndices(of: item.entry)
      }
      let cursor = RowCursor(source: item.source, indexSet: item.entry.indexSet, column: column)
      cursor.add(tile)
      cursors.append(cursor)
    }
  }

  /// Replaces `block` by one source's points of the current rows and columns; among its tiles, later
  /// ones replace points of earlier ones with the same step.
  public func fill(_ block: inout CellBlock, from source: Int) throws(TrackerError) {
    block.reset(
      rowCount: rows.count, columnCount: columns.count, valueType, tracksOrigins: tracksOrigins)
    var parts: [(cursor: RowCursor, tile: ActiveTile)] = []
    for cursor in cursors where cursor.source == source && !cursor.places.isEmpty {
      for tile in cursor.tiles { parts.append((cursor, tile)) }
    }
    parts.sort { $0.tile.offset < $1.tile.offset }
    for (cursor, tile) in parts { fill(&block, cursor, tile) }
    block.settle()
  }

  private func place(of column: TileColumn) -> Int? {
    var (low, high) = (0, columns.count)
    while low < high {
      let middle = (low + high) / 2
      if columns[middle] < column { low = middle + 1 } else { high = middle }
    }
    return low < columns.count && columns[low] == column ? low : nil
  }

  /// The tiles of a source that hold one of the current rows, in the order written.
  public func currentTiles(of source: Int) -> [TileEntry] {
    cursors.filter { $0.source == source && !$0.places.isEmpty }
      .flatMap { $0.tiles.map(\.entry) }.sorted { $0.offset < $1.offset }
  }

  private func fill(_ block: inout CellBlock, _ cursor: RowCursor, _ tile: ActiveTile) {
    let places = cursor.rowPlaces
    for (position, column) in tile.columns.enumerated() where isScanned(column) {
      guard let target = place(of: column) else { continue }
      let base = block.cell(row: 0, column: target)
      let part = tile.content.part(
        column: position, rows: cursor.currentRows, from: tile.next[position])
      block.set(base, to: part, at: places)
      if tracksOrigins {
        let origin = origin(of: tile.entry.identities)
        part.forEachPoint { row, _ in block.origins[base + places[row]] = origin }
      }
      guard hasTwinColumns else { continue }
      // The same step with another epoch: the later tile's point replaces the earlier one's.
      for twin in columns.indices where twin != target && columns[twin].step == column.step {
        let base = block.cell(row: 0, column: twin)
        part.forEachPoint { row, _ in block.remove(base + places[row]) }
      }
    }
  }
}

extension TileStream.Item {
  /// The first index of the rows that are decoded.
  fileprivate var firstIndex: InstanceIndex { part.map { $0.indices[0] } ?? entry.firstIndex }
}
