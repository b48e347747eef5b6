public import TrackerModel

/// Writes and reads tile payloads; keeps its buffers between tiles. One owner.
public struct TileCoder {
  private var valueCoder: ValueColumnCoder
  private var presenceCoder = PresenceCoder()
  private var sourceValues = ValueBuffer(.float32)

  public init(level: EncodingLevel = .default) { valueCoder = ValueColumnCoder(level: level) }

  /// Appends the payload of a tile.
  ///
  /// - Parameters:
  ///   - header: its presence says which cells `values` fill.
  ///   - values: in the header's value type, column by column, rows ascending.
  ///   - sources: who recorded each of them: a place among the entry's identities, counted from 1, or 0
  ///     where it is not known. None where the header says so.
  /// - Precondition: types and counts agree and keep to the limits.
  public mutating func encode(
    _ header: TileHeader, values: ValueBuffer, sources: [UInt32] = [], into output: inout [UInt8]
  ) -> (TileStatistics, ValueCoding) {
    Self.encodeHead(header, into: &output)
    return encodeBody(header, values: values, sources: sources, into: &output)
  }

  /// Appends what stands before a tile's presence: the part that says where its index set is.
  public static func encodeHead(_ header: TileHeader, into output: inout [UInt8]) {
    encode(header.channel, into: &output)
    output.append(header.valueType.rawValue)
    output.appendVarint(header.rowCount)
    ColumnListCoder.encode(header.columns, into: &output)
    output.append(TileFlags(header.indexSet, header.sources).byte)
    switch header.indexSet {
    case .dense(let first): output.appendSigned(first)
    case .record(let offset): output.appendVarint(offset)
    }
  }

  /// Appends the presence, the values and their sources: the part that does not depend on where a file holds what.
  ///
  /// The same for any `header.indexSet`.
  public mutating func encodeBody(
    _ header: TileHeader, values: ValueBuffer, sources: [UInt32] = [], into output: inout [UInt8]
  ) -> (TileStatistics, ValueCoding) {
    precondition(header.sources == TileSources(sources), "the header says what sources there are")
    precondition(sources.isEmpty || sources.count == values.count, "one source for each value")
    precondition(header.valueType == values.type, "values are of the header's type")
    precondition(header.presence.cellCount == header.cellCount, "presence covers the tile's cells")
    precondition(header.presence.pointCount == values.count, "one value for each present cell")
    precondition(
      header.rowCount <= Limits.maxTileRows && header.columns.count <= Limits.maxTileColumns
        && header.cellCount <= Limits.maxTileCells, "tiles keep to the limits")
    presenceCoder.encode(header.presence, rowCount: header.rowCount, into: &output)
    output.appendVarint(values.count)
    let coding = valueCoder.encode(values, cells: header.cellRows, into: &output)
    if header.sources != .none { encode(sources, of: header, into: &output) }
    return (TileStatistics(values), coding)
  }

  /// Appends sources as values: small integers that columns or rows often share.
  private mutating func encode(
    _ sources: [UInt32], of header: TileHeader, into output: inout [UInt8]
  ) {
    var words = sourceValues.takeFloat32Bits()
    words.removeAll(keepingCapacity: true)
    for source in sources { words.append(Float(source).bitPattern) }
    sourceValues = ValueBuffer(float32Bits: words)
    _ = valueCoder.encode(sourceValues, cells: header.cellRows, into: &output)
  }

  /// Reads the part before the values.
  @_lifetime(reader: copy reader)
  public mutating func decodeHeader(_ reader: inout ByteReader) throws(TrackerError) -> TileHeader {
    let channel = try Self.decodeChannel(&reader)
    let typeByte = try reader.readUInt8("value type")
    guard let valueType = ValueType(rawValue: typeByte) else {
      throw reader.malformed("unknown value type \(typeByte)")
    }
    let rowCount = try reader.readCount("rows", limit: Limits.maxTileRows)
    guard rowCount > 0 else { throw reader.malformed("a tile has no row") }
    let columns = try ColumnListCoder.decode(&reader)
    let cells = rowCount * columns.count
    guard cells <= Limits.maxTileCells else {
      throw TrackerError(
        .limitExceeded, reader.subject, "\(cells) cells, the limit is \(Limits.maxTileCells)",
        offset: UInt64(reader.position))
    }
    let byte = try reader.readUInt8("tile flags")
    guard let flags = TileFlags(byte: byte) else {
      throw reader.malformed("unknown tile flags \(byte)")
    }
    let indexSet: IndexSetReference
    if flags.hasIndexSetRecord {
      indexSet = .record(offset: try reader.readVarint("offset of index set"))
    } else {
      let first = try reader.readSigned("first index")
      guard first <= Int64.max - Int64(rowCount - 1) else {
        throw reader.malformed("a dense range exceeds Int64")
      }
      indexSet = .dense(first: first)
    }
    let presence = try presenceCoder.decode(
      &reader, rowCount: rowCount, columnCount: columns.count)
    return TileHeader(
      channel: channel, valueType: valueType, rowCount: rowCount, columns: columns,
      indexSet: indexSet, presence: presence, sources: flags.sources)
  }

  /// Reads the values that follow a header, column by column.
  @_lifetime(reader: copy reader)
  public mutating func decodeValues(
    _ reader: inout ByteReader, of header: TileHeader, into values: inout ValueBuffer
  ) throws(TrackerError) -> ValueCoding {
    try checkPointCount(&reader, of: header)
    return try valueCoder.decode(
      &reader, cells: header.cellRows, type: header.valueType, into: &values)
  }

  /// Puts the values that follow a header in their places of a matrix; others stay as they are.
  ///
  /// - Throws: as for values of their own; then any of their places may hold anything.
  /// - Precondition: each cell of the tile holds a point; the matrix is of the header's type and has their
  ///   places.
  @_lifetime(reader: copy reader)
  public mutating func decodeValues(
    _ reader: inout ByteReader, of header: TileHeader, into matrix: inout ValueBuffer,
    at places: MatrixPlaces
  ) throws(TrackerError) {
    try checkPointCount(&reader, of: header)
    try valueCoder.decode(
      &reader, cells: header.cellRows, type: header.valueType, into: &matrix, at: places)
  }

  @_lifetime(reader: copy reader)
  private func checkPointCount(_ reader: inout ByteReader, of header: TileHeader)
    throws(TrackerError)
  {
    let count = try reader.readCount("points", limit: header.cellCount)
    guard count == header.presence.pointCount else {
      throw reader.malformed(
        "expected \(header.presence.pointCount) points by the presence, found \(count)")
    }
  }

  /// Reads the values of some rows.
  ///
  /// - Parameters:
  ///   - rows: ascending, each once, all of the tile.
  ///   - values: replaced by what a tile of just those rows would hold.
  /// - Returns: how that tile would describe itself, but for its index set.
  /// - Complexity: as far as values do not depend on those of other rows, only symbols are read for
  ///   rows that are not wanted; damage of those rows' values may go unnoticed.
  @_lifetime(reader: copy reader)
  public mutating func decodeValues(
    _ reader: inout ByteReader, of header: TileHeader, rows: [Int], into values: inout ValueBuffer
  ) throws(TrackerError) -> TileHeader {
    if rows.count == header.rowCount {
      _ = try decodeValues(&reader, of: header, into: &values)
      return header
    }
    try checkPointCount(&reader, of: header)
    let wanted = WantedValues(
      rows: rows, rowCount: header.rowCount, columnCount: header.columns.count,
      presence: header.presence)
    try valueCoder.decode(
      &reader, cells: header.cellRows, wanted: wanted, type: header.valueType, into: &values)
    var part = header
    part.rowCount = rows.count
    part.presence = wanted.presence
    return part
  }

  /// Reads the sources that follow the values.
  ///
  /// - Parameters:
  ///   - header: of the whole tile; it says that there are sources.
  ///   - rows: ascending, each once; nil for all.
  ///   - identityCount: how many the entry names.
  /// - Returns: one for each value of those rows: a place among the identities, from 1, or 0 where it is
  ///   not known.
  @_lifetime(reader: copy reader)
  public mutating func decodeSources(
    _ reader: inout ByteReader, of header: TileHeader, rows: [Int]?, identityCount: Int
  ) throws(TrackerError) -> [UInt32] {
    var values = exchange(&sourceValues, with: ValueBuffer(.float32))
    defer { sourceValues = values }
    if let rows, rows.count < header.rowCount {
      let wanted = WantedValues(
        rows: rows, rowCount: header.rowCount, columnCount: header.columns.count,
        presence: header.presence)
      try valueCoder.decode(
        &reader, cells: header.cellRows, wanted: wanted, type: .float32, into: &values)
    } else {
      _ = try valueCoder.decode(&reader, cells: header.cellRows, type: .float32, into: &values)
    }
    let lowest: UInt32 = header.sources == .ofSome ? 0 : 1
    let words = values.takeFloat32Bits()
    defer { values = ValueBuffer(float32Bits: words) }
    var sources: [UInt32] = []
    sources.reserveCapacity(words.count)
    for word in words {
      let value = Float(bitPattern: word)
      guard value >= 0, value <= Float(identityCount) else {
        throw reader.malformed("a source beyond the \(identityCount) identities")
      }
      let source = UInt32(value)
      // Neither fractions nor −0.0.
      guard Float(source).bitPattern == word, source >= lowest else {
        throw reader.malformed("\(value) is not a source")
      }
      sources.append(source)
    }
    return sources
  }

  /// Layout: metric name, mode u8, data set id flag u8, data set id name where the flag is 1.
  public static func encode(_ channel: Channel, into output: inout [UInt8]) {
    output.appendName(channel.metric)
    output.append(channel.mode.rawValue)
    output.append(channel.dsID == nil ? 0 : 1)
    if let dsID = channel.dsID { output.appendName(dsID) }
  }

  @_lifetime(reader: copy reader)
  public static func decodeChannel(_ reader: inout ByteReader) throws(TrackerError) -> Channel {
    let metric = try reader.readName("metric")
    let modeByte = try reader.readUInt8("mode")
    guard let mode = Mode(rawValue: modeByte) else {
      throw reader.malformed("unknown mode \(modeByte)")
    }
    let flag = try reader.readUInt8("data set id flag")
    guard flag <= 1 else { throw reader.malformed("unknown data set id flag \(flag)") }
    let dsID = flag == 1 ? try reader.readName("data set id") : nil
    guard !metric.utf8.isEmpty, dsID?.utf8.isEmpty != true else {
      throw reader.malformed("an empty metric or data set id")
    }
    return Channel(metric: metric, mode: mode, dsID: dsID)
  }
}
