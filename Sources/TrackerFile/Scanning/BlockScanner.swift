import TrackerCodec
public import TrackerModel

/// Walks one channel of one or several trackers in the order of its rows, a block of rows at a time.
///
/// Goes through the rows in windows that fit its memory. Within one each tile is decoded once, only the
/// window's rows of it, and held while they pass; a tile that reaches over several windows is read in
/// each. Results depend neither on windows and blocks nor on how sources were tiled. One owner.
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
  /// The sources that have tiles in the current block, ascending.
  public private(set) var currentSources: [Int] = []

  /// The type that holds all values of all sources exactly: that of blocks.
  public let valueType: ValueType

  private let sources: [Source]
  private let steps: ClosedRange<Int64>?
  private let origins: OriginTracking
  private var memory: ScanMemory
  /// Of that, what index sets may take by which others are written.
  private let setMemory: Int
  private var rowsPerBlock: Int
  /// In all blocks so far.
  private var rowsPassed = 0
  private let minRowsPerBlock: Int
  private var originNumbers: [[RunIdentity]: UInt32] = [:]
  private var identitiesOfOrigins: [[RunIdentity]] = []

  /// What is left to be scanned; nil at the end.
  private var range: IndexRange?
  /// Tiles that are not passed yet, those with the lowest first index first.
  private var pending: [TileNumber] = []
  /// For each source what finds the rows wanted; empty where all are.
  private var finders: [WantedRows?] = []

  /// Decodes those of all sources.
  private var indexSets = IndexSetRecords()
  /// What waits for later windows; nil where there is but one, or no file to put it in.
  private var aside: ScanAside?
  /// How far the last window reached in integers, and some more.
  private var reach: UInt64?
  private var window: ScanWindow?
  private var waiting: TileStream?
  private var waitingTiles: ArraySlice<ScanWindow.Tile> = []
  /// The window's rows that the current block has.
  private var blockRows = 0..<0
  /// For each part of the window its cursor, once a tile of it was decoded.
  private var cursorOfPart: [Int: RowCursor] = [:]
  private var cursors: [RowCursor] = []
  /// Those with rows in the current block, by source.
  private var current: [RowCursor] = []
  /// For each of the window's columns its place in the block; -1 for none.
  private var blockPlaces: [Int32] = []
  /// For each column of the block the number of its step.
  private var stepNumbers: [Int] = []
  /// For each step the source that was last seen to have it.
  private var lastSource: [Int] = []

  /// - Parameters:
  ///   - sources: of one index type.
  ///   - rowsPerBlock: at most; where there are few columns, more.
  ///   - indices: rows of others are left out; nil for all.
  ///   - range: rows outside are left out.
  ///   - steps: columns outside are left out; nil for all.
  ///   - origins: which blocks say who recorded each point.
  public init(
    sources: [Source], rowsPerBlock: Int, indices: [InstanceIndex]? = nil,
    range: IndexRange = .all, steps: ClosedRange<Int64>? = nil, origins: OriginTracking = .none,
    memory: ScanMemory = .default
  ) {
    self.sources = sources
    self.origins = origins
    self.rowsPerBlock = rowsPerBlock
    minRowsPerBlock = rowsPerBlock
    self.steps = steps
    self.range = range
    self.memory = memory
    setMemory = memory.bytes / 16
    for source in sources {
      source.reader.indexSetMemory = min(
        source.reader.indexSetMemory, setMemory / sources.count)
    }
    let type = sources.first?.reader.indexType ?? .int64
    rows = IndexColumn(type: type)
    let indices = indices.map { Parameters.sortedUnique($0.filter { $0.type == type }) }
    if let indices {
      let wanted = IndexColumn(indices, type: type)
      finders = sources.map { WantedRows(wanted, in: $0.reader) }
    }
    var valueType = ValueType.float32
    for (source, content) in sources.enumerated() {
      for (tile, entry) in content.tiles.enumerated() {
        valueType = valueType.joined(with: entry.valueType)
        guard entry.mayHold(anyOf: indices), range.overlaps(entry.firstIndex, entry.lastIndex),
          entry.columns.contains(where: { steps?.contains($0.step) ?? true })
        else { continue }
        pending.append(TileNumber(source: Int32(source), tile: Int32(tile)))
      }
    }
    self.valueType = valueType
    // Stable among equals: sources in their order, tiles in the order written.
    pending.sort {
      let (left, right) = (entry($0).firstIndex, entry($1).firstIndex)
      return left != right ? left < right : ($0.source, $0.tile) < ($1.source, $1.tile)
    }
    guard let folder = memory.folder, indices == nil, steps == nil else { return }
    let tiles = pending.map(entry)
    self.memory = memory.sufficing(for: tiles) { ScanAside.canKeep($0, origins) }
    let bytes = tiles.reduce(0) { $0 + $1.pointBytes }
    if bytes > self.memory.windowBytes / 2 {
      aside = ScanAside(inFolder: folder, limit: memory.asideBytes)
    }
  }

  private func entry(_ number: TileNumber) -> TileEntry {
    sources[Int(number.source)].tiles[Int(number.tile)]
  }

  /// Who recorded the points of an origin, sorted; empty where it is not known.
  public func identities(ofOrigin origin: UInt32) -> [RunIdentity] {
    identitiesOfOrigins[Int(origin)]
  }

  private func origin(of identities: [RunIdentity]) -> UInt32 {
    if let known = originNumbers[identities] { return known }
    let number = UInt32(identitiesOfOrigins.count)
    identitiesOfOrigins.append(identities)
    originNumbers[identities] = number
    return number
  }

  private func isScanned(_ column: TileColumn) -> Bool { steps?.contains(column.step) ?? true }

  // MARK: Windows

  /// Goes on to the next window that has rows; false where there is none.
  private func openWindow() throws(TrackerError) -> Bool {
    while let range {
      // Before the next one takes memory.
      closeWindow()
      var builder = WindowBuilder(likelyWindow(of: range), memory)
      let sets = finders.isEmpty ? indexSets(of: builder.range) : nil
      var none: WantedRows?
      for number in pending {
        let entry = entry(number)
        if let upper = builder.range.upper, entry.firstIndex >= upper { break }
        let source = Int(number.source)
        if finders.isEmpty {
          try builder.add(number, entry, of: sources[source].reader, &none, sets, &indexSets, aside)
        } else {
          try builder.add(
            number, entry, of: sources[source].reader, &finders[source], nil, &indexSets, aside)
        }
      }
      let end = builder.range.upper
      if let end, end != range.upper {
        self.range = IndexRange(lower: end, upper: range.upper)
        pending.removeAll { entry($0).lastIndex < end }
      } else {
        self.range = nil
        pending = []
      }
      let window = builder.finish(type: rows.type, entry, isScanned)
      note(range, builder: end, isEmpty: window.rows.count == 0)
      guard window.rows.count > 0 else { continue }
      waiting = TileStream(
        sources.map(\.reader),
        window.tiles.compactMap {
          guard !(aside?.hasRows(of: $0.number) ?? false) else { return nil }
          let entry = entry($0.number)
          var rows = window.parts[$0.part].rows
          // The rest comes along, and waits.
          if let part = self.part(window.parts[$0.part].rows, of: entry) {
            rows = .range(part.lowerBound..<entry.rowCount)
          }
          return TileStream.Item(source: Int($0.number.source), entry: entry, rows: rows)
        }, readsSources: origins != .none, maxAheadPoints: memory.pointsAhead)
      waitingTiles = window.tiles[...]
      blockPlaces = [Int32](repeating: -1, count: window.columns.count)
      self.window = window
      return true
    }
    closeWindow()
    return false
  }

  /// The index sets that a window needs, in the order of its tiles.
  private func indexSets(of range: IndexRange) -> IndexSetStream {
    var known: Set<WindowPart.Key> = []
    var tiles: [(key: WindowPart.Key, entry: TileEntry)] = []
    for number in pending {
      let entry = entry(number)
      if let upper = range.upper, entry.firstIndex >= upper { break }
      guard case .record = entry.indexSet else { continue }
      let key = WindowPart.Key(number, entry)
      if aside?.hasSet(key) ?? false { continue }
      if known.insert(key).inserted { tiles.append((key, entry)) }
    }
    return IndexSetStream(sources.map(\.reader), tiles, baseMemory: setMemory)
  }

  /// Where the next window is likely to end: what lies beyond need not be looked at.
  private func likelyWindow(of range: IndexRange) -> IndexRange {
    guard aside != nil, let reach, case .integer(let lower)? = range.lower,
      let first = pending.first, case .integer(let start) = entry(first).firstIndex
    else { return range }
    let (upper, overflow) = max(lower, start).addingReportingOverflow(
      Int64(min(reach, UInt64(Int64.max))))
    guard !overflow, range.upper.map({ .integer(upper) < $0 }) ?? true else { return range }
    return IndexRange(lower: range.lower, upper: .integer(upper))
  }

  /// Remembers how far a window reached.
  private func note(_ range: IndexRange, builder end: InstanceIndex?, isEmpty: Bool) {
    guard aside != nil, case .integer(let upper)? = end,
      case .integer(let lower)? = range.lower ?? pending.first.map({ entry($0).firstIndex })
    else { return }
    // Of numbers that are ordered the distance is below 2^64. Where there is nothing, go faster.
    let passed = UInt64(bitPattern: upper &- lower)
    let (wider, overflow) = passed.multipliedReportingOverflow(by: isEmpty ? 8 : 2)
    reach = overflow ? .max : isEmpty ? wider : wider - passed / 4 * 3
  }

  /// The rows of a tile that a window takes, where others follow that can be kept; nil where not.
  private func part(_ rows: RowSelection, of entry: TileEntry) -> Range<Int>? {
    guard let aside, case .range(let part) = rows, part.upperBound < entry.rowCount,
      aside.mayKeep(entry, origins)
    else { return nil }
    return part
  }

  /// What the window needs of a tile: from where it waited, or decoded.
  private func content(_ tile: ScanWindow.Tile, _ rows: RowSelection) throws(TrackerError)
    -> DecodedTile?
  {
    if let aside, aside.hasRows(of: tile.number), case .range(let part) = rows {
      return try aside.rows(part, of: tile.number, entry(tile.number))
    }
    guard let (_, content) = try waiting?.next() else { return nil }
    guard let aside, case .range(let part) = rows, content.rowCount > part.count else {
      return content
    }
    aside.keep(content, of: tile.number, from: part.lowerBound, allBut: part.count)
    return content.prefix(part.count)
  }

  private func closeWindow() {
    window = nil
    waiting = nil
    waitingTiles = []
    cursors = []
    current = []
    cursorOfPart = [:]
    blockRows = 0..<0
  }

  /// Decodes the waiting tiles of which a row stands before `end`.
  private func activate(upTo end: Int, of window: ScanWindow) throws(TrackerError) {
    while let tile = waitingTiles.first, tile.firstRow < end {
      waitingTiles.removeFirst()
      let entry = entry(tile.number)
      guard let content = try content(tile, window.parts[tile.part].rows) else { return }
      let columnPlaces = entry.columns.map { column in
        isScanned(column) ? Int32(Self.place(of: column, in: window.columns)) : -1
      }
      let cursor: RowCursor
      if let known = cursorOfPart[tile.part] {
        cursor = known
      } else {
        let part = window.parts[tile.part]
        cursor = RowCursor(source: part.source, part: tile.part, places: part.places)
        cursorOfPart[tile.part] = cursor
        cursors.append(cursor)
      }
      let origins = self.origins == .none ? .unknown : TileOrigins(entry, content, origin(of:))
      cursor.add(ActiveTile(entry, content, columnPlaces, origins))
    }
  }

  /// - Precondition: the column is there.
  private static func place(of column: TileColumn, in columns: [TileColumn]) -> Int {
    var (low, high) = (0, columns.count)
    while low < high {
      let middle = (low + high) / 2
      if columns[middle] < column { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: Blocks

  private static let maxRowsPerBlock = 1 << 16
  /// Where blocks have fewer cells, what each costs beside them shows.
  private static let cellsWorthBlock = 1 << 17

  /// Canonical tiles have so many rows: blocks end where these do, whatever windows are like.
  private static let rowsPerTile = 4096

  /// So many rows or some fewer.
  private func aligned(_ count: Int) -> Int {
    let end = (rowsPassed + count) / Self.rowsPerTile * Self.rowsPerTile
    return end > rowsPassed ? end - rowsPassed : count
  }

  /// Goes on to the next block; false where there is none.
  /// - Throws: what reading throws, also for the index sets of tiles that come later in the window.
  public func advance() throws(TrackerError) -> Bool {
    for cursor in current { cursor.pass() }
    // With them go their tiles; all tiles of a part have come by the time that its rows have passed.
    for cursor in current where cursor.isExhausted { cursorOfPart[cursor.part] = nil }
    cursors.removeAll { $0.isExhausted }
    current.removeAll(keepingCapacity: true)
    if window.map({ blockRows.upperBound == $0.rows.count }) ?? true {
      guard try openWindow() else { return false }
    }
    guard let window else { return false }
    let start = blockRows.upperBound
    var end = min(start + aligned(rowsPerBlock), window.rows.count)
    try activate(upTo: end, of: window)
    match(start..<end, window)
    // Many steps of which each row has few would make the block huge: take fewer rows of it.
    if end - start > 1, (end - start) * columns.count > memory.blockCells {
      end = start + aligned(max(1, memory.blockCells / columns.count))
      match(start..<end, window)
    }
    rows = window.rows.slice(start..<end)
    rowsPassed += end - start
    rowsPerBlock = min(
      Self.maxRowsPerBlock, max(minRowsPerBlock, Self.cellsWorthBlock / max(1, columns.count)))
    return true
  }

  /// Finds the sources, cursors and columns that have some of the window's rows.
  private func match(_ rows: Range<Int>, _ window: ScanWindow) {
    blockRows = rows
    for cursor in cursors { cursor.match(rows) }
    current = cursors.filter { !$0.currentRows.isEmpty }
    current.sort { $0.source < $1.source }
    currentSources.removeAll(keepingCapacity: true)
    for place in blockPlaces.indices { blockPlaces[place] = -1 }
    for cursor in current {
      if currentSources.last != cursor.source { currentSources.append(cursor.source) }
      for tile in cursor.tiles {
        for place in tile.columnPlaces where place >= 0 { blockPlaces[Int(place)] = 0 }
      }
    }
    columns.removeAll(keepingCapacity: true)
    stepNumbers.removeAll(keepingCapacity: true)
    hasTwinColumns = false
    var steps = 0
    for place in blockPlaces.indices where blockPlaces[place] == 0 {
      blockPlaces[place] = Int32(columns.count)
      let column = window.columns[place]
      if let last = columns.last, last.step == column.step {
        hasTwinColumns = true
      } else {
        steps += 1
      }
      stepNumbers.append(steps - 1)
      columns.append(column)
    }
    lastSource = [Int](repeating: -1, count: steps)
  }

  /// The tiles of a source that have rows in the current block, in the order written.
  private func currentTiles(of source: Int) -> [(cursor: RowCursor, tile: ActiveTile)] {
    var (low, high) = (0, current.count)
    while low < high {
      let middle = (low + high) / 2
      if current[middle].source < source { low = middle + 1 } else { high = middle }
    }
    var tiles: [(cursor: RowCursor, tile: ActiveTile)] = []
    while low < current.count, current[low].source == source {
      for tile in current[low].tiles { tiles.append((current[low], tile)) }
      low += 1
    }
    tiles.sort { $0.tile.offset < $1.tile.offset }
    return tiles
  }

  /// Replaces `block` by one source's points of the current rows and columns; among its tiles, later
  /// ones replace points of earlier ones with the same step.
  public func fill(_ block: inout CellBlock, from source: Int) throws(TrackerError) {
    fill(&block, currentTiles(of: source))
  }

  private func fill(_ block: inout CellBlock, _ tiles: [(cursor: RowCursor, tile: ActiveTile)]) {
    block.reset(
      rowCount: rows.count, columnCount: columns.count, valueType,
      tracksOrigins: origins != .none)
    for (cursor, tile) in tiles { fill(&block, cursor, tile) }
    block.settle()
  }

  /// Replaces `block` by the points of all sources, of which the first that has a point for a cell
  /// counts; calls `body` with each cell for which a later one has another value.
  ///
  /// Where united blocks track origins, cells with another origin count as different, too.
  /// - Parameter scratch: memory for a block.
  public func unite(
    _ block: inout CellBlock, _ scratch: inout CellBlock, whereDifferent body: (_ cell: Int) -> Void
  ) {
    block.reset(
      rowCount: rows.count, columnCount: columns.count, valueType,
      tracksOrigins: origins == .everywhere)
    for source in currentSources {
      let tiles = currentTiles(of: source)
      if hasDistinctSteps(tiles, source) {
        for (cursor, tile) in tiles {
          let (rows, places) = (cursor.currentRows, cursor.rowPlaces)
          for (position, place) in tile.columnPlaces.enumerated() where place >= 0 {
            let part = tile.content.part(column: position, rows: rows, from: tile.next[position])
            block.unite(
              block.cell(row: 0, column: Int(blockPlaces[Int(place)])), part, places,
              tile.origins, body)
          }
        }
      } else {
        fill(&scratch, tiles)
        for column in columns.indices {
          block.unite(scratch, scratch.cells(ofColumn: column), whereDifferent: body)
        }
      }
    }
    block.settle()
  }

  /// Whether no tile can replace points of another.
  private func hasDistinctSteps(
    _ tiles: [(cursor: RowCursor, tile: ActiveTile)], _ source: Int
  ) -> Bool {
    for (_, tile) in tiles {
      for place in tile.columnPlaces where place >= 0 {
        let step = stepNumbers[Int(blockPlaces[Int(place)])]
        if lastSource[step] == source { return false }
        lastSource[step] = source
      }
    }
    return true
  }

  /// The current rows of a tile's scanned columns, with the columns' places in the block.
  private func parts(of tile: ActiveTile, _ cursor: RowCursor) -> [(Int, DecodedTile.ColumnPart)] {
    var parts: [(Int, DecodedTile.ColumnPart)] = []
    parts.reserveCapacity(tile.columnPlaces.count)
    for (position, place) in tile.columnPlaces.enumerated() where place >= 0 {
      parts.append(
        (
          Int(blockPlaces[Int(place)]),
          tile.content.part(
            column: position, rows: cursor.currentRows, from: tile.next[position])
        ))
    }
    return parts
  }

  private func fill(_ block: inout CellBlock, _ cursor: RowCursor, _ tile: ActiveTile) {
    let places = cursor.rowPlaces
    for (target, part) in parts(of: tile, cursor) {
      let base = block.cell(row: 0, column: target)
      block.set(base, to: part, at: places, tile.origins)
      guard hasTwinColumns else { continue }
      // The same step with another epoch: the later tile's point replaces the earlier one's.
      for twin in columns.indices
      where twin != target && columns[twin].step == columns[target].step {
        let base = block.cell(row: 0, column: twin)
        part.forEachPoint { row, _ in block.remove(base + places[row]) }
      }
    }
  }
}
