import TrackerCodec
import TrackerModel

/// The rows of a channel that a scan holds at one time: so many that what overlaps them, decoded,
/// fits its memory.
struct ScanWindow {
  /// A tile of the window.
  struct Tile {
    var number: TileNumber
    /// The place of its part.
    var part: Int
    var firstRow: Int
  }

  /// Of all tiles that overlap it, ascending.
  let rows: IndexColumn
  /// Of all those tiles, ascending.
  let columns: [TileColumn]
  let parts: [(source: Int, rows: RowSelection, places: PartPlaces)]
  /// Those with the lowest first row first.
  let tiles: [Tile]

  init(_ parts: consuming [WindowPart], type: IndexType, columns: [TileColumn]) {
    let (rows, places) = RowUnion.unite(&parts, type: type)
    self.rows = rows
    self.columns = columns
    self.parts = zip(parts, places).map { ($0.key.source, $0.rows, $1) }
    var tiles: [Tile] = []
    for (place, part) in parts.enumerated() {
      for number in part.tiles {
        tiles.append(Tile(number: number, part: place, firstRow: places[place].first))
      }
    }
    // Stable: among tiles of one row the order in which they were found.
    tiles.sort {
      ($0.firstRow, $0.number.source, $0.number.tile)
        < ($1.firstRow, $1.number.source, $1.number.tile)
    }
    self.tiles = tiles
  }
}

/// Gathers the rows and tiles of a window, and ends it where they would take too much memory.
struct WindowBuilder {
  /// What is left of the range.
  private(set) var range: IndexRange
  private let memory: ScanMemory
  private var parts: [WindowPart] = []
  private var places: [WindowPart.Key: Int] = [:]
  /// Of parts.
  private var bytes = 0
  /// Of all parts' rows, of which the window has each once: their number, and the range of integers.
  private var rowCount = 0
  private var ends: (first: Int64, last: Int64)?
  /// Whether nothing can be left out any more.
  private var isSmallest = false

  init(_ range: IndexRange, _ memory: ScanMemory) {
    self.range = range
    self.memory = memory
  }

  /// Adds a tile.
  ///
  /// - Parameters:
  ///   - number, entry: those with the lowest first index are added first.
  ///   - wanted: finds the rows wanted in the tile's source; nil for all.
  ///   - sets: index sets in the order in which they are needed here.
  ///   - decoder: of index sets that are needed again.
  ///   - aside: where index sets wait for later windows; nil for nowhere.
  mutating func add(
    _ number: TileNumber, _ entry: TileEntry, of reader: TrackerReader,
    _ wanted: inout WantedRows?, _ sets: IndexSetStream?, _ decoder: inout IndexSetRecords,
    _ aside: ScanAside?
  ) throws(TrackerError) {
    let key = WindowPart.Key(number, entry)
    if let place = places[key] {
      let before = parts[place].bytes
      parts[place].add(number, entry)
      bytes += parts[place].bytes - before
    } else {
      var part: WindowPart
      if var finder = wanted.take() {
        defer { wanted = finder }
        let found = try finder.part(of: entry)
        part = WindowPart(key, .init(found.indices), .list(found.rows))
      } else {
        switch entry.indexSet {
        case .dense(let first):
          part = WindowPart(key, .dense(first: first, count: entry.rowCount), .all)
        case .record:
          if let aside, aside.hasSet(key) {
            guard let found = try aside.part(of: key, in: range) else { return }
            part = WindowPart(
              key, found.indices, .range(found.first..<found.first + found.indices.count))
          } else {
            if let indices = try sets?.next(key) {
              part = WindowPart(key, indices, .all)
            } else {
              part = WindowPart(key, .init(try reader.checkedIndices(of: entry, &decoder)), .all)
            }
            aside?.keep(part.indices, of: key)
          }
        }
      }
      part.clip(to: range)
      guard part.count > 0 else { return }
      part.add(number, entry)
      places[key] = parts.count
      parts.append(part)
      bytes += part.bytes
      countRows(of: part)
    }
    while bytes + bytesOfRows > memory.windowBytes, !isSmallest { cut() }
  }

  private mutating func countRows(of part: WindowPart) {
    rowCount += part.count
    guard let added = part.ends else { return }
    ends = ends.map { (min($0.first, added.first), max($0.last, added.last)) } ?? added
  }

  /// Of the window's own rows, at most; the parts' bytes have those of strings.
  private var bytesOfRows: Int {
    guard let ends else { return 0 }
    // Of numbers that are ordered the distance is below 2^64.
    let reach = UInt64(bitPattern: ends.last &- ends.first)
    return 8 * Int(min(UInt64(rowCount), reach &+ 1 == 0 ? reach : reach + 1))
  }

  /// Leaves out the last quarter of the longest part's rows, and all behind them.
  private mutating func cut() {
    guard let longest = parts.max(by: { $0.count < $1.count }), longest.count > memory.minRows
    else {
      isSmallest = true
      return
    }
    range.upper = longest[max(1, longest.count / 4 * 3)]
    for place in parts.indices { parts[place].clip(to: range) }
    parts.removeAll { $0.count == 0 }
    bytes = parts.reduce(0) { $0 + $1.bytes }
    (rowCount, ends) = (0, nil)
    for part in parts { countRows(of: part) }
    places.removeAll(keepingCapacity: true)
    for (place, part) in parts.enumerated() { places[part.key] = place }
  }

  /// - Parameter isScanned: which columns are.
  consuming func finish(
    type: IndexType, _ entries: (TileNumber) -> TileEntry, _ isScanned: (TileColumn) -> Bool
  ) -> ScanWindow {
    var columns: Set<TileColumn> = []
    for part in parts {
      for number in part.tiles {
        for column in entries(number).columns where isScanned(column) { columns.insert(column) }
      }
    }
    return ScanWindow(parts, type: type, columns: columns.sorted())
  }
}
