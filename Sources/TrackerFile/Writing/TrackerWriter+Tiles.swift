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
  ///   - identities: who recorded its points, sorted; nil for this writer.
  ///   - sources: who of these recorded each point: a place among the identities, counted from 1, or 0
  ///     where it is not known. Empty to say no more of points than of the tile.
  public func appendTile(
    channel: Channel, rows: IndexColumn, columns: [TileColumn], presence: Presence,
    values: consuming ValueBuffer, identities: [RunIdentity]? = nil, sources: [UInt32] = []
  ) throws(TrackerError) {
    try appendTile(
      channel: channel, rows: TileRows.listed(rows), columns: columns, presence: presence,
      values: values, identities: identities, sources: sources)
  }

  /// The same for rows that may be known to be consecutive integers, which are not looked through then.
  public func appendTile(
    channel: Channel, rows: TileRows, columns: [TileColumn], presence: Presence,
    values: consuming ValueBuffer, identities: [RunIdentity]? = nil, sources: [UInt32] = []
  ) throws(TrackerError) {
    try checkTiles()
    try Self.check(channel)
    let identities = identities ?? identity.map { [$0] } ?? []
    precondition(
      sources.isEmpty || !identities.isEmpty && (sources.max() ?? 0) <= identities.count,
      "sources are places among the identities")
    let encoders = self.encoders ?? TileEncoders(cores: cores, level: level)
    self.encoders = encoders
    if encoders.isFull { try writeOldestTile(encoders) }
    encoders.add(
      PendingTile(
        header: TileHeader(
          channel: channel, valueType: values.type, rowCount: rows.count, columns: columns,
          indexSet: .dense(first: 0), presence: presence.canonical, sources: TileSources(sources)),
        rows: rows, identities: identities, values: values, sources: sources))
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
        rowCount: tile.rows.count, indexSet: tile.header.indexSet,
        firstIndex: tile.rows.first, lastIndex: tile.rows.last, statistics: tile.statistics,
        identities: tile.identities, sources: tile.header.sources))
  }

  private func reference(to rows: TileRows) throws(TrackerError) -> IndexSetReference {
    switch rows {
    case .dense(let first, _): return .dense(first: first)
    case .listed(let rows):
      if rows.isDenseRange, case .integer(let first) = rows[0] { return .dense(first: first) }
      return .record(offset: try indexSets.write(rows, to: self))
    }
  }
}
