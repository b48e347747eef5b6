public import TrackerCodec
public import TrackerModel

/// Adding tiles.
extension TrackerWriter {
  /// Adds a tile to the next commit.
  ///
  /// Tiles are encoded on several cores and written in order, so it may be a later call that writes
  /// this one, and that throws where it cannot: `finishTiles()` and `commit` at the latest. After that
  /// nothing can be added or committed until `rollBack(to:)`.
  /// - Parameters:
  ///   - values: column by column, rows ascending, absent cells left out.
  ///   - identities: who recorded its points; nil for this writer.
  public func appendTile(
    channel: Channel, rows: IndexColumn, columns: [TileColumn], presence: Presence,
    values: consuming ValueBuffer, identities: [RunIdentity]? = nil
  ) throws(TrackerError) {
    try checkTiles()
    try Self.check(channel)
    let encoders = self.encoders ?? TileEncoders(cores: cores, level: level)
    self.encoders = encoders
    if encoders.isFull { try writeOldestTile(encoders) }
    encoders.add(
      PendingTile(
        header: TileHeader(
          channel: channel, valueType: values.type, rowCount: rows.count, columns: columns,
          indexSet: .dense(first: 0), presence: presence.canonical),
        rows: rows, identities: identities ?? identity.map { [$0] } ?? [], values: values))
    if encoders.isSerial { try writeOldestTile(encoders) }
  }

  /// The same for values that come as bits in `valueType`.
  public func appendTile(
    channel: Channel, valueType: ValueType, rows: IndexColumn, columns: [TileColumn],
    presence: Presence, values: Span<UInt64>, identities: [RunIdentity]? = nil
  ) throws(TrackerError) {
    try appendTile(
      channel: channel, rows: rows, columns: columns, presence: presence,
      values: ValueBuffer(values, valueType), identities: identities)
  }

  /// An empty buffer for the values of the next tile: memory of earlier tiles where there is some.
  public func takeValueBuffer(_ type: ValueType) -> ValueBuffer {
    encoders?.takeValues(type) ?? ValueBuffer(type)
  }

  /// Waits until all tiles are encoded, and writes them.
  public func finishTiles() throws(TrackerError) {
    try checkTiles()
    guard let encoders else { return }
    while encoders.count > 0 { try writeOldestTile(encoders) }
  }

  private func checkTiles() throws(TrackerError) {
    if let tileFailure { throw tileFailure }
  }

  private func writeOldestTile(_ encoders: TileEncoders) throws(TrackerError) {
    guard var tile = encoders.next() else { return }
    do throws(TrackerError) {
      try write(&tile)
    } catch {
      // A commit without this tile would lose it.
      tileFailure = error
      throw error
    }
    encoders.recycle(tile)
  }

  private func write(_ tile: inout PendingTile) throws(TrackerError) {
    tile.header.indexSet = try reference(to: tile.rows)
    var head: [UInt8] = []
    TileCoder.encodeHead(tile.header, into: &head)
    let record = try append(.tile, head.span, tile.body.span)
    stage(
      TileEntry(
        channel: tile.header.channel, valueType: tile.header.valueType, offset: record.offset,
        payloadLength: UInt64(head.count + tile.body.count), columns: tile.header.columns,
        rowCount: tile.rows.count, indexSet: tile.header.indexSet, firstIndex: tile.rows[0],
        lastIndex: tile.rows[tile.rows.count - 1], statistics: tile.statistics,
        identities: tile.identities))
  }

  private func reference(to rows: IndexColumn) throws(TrackerError) -> IndexSetReference {
    if rows.isDenseRange, case .integer(let first) = rows[0] { return .dense(first: first) }
    return .record(offset: try indexSets.write(rows, to: self))
  }
}
