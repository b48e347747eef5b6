import TrackerCodec
public import TrackerFile
public import TrackerModel

/// Cuts histories into tiles by one rule, so that equal content gives equal bytes.
///
/// Rows that have a point are counted off in blocks of 4,096, in the order of their indices; a block
/// of strings ends earlier, with the row that brings it to 16,777,216 bytes of them. Within a block
/// columns are taken in order, each tile as many as keep it at 262,144 points, 4,194,304 cells and
/// 65,536 columns at most. So a tile of a full block has 64 columns, and small histories are one
/// tile.
public struct CanonicalTiler {
  public static let rowsPerBlock = 4096
  static let maxPoints = 1 << 18
  static let maxCells = 1 << 22
  static let maxStringBytes = 1 << 24

  private let writer: TrackerWriter
  private let channel: Channel
  private let valueType: ValueType
  private let provenance: Provenance
  private let precision: Precision?
  private var rows: IndexColumn
  private var columns: [TileColumn: ColumnPoints] = [:]
  /// Which rows of the source's block have a point: row `i` is bit `i mod 64` of word `i / 64`.
  private var rowsWithPoints: [UInt64] = []
  /// Points written so far.
  public private(set) var pointCount = 0

  /// - Parameters:
  ///   - identities: of those who recorded the points; empty where not known.
  ///   - precision: in which values are rounded; nil to keep them exactly.
  public init(
    _ writer: TrackerWriter, channel: Channel, valueType: ValueType, identities: [RunIdentity],
    precision: Precision? = nil
  ) {
    self.init(
      writer, channel: channel, valueType: valueType, provenance: .shared(identities),
      precision: precision)
  }

  init(
    _ writer: TrackerWriter, channel: Channel, valueType: ValueType, provenance: Provenance,
    precision: Precision?
  ) {
    self.writer = writer
    self.channel = channel
    self.valueType = valueType
    self.provenance = provenance
    self.precision = precision
    rows = IndexColumn(type: writer.indexType)
  }

  /// Writes all of a source.
  public mutating func write(_ source: any HistorySource, progress: (Int) -> Void = { _ in })
    throws(TrackerError)
  {
    while try source.advance() {
      try add(source)
      progress(pointCount)
    }
    if rows.count > 0 { try flush(source) }
  }

  private mutating func add(_ source: any HistorySource) throws(TrackerError) {
    let (block, sourceRows, sourceColumns) = (source.block, source.rows, source.columns)
    var start = 0
    // Rows without a point do not count: whether a source lists them depends on its tiles.
    block.findRowsWithPoints(into: &rowsWithPoints)
    while start < block.rowCount {
      let end = start + Self.rowsPerBlock
      if block.isFull, !sourceColumns.isEmpty, rows.count == 0, end <= block.rowCount,
        sourceRows.stringBytes < Self.maxStringBytes
      {
        try write(source, start..<end, sourceRows.slice(start..<end))
        start = end
      } else {
        start = try gather(source, from: start)
      }
    }
  }

  /// Writes the tiles of a whole block of rows, all of whose cells hold a point: straight from there.
  private mutating func write(
    _ source: any HistorySource, _ range: Range<Int>, _ rows: IndexColumn
  ) throws(TrackerError) {
    let (block, columns) = (source.block, source.columns)
    let counts = [Int](repeating: range.count, count: columns.count)
    for part in Self.cut(counts, rowCount: range.count) {
      var values = writer.takeValueBuffer(valueType)
      values.reserveCapacity(part.count * range.count)
      var origins: [UInt32] = []
      for column in part {
        let first = block.cell(row: range.lowerBound, column: column)
        values.append(first..<first + range.count, of: block.values)
        if provenance == .byPoint { origins += block.origins[first..<first + range.count] }
      }
      try writeTile(rows, Array(columns[part]), .all(values.count), values, origins, of: source)
    }
  }

  /// Adds rows of a block to those gathered, as many as there is room for, and returns where the rest
  /// begins.
  private mutating func gather(_ source: any HistorySource, from start: Int) throws(TrackerError)
    -> Int
  {
    let (block, sourceRows, sourceColumns) = (source.block, source.rows, source.columns)
    // The rows of this part, and where each goes.
    let first = rows.count
    var places = [Int32](repeating: -1, count: block.rowCount)
    var row = start
    var next = first
    var bytes = rows.stringBytes
    while row < block.rowCount, next < Self.rowsPerBlock, bytes < Self.maxStringBytes {
      if rowsWithPoints[row >> 6] >> UInt64(row & 63) & 1 == 1 {
        places[row] = Int32(next)
        next += 1
        if case .strings(let column) = sourceRows { bytes += column.range(of: row).count }
      }
      row += 1
    }
    rows.append(rows: start..<row, of: sourceRows) { places[$0] >= 0 }
    let isWhole = next - first == row - start
    for (position, column) in sourceColumns.enumerated() {
      let base = block.cell(row: start, column: position)
      let cells = base..<base + row - start
      var points = columns.removeValue(forKey: column) ?? ColumnPoints(valueType)
      if isWhole, points.isWhole(through: first), block.isFull(cells) {
        points.append(block, cells)
      } else {
        points.append(block, cells, places[start..<row])
      }
      if points.count > 0 { columns[column] = points }
    }
    if rows.count == Self.rowsPerBlock || bytes >= Self.maxStringBytes { try flush(source) }
    return row
  }

  private mutating func flush(_ source: any HistorySource) throws(TrackerError) {
    let sorted = columns.sorted { $0.key < $1.key }
    for part in Self.cut(sorted.map(\.value.count), rowCount: rows.count) {
      try writeTile(sorted[part], of: source)
    }
    columns.removeAll(keepingCapacity: true)
    rows = IndexColumn(type: writer.indexType)
  }

  /// Which columns of a block of rows go to each tile.
  ///
  /// - Parameter counts: the points of each column.
  private static func cut(_ counts: [Int], rowCount: Int) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var start = 0
    while start < counts.count {
      var end = start
      var points = 0
      while end < counts.count {
        points += counts[end]
        let cells = (end + 1 - start) * rowCount
        if end > start, points > maxPoints || cells > maxCells { break }
        if end - start == Limits.maxTileColumns { break }
        end += 1
      }
      parts.append(start..<end)
      start = end
    }
    return parts
  }

  private mutating func writeTile(
    _ part: ArraySlice<(key: TileColumn, value: ColumnPoints)>, of source: any HistorySource
  ) throws(TrackerError) {
    let cells = part.count * rows.count
    let isWhole = part.allSatisfy { $0.value.isWhole(through: rows.count) }
    var presence = isWhole ? Presence.all(cells) : Presence.none(cells)
    var values = writer.takeValueBuffer(valueType)
    values.reserveCapacity(part.reduce(0) { $0 + $1.value.count })
    for (column, entry) in part.enumerated() {
      if !isWhole { entry.value.insertRows(into: &presence, from: column * rows.count) }
      entry.value.appendValues(to: &values)
    }
    try writeTile(
      rows, part.map(\.key), presence, values, part.flatMap(\.value.origins), of: source)
  }

  private mutating func writeTile(
    _ rows: IndexColumn, _ columns: [TileColumn], _ presence: Presence,
    _ values: consuming ValueBuffer, _ origins: [UInt32], of source: any HistorySource
  ) throws(TrackerError) {
    precision?.round(&values)
    pointCount += values.count
    let (identities, sources) =
      switch provenance {
      case .shared(let identities): (identities, [UInt32]())
      case .byPoint: Self.sources(origins, source)
      }
    try writer.appendTile(
      channel: channel, rows: rows, columns: columns, presence: presence, values: values,
      identities: identities, sources: sources)
  }

  /// Those who recorded a tile's points, sorted, and who of them recorded each, where it is not one for
  /// all.
  ///
  /// - Parameter origins: by point; each of one worker or nobody.
  private static func sources(_ origins: [UInt32], _ source: any HistorySource) -> (
    identities: [RunIdentity], sources: [UInt32]
  ) {
    var places = [UInt32?](repeating: nil, count: 1 + Int(origins.max() ?? 0))
    for origin in origins { places[Int(origin)] = 0 }
    var found: [(identity: RunIdentity, origin: Int)] = []
    for origin in places.indices where places[origin] != nil {
      if let identity = source.identities(ofOrigin: UInt32(origin)).first {
        found.append((identity, origin))
      }
    }
    found.sort { $0.identity < $1.identity }
    let identities = found.map(\.identity)
    guard places.count(where: { $0 != nil }) > 1 else { return (identities, []) }
    for (place, entry) in found.enumerated() { places[entry.origin] = UInt32(place) + 1 }
    return (identities, origins.map { places[Int($0)] ?? 0 })
  }
}
