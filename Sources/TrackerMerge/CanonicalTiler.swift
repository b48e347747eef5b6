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
  private let identities: [RunIdentity]
  private let precision: Precision?
  private var rows: IndexColumn
  private var columns: [TileColumn: ColumnPoints] = [:]
  private var values: [UInt64] = []
  /// Points written so far.
  public private(set) var pointCount = 0

  /// The points of one column in the rows gathered.
  private struct ColumnPoints {
    var rows: [Int32] = []
    var bits: [UInt64] = []
  }

  /// - Parameters:
  ///   - identities: of those who recorded the points; empty where not known.
  ///   - precision: in which values are rounded; nil to keep them exactly.
  public init(
    _ writer: TrackerWriter, channel: Channel, valueType: ValueType, identities: [RunIdentity],
    precision: Precision? = nil
  ) {
    self.writer = writer
    self.channel = channel
    self.valueType = valueType
    self.identities = identities
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
    try finish()
  }

  private mutating func add(_ source: any HistorySource) throws(TrackerError) {
    let (block, sourceRows, sourceColumns) = (source.block, source.rows, source.columns)
    // Rows without a point do not count: whether a source lists them depends on its tiles.
    var hasPoint = [Bool](repeating: false, count: block.rowCount)
    for column in 0..<block.columnCount {
      let base = column * block.rowCount
      for row in 0..<block.rowCount where block.isFilled[base + row] == 1 { hasPoint[row] = true }
    }
    var start = 0
    while start < block.rowCount {
      // The rows of this part, and where each goes.
      var places = [Int32](repeating: -1, count: block.rowCount)
      var row = start
      var next = rows.count
      var bytes = rows.stringBytes
      while row < block.rowCount, next < Self.rowsPerBlock, bytes < Self.maxStringBytes {
        if hasPoint[row] {
          places[row] = Int32(next)
          next += 1
          if case .strings(let column) = sourceRows { bytes += column.range(of: row).count }
        }
        row += 1
      }
      rows.append(rows: start..<row, of: sourceRows) { places[$0] >= 0 }
      for (position, column) in sourceColumns.enumerated() {
        var points = columns.removeValue(forKey: column) ?? ColumnPoints()
        let base = position * block.rowCount
        for row in start..<row where block.isFilled[base + row] == 1 {
          points.rows.append(places[row])
          points.bits.append(block.bits[base + row])
        }
        if !points.rows.isEmpty { columns[column] = points }
      }
      start = row
      if rows.count == Self.rowsPerBlock || bytes >= Self.maxStringBytes { try flush() }
    }
  }

  /// Writes what is left.
  public mutating func finish() throws(TrackerError) {
    if rows.count > 0 { try flush() }
  }

  private mutating func flush() throws(TrackerError) {
    let sorted = columns.sorted { $0.key < $1.key }
    var start = 0
    while start < sorted.count {
      var end = start
      var points = 0
      while end < sorted.count {
        points += sorted[end].value.rows.count
        let cells = (end + 1 - start) * rows.count
        if end > start, points > Self.maxPoints || cells > Self.maxCells { break }
        if end - start == Limits.maxTileColumns { break }
        end += 1
      }
      try writeTile(sorted[start..<end])
      start = end
    }
    columns.removeAll(keepingCapacity: true)
    rows = IndexColumn(type: writer.indexType)
  }

  private mutating func writeTile(
    _ part: ArraySlice<(key: TileColumn, value: ColumnPoints)>
  ) throws(TrackerError) {
    values.removeAll(keepingCapacity: true)
    let cells = part.count * rows.count
    var presence = Presence.none(cells)
    for (column, entry) in part.enumerated() {
      for (position, row) in entry.value.rows.enumerated() {
        presence.insert(column * rows.count + Int(row))
        let bits = entry.value.bits[position]
        // Widened from this type before, so it narrows exactly.
        values.append(valueType == .float64 ? bits : UInt64(Widening.narrow(bits) ?? 0))
      }
    }
    precision?.round(&values, valueType)
    try writer.appendTile(
      channel: channel, valueType: valueType, rows: rows, columns: part.map(\.key),
      presence: presence, values: values.span, identities: identities)
    pointCount += values.count
  }
}
