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

  private let sources: [Source]
  private let rowsPerBlock: Int
  private let steps: ClosedRange<Int64>?
  private let tracksOrigins: Bool
  private var originNumbers: [[RunIdentity]: UInt32] = [:]
  private var origins: [[RunIdentity]] = []
  /// Tiles still to come, the one with the lowest first index last.
  private var waiting: [WaitingTile] = []
  private var cursors: [RowCursor] = []
  /// Nil where there is too little to decode for other cores to help.
  private var decoders: TileDecoders?
  /// How many of `waiting`, from its end, the decoders have.
  private var aheadCount = 0
  private var aheadPoints = 0
  private var tiles = TileReader()
  private var values: [UInt64] = []

  /// Sorted; nil for all rows.
  private let wanted: IndexColumn?
  /// Whether it is known which rows of the waiting tiles are wanted.
  private var isNarrowed = false

  private struct WaitingTile {
    var source: Int
    var entry: TileEntry
    /// The first index of its rows that are wanted, once those are known.
    var first: InstanceIndex
    /// Nil for all rows.
    var part: TilePart?

    /// Those that come first stand last.
    static func stack(_ left: WaitingTile, _ right: WaitingTile) -> Bool {
      if left.first != right.first { return left.first > right.first }
      return (left.source, left.entry.offset) > (right.source, right.entry.offset)
    }
  }

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
    for (source, content) in sources.enumerated() {
      for entry in content.tiles
      where entry.mayHold(anyOf: indices) && entry.columns.contains(where: { isScanned($0) }) {
        waiting.append(WaitingTile(source: source, entry: entry, first: entry.firstIndex))
      }
    }
    waiting.sort(by: WaitingTile.stack)
    if wanted == nil { startDecoders() }
  }

  private func startDecoders() {
    let pointCount = waiting.reduce(0) { $0 + $1.entry.statistics.pointCount }
    if waiting.count > 1, pointCount >= Self.pointsWorthThreads {
      decoders = TileDecoders(cores: sources.compactMap(\.reader.cores).max())
    }
  }

  /// Decoding so many takes some ten times as long as starting threads.
  private static let pointsWorthThreads = 1 << 16
  /// Points of tiles that may be decoded ahead, but for one tile.
  private static let maxAheadPoints = 1 << 22

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

  /// Finds the wanted rows of the waiting tiles, and drops those that have none.
  private func narrow(to wanted: IndexColumn) throws(TrackerError) {
    var finders = sources.map { WantedRows(wanted, in: $0.reader) }
    var narrowed: [WaitingTile] = []
    for var tile in waiting {
      let part = try finders[tile.source].part(of: tile.entry)
      guard !part.rows.isEmpty else { continue }
      tile.first = part.indices[0]
      tile.part = part
      narrowed.append(tile)
    }
    waiting = narrowed.sorted(by: WaitingTile.stack)
    startDecoders()
  }

  /// Goes on to the next block; false where there is none.
  /// - Throws: what reading throws; where indices are wanted, the first call also for the index sets
  ///   of tiles that come later.
  public func advance() throws(TrackerError) -> Bool {
    if let wanted, !isNarrowed {
      try narrow(to: wanted)
      isNarrowed = true
    }
    for cursor in cursors { cursor.pass() }
    cursors.removeAll { $0.isExhausted }
    if cursors.isEmpty {
      guard let next = waiting.last else { return false }
      try activate(upTo: next.first)
    }
    // Tiles that begin within the block bring rows of their own, which may end it earlier.
    while true {
      rows = nextRows()
      guard let next = waiting.last else { break }
      let first = next.first
      if rows.count == rowsPerBlock, first > rows[rows.count - 1] { break }
      try activate(upTo: first)
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
  private func activate(upTo index: InstanceIndex) throws(TrackerError) {
    while let next = waiting.last, next.first <= index {
      let tile = ActiveTile(next.entry, try decodeNext())
      if let cursor = cursors.first(where: {
        $0.source == next.source && $0.indexSet == next.entry.indexSet
          && $0.rowCount == tile.rowCount && $0.position == 0
      }) {
        cursor.add(tile)
        continue
      }
      let column: IndexColumn
      if let part = next.part {
        column = part.indices
      } else {
        column = try sources[next.source].reader.checkedIndices(of: next.entry)
      }
      let cursor = RowCursor(source: next.source, indexSet: next.entry.indexSet, column: column)
      cursor.add(tile)
      cursors.append(cursor)
    }
  }

  /// Decodes the last of `waiting` and takes it out.
  private func decodeNext() throws(TrackerError) -> DecodedTile {
    if let decoders, !decoders.isHere {
      // A child of the process that began the scan: the threads and what they had are not here.
      self.decoders = nil
      aheadCount = 0
    }
    guard let decoders else {
      let next = waiting.removeLast()
      // Spans borrow the whole scanner, so the buffer leaves it for the call.
      var held: [UInt64] = []
      swap(&held, &values)
      defer { swap(&held, &values) }
      let header = try tiles.read(
        next.entry, rows: next.part?.rows, sources[next.source].reader.records, into: &held)
      return DecodedTile(header, held.span)
    }
    decodeAhead(decoders)
    // Before it can throw: what comes next must not be taken for this tile.
    aheadCount -= 1
    aheadPoints -= waiting.removeLast().entry.statistics.pointCount
    let decoded = try decoders.next()
    decodeAhead(decoders)
    guard let decoded else { preconditionFailure("decoders give what they were given") }
    return decoded
  }

  /// Hands the next tiles to the decoders, as far as they have room.
  private func decodeAhead(_ decoders: TileDecoders) {
    while aheadCount < waiting.count, !decoders.isFull,
      aheadCount == 0 || aheadPoints < Self.maxAheadPoints
    {
      let next = waiting[waiting.count - 1 - aheadCount]
      decoders.add(next.entry, rows: next.part?.rows, of: sources[next.source].reader)
      aheadCount += 1
      aheadPoints += next.entry.statistics.pointCount
    }
  }

  /// Replaces `block` by one source's points of the current rows and columns; among its tiles, later
  /// ones replace points of earlier ones with the same step.
  public func fill(_ block: inout CellBlock, from source: Int) throws(TrackerError) {
    block.reset(
      rowCount: rows.count, columnCount: columns.count, tracksOrigins: tracksOrigins)
    var parts: [(cursor: RowCursor, tile: ActiveTile)] = []
    for cursor in cursors where cursor.source == source && !cursor.places.isEmpty {
      for tile in cursor.tiles { parts.append((cursor, tile)) }
    }
    parts.sort { $0.tile.offset < $1.tile.offset }
    for (cursor, tile) in parts { fill(&block, cursor, tile) }
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
    for (position, column) in tile.columns.enumerated() where isScanned(column) {
      guard let target = place(of: column) else { continue }
      let base = target * block.rowCount
      if let first = cursor.firstOfRun,
        block.copyAll(of: tile, column: position, to: base + first, count: cursor.places.count)
      {
        // Whole runs of rows are the common case.
      } else {
        fillCells(&block, cursor, tile, position, base)
      }
      if tracksOrigins {
        let origin = origin(of: tile.entry.identities)
        tile.forEachPoint(column: position, from: cursor.position, count: cursor.places.count) {
          row, _ in
          block.origins[base + Int(cursor.places[row])] = origin
        }
      }
      guard hasTwinColumns else { continue }
      // The same step with another epoch: the later tile's point replaces the earlier one's.
      for twin in columns.indices where twin != target && columns[twin].step == column.step {
        tile.forEachPoint(column: position, from: cursor.position, count: cursor.places.count) {
          row, _ in
          block.isFilled[twin * block.rowCount + Int(cursor.places[row])] = 0
        }
      }
    }
  }

  private func fillCells(
    _ block: inout CellBlock, _ cursor: RowCursor, _ tile: ActiveTile, _ column: Int, _ base: Int
  ) {
    let places = cursor.places
    tile.forEachPoint(column: column, from: cursor.position, count: places.count) { row, bits in
      let cell = base + Int(places[row])
      block.bits[cell] = bits
      block.isFilled[cell] = 1
    }
  }
}
