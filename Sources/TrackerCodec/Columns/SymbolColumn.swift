import TrackerModel

/// Writes and reads columns of integers as symbols and extra bits, in their own order; keeps its
/// buffers between columns. For index sets and the small columns within tiles.
///
/// Layout: symbols (coding u8, length varint, bytes), extra bits (length varint, bytes).
struct SymbolColumnCoder {
  private var symbols: [UInt8] = []
  private var packer = BitPacker()
  private var stream: SymbolStreamCoder

  init(level: EncodingLevel = .default) { stream = SymbolStreamCoder(level: level) }

  struct Sizes {
    var symbolBytes = 0
    var extraBytes = 0
  }

  /// Writes integers below 256 as symbols without extra bits.
  mutating func encodeDirect(_ values: Span<UInt64>, into output: inout [UInt8]) -> Sizes {
    symbols.removeAll(keepingCapacity: true)
    symbols.reserveCapacity(values.count)
    for row in values.indices { symbols.append(UInt8(truncatingIfNeeded: values[row])) }
    return finish(into: &output)
  }

  /// Writes integers by magnitude.
  mutating func encodeMagnitudes(
    _ values: Span<UInt64>, into output: inout [UInt8]
  ) -> Sizes {
    symbols.removeAll(keepingCapacity: true)
    symbols.reserveCapacity(values.count)
    let table = SymbolTable.magnitude
    let (bases, widths) = (table.bases.span, table.widths.span)
    for row in values.indices {
      let symbol = SymbolTable.magnitudeSymbol(values[row])
      symbols.append(UInt8(truncatingIfNeeded: symbol))
      packer.append(values[row] - bases[symbol], width: Int(widths[symbol]))
    }
    return finish(into: &output)
  }

  /// Writes integers by fitted intervals, which the caller writes before.
  mutating func encode(_ values: Span<UInt64>, bins: SymbolBins, into output: inout [UInt8])
    -> Sizes
  {
    symbols.removeAll(keepingCapacity: true)
    symbols.reserveCapacity(values.count)
    let finder = SymbolBins.Finder(bins)
    let table = bins.table
    let (bases, widths) = (table.bases.span, table.widths.span)
    for row in values.indices {
      let symbol = finder.symbol(of: values[row])
      symbols.append(UInt8(truncatingIfNeeded: symbol))
      packer.append(values[row] - bases[symbol], width: Int(widths[symbol]))
    }
    return finish(into: &output)
  }

  private mutating func finish(into output: inout [UInt8])
    -> Sizes
  {
    var held: [UInt8] = []
    swap(&held, &symbols)
    defer { swap(&held, &symbols) }
    let symbolBytes = stream.encode(held.span, into: &output)
    let extraBytes = (packer.bitCount + 7) / 8
    output.appendVarint(extraBytes)
    packer.finish(into: &output)
    return Sizes(symbolBytes: symbolBytes, extraBytes: extraBytes)
  }

  /// Replaces `values` by `count` integers.
  ///
  /// - Throws: `malformed` or `truncated` where lengths and symbols do not fit; a symbol that the
  ///   table does not define is `malformed`.
  @_lifetime(reader: copy reader)
  mutating func decode(
    _ reader: inout ByteReader, count: Int, table: SymbolTable, into values: inout [UInt64]
  ) throws(TrackerError) -> Sizes {
    let coding = try SymbolStreamCoder.readCoding(&reader)
    let symbolBytes = try stream.decode(&reader, coding, count: count, into: &symbols)
    let extra = try ExtraBits.read(&reader)
    let held = exchange(&symbols, with: [])
    defer { symbols = held }
    let unpacking = try UnpackingTable(table, for: held.span, reader)
    var unpacker = BitUnpacker(extra)
    values.resize(to: count)
    var target = values.mutableSpan
    unpacker.read(held.span, unpacking, into: &target, from: 0)
    try ExtraBits.check(unpacker, reader)
    return Sizes(symbolBytes: symbolBytes, extraBytes: extra.count)
  }
}

/// The extra bits of a column as they stand in a payload: length varint, bytes.
enum ExtraBits {
  @_lifetime(copy reader)
  static func read(_ reader: inout ByteReader) throws(TrackerError) -> Span<UInt8> {
    let count = try reader.readCount("length of extra bits", limit: Limits.maxRecordBytes)
    return try reader.readBytes(count, "extra bits")
  }

  /// - Throws: `malformed` where their length is not what the symbols need, or bits behind them are set.
  static func check(_ unpacker: borrowing BitUnpacker, _ reader: borrowing ByteReader)
    throws(TrackerError)
  {
    guard unpacker.isAtEnd else {
      throw reader.malformed(
        "symbols need \(unpacker.position) extra bits, and zeros to the end of the last byte")
    }
  }
}
