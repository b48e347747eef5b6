import TrackerCodec
public import TrackerModel

extension TrackerReader {
  /// Reads a channel into columns: what to call for all of it, on all cores (`cores`).
  ///
  /// Each tile is decoded once and its columns are copied straight to their places, whichever rows and
  /// steps tiles hold; later tiles replace points of earlier ones, as in a `ChannelScan`.
  /// Memory: the result, and a few tiles.
  /// - Parameters:
  ///   - steps: only these; nil for all.
  ///   - maxCells: how large a result may become. It has a cell for each row at each step: of a channel
  ///     whose steps have few rows each, that is far more than its points; read it by `ChannelScan`.
  /// - Throws: what reading throws; `limitExceeded` where the result would be larger.
  /// - Complexity: O(cells + points), and O(rows of the channel) for each set of rows that tiles have,
  ///   where these overlap.
  public func matrix(
    of channel: Channel, steps: ClosedRange<Int64>? = nil, maxCells: Int = 1 << 31
  ) throws(TrackerError) -> HistoryMatrix {
    try MatrixReader(self, channel, steps: steps).read(maxCells: maxCells)
  }
}

/// Reads a channel into a matrix.
private struct MatrixReader {
  private let reader: TrackerReader
  private let steps: ClosedRange<Int64>?
  /// In the order written: that in which they replace each other's points.
  private let tiles: [TileEntry]
  private let columns: [TileColumn]
  private let valueType: ValueType

  init(_ reader: TrackerReader, _ channel: Channel, steps: ClosedRange<Int64>?) {
    self.reader = reader
    self.steps = steps
    let all = reader.snapshot.tiles(of: channel)
    // The channel's type whichever steps are read, as that of a scan.
    valueType = all.reduce(.float32) { $0.joined(with: $1.valueType) }
    var found: Set<TileColumn> = []
    var tiles: [TileEntry] = []
    for entry in all {
      let wanted = entry.columns.filter { steps?.contains($0.step) ?? true }
      guard !wanted.isEmpty else { continue }
      found.formUnion(wanted)
      tiles.append(entry)
    }
    self.tiles = tiles
    columns = found.sorted()
  }

  func read(maxCells: Int) throws(TrackerError) -> HistoryMatrix {
    let stream = TileStream([reader], tiles.map { TileStream.Item(source: 0, entry: $0) })
    // Other cores have work while this one looks for the rows.
    if !stream.isAlone { stream.decodeAhead() }
    let rows = try allRows()
    let (cells, overflow) = rows.count.multipliedReportingOverflow(by: columns.count)
    guard !overflow, cells <= maxCells else {
      throw TrackerError(
        .limitExceeded, "matrix",
        "\(rows.count) rows at \(columns.count) steps, the limit is \(maxCells) cells",
        file: reader.name, remedy: "read fewer steps, or the points row by row")
    }
    let pointCount = tiles.reduce(0) { $0 + $1.statistics.pointCount }
    var matrix = HistoryMatrix(
      rows: rows, columns: columns, valueType, isToBeFull: pointCount == cells)
    var last: (key: RowSet, places: RowPlaces)?
    // A tile that nobody else decodes meanwhile goes straight to its place.
    var tileReader = TileReader()
    while let upcoming = stream.upcoming?.entry {
      let places: RowPlaces
      if let last, last.key == RowSet(upcoming) {
        places = last.places
      } else {
        places = try self.places(of: upcoming, in: rows)
        last = (RowSet(upcoming), places)
      }
      if stream.isAlone, case .run(let row) = places, upcoming.valueType == valueType,
        let columns = run(of: upcoming)
      {
        stream.skip()
        try matrix.fill(columns: columns, rows: row..<row + upcoming.rowCount) {
          (values, places) throws(TrackerError) in
          try tileReader.decode(upcoming, reader.records, into: &values, at: places)
        }
        continue
      }
      guard let (item, tile) = try stream.next() else { break }
      let entry = item.entry
      for (position, column) in entry.columns.enumerated() {
        guard let (target, twins) = place(of: column) else { continue }
        matrix.set(column: target, twins: twins, to: tile, position, at: places)
      }
      stream.recycle(tile)
    }
    matrix.settle()
    return matrix
  }

  /// Where the columns of a tile without gaps stand, if one behind the other and none has a twin.
  private func run(of entry: TileEntry) -> Range<Int>? {
    let count = entry.columns.count
    guard entry.statistics.pointCount == entry.rowCount * count,
      let (first, _) = place(of: entry.columns[0])
    else { return nil }
    for (position, column) in entry.columns.enumerated() {
      guard let (target, twins) = place(of: column), target == first + position, twins.count == 1
      else { return nil }
    }
    return first..<first + count
  }

  /// The place of a column, and the columns of its step; nil where it is not read.
  private func place(of column: TileColumn) -> (Int, twins: Range<Int>)? {
    guard steps?.contains(column.step) ?? true else { return nil }
    var (low, high) = (0, columns.count)
    while low < high {
      let middle = (low + high) / 2
      if columns[middle] < column { low = middle + 1 } else { high = middle }
    }
    var twins = low..<low + 1
    while twins.lowerBound > 0, columns[twins.lowerBound - 1].step == column.step {
      twins = twins.lowerBound - 1..<twins.upperBound
    }
    while twins.upperBound < columns.count, columns[twins.upperBound].step == column.step {
      twins = twins.lowerBound..<twins.upperBound + 1
    }
    return (low, twins)
  }

  // MARK: Rows

  /// The rows of one or several tiles.
  private struct RowSet: Hashable {
    var indexSet: IndexSetReference
    var rowCount: Int
    // As directories name them: both are checked against the set itself.
    var first: InstanceIndex
    var last: InstanceIndex

    init(_ entry: TileEntry) {
      indexSet = entry.indexSet
      rowCount = entry.rowCount
      first = entry.firstIndex
      last = entry.lastIndex
    }
  }

  /// The rows of all tiles, ascending.
  private func allRows() throws(TrackerError) -> IndexColumn {
    var known: Set<RowSet> = []
    let distinct = tiles.filter { known.insert(RowSet($0)).inserted }
      .sorted { ($0.firstIndex, $0.offset) < ($1.firstIndex, $1.offset) }
    var rows = IndexColumn(type: reader.indexType)
    // Sets that overlap the rows so far wait until they are as many: so merging costs no more than
    // sorting would.
    var pending = IndexUnion()
    var end: InstanceIndex?
    for entry in distinct {
      let isBehind = end.map { entry.firstIndex > $0 } ?? true
      if isBehind, pending.isEmpty, let first = Self.denseFirst(entry) {
        rows.append(entry.rowCount, from: first)
        end = entry.lastIndex
        continue
      }
      let column = try reader.checkedIndices(of: entry)
      if let last = end, !isBehind {
        pending.insert(column)
        end = max(last, entry.lastIndex)
        if pending.heldCount > rows.count { Self.add(&pending, to: &rows) }
      } else {
        Self.add(&pending, to: &rows)
        rows.append(rows: 0..<column.count, of: column) { _ in true }
        end = entry.lastIndex
      }
    }
    Self.add(&pending, to: &rows)
    return rows
  }

  private static func add(_ pending: inout IndexUnion, to rows: inout IndexColumn) {
    if let column = pending.take() { rows = column.union(rows) }
  }

  /// The first of consecutive integers whose ends are those that the directory names; nil for other rows.
  private static func denseFirst(_ entry: TileEntry) -> Int64? {
    // Directories are read with the check that no such range exceeds Int64.
    guard case .dense(let first) = entry.indexSet, entry.firstIndex == .integer(first),
      case .integer(let last) = entry.lastIndex, last >= first,
      UInt64(bitPattern: last &- first) == UInt64(entry.rowCount - 1)
    else { return nil }
    return first
  }

  /// - Parameter rows: those of all tiles.
  private func places(of entry: TileEntry, in rows: IndexColumn) throws(TrackerError) -> RowPlaces {
    let first = rows.lowerBound(of: entry.firstIndex)
    let last = rows.lowerBound(of: entry.lastIndex)
    // All its rows are there: as many as there are between its ends are those.
    if last - first == entry.rowCount - 1 { return .run(first) }
    let part = rows.slice(first..<last + 1)
    return .scattered(
      first: first,
      RowUnion.places(of: try reader.checkedIndices(of: entry), in: part))
  }
}
