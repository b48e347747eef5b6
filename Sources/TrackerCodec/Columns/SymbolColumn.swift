import TrackerModel

/// Writes and reads columns of integers as symbols and extra bits, in their own order; keeps its
/// buffers between columns. For index sets and the small columns within tiles.
///
/// Layout: symbols (coding u8, length varint, bytes), extra bits (length varint, bytes).
struct SymbolColumnCoder {
  private var symbols: [UInt8] = []
  private var packer = BitPacker()
  private var stream: SymbolStreamCoder
  private var words: [UInt64] = []

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

  /// Appends `count` integers to `values`.
  ///
  /// - Throws: `malformed` or `truncated` where lengths and symbols do not fit; a symbol that the
  ///   table does not define is `malformed`.
  @_lifetime(reader: copy reader)
  mutating func decode(
    _ reader: inout ByteReader, count: Int, table: SymbolTable, into values: inout [UInt64]
  ) throws(TrackerError) -> Sizes {
    let coding = try SymbolStreamCoder.readCoding(&reader)
    let symbolBytes = try stream.decode(&reader, coding, count: count, into: &symbols)
    let extra = try ExtraBits.read(&reader, of: symbols, table)
    var buffer: [UInt64] = []
    swap(&buffer, &words)
    var unpacker = BitUnpacker(extra, reusing: buffer)
    values.reserveCapacity(values.count + count)
    let (bases, widths) = (table.bases.span, table.widths.span)
    for symbol in symbols {
      values.append(bases[Int(symbol)] &+ unpacker.read(Int(widths[Int(symbol)])))
    }
    guard unpacker.restIsZero else { throw reader.malformed("bits behind the extra bits are set") }
    words = unpacker.takeBuffer()
    return Sizes(symbolBytes: symbolBytes, extraBytes: extra.count)
  }
}

/// The extra bits of a column as they stand in a payload: length varint, bytes.
enum ExtraBits {
  /// - Throws: `malformed` where a symbol is not defined or the length is not what the symbols need.
  @_lifetime(copy reader)
  static func read(_ reader: inout ByteReader, of symbols: [UInt8], _ table: SymbolTable)
    throws(TrackerError) -> Span<UInt8>
  {
    let count = try reader.readCount("length of extra bits", limit: Limits.maxRecordBytes)
    let extra = try reader.readBytes(count, "extra bits")
    // Counted first: four counters, so that equal symbols in a row do not wait for each other.
    var counts = [UInt32](repeating: 0, count: 1024)
    var position = 0
    while position + 4 <= symbols.count {
      counts[Int(symbols[position])] += 1
      counts[256 + Int(symbols[position + 1])] += 1
      counts[512 + Int(symbols[position + 2])] += 1
      counts[768 + Int(symbols[position + 3])] += 1
      position += 4
    }
    while position < symbols.count {
      counts[Int(symbols[position])] += 1
      position += 1
    }
    var bits = 0
    for symbol in 0..<256 {
      let total =
        counts[symbol] + counts[256 + symbol] + counts[512 + symbol] + counts[768 + symbol]
      guard total == 0 || symbol < table.count else {
        throw reader.malformed("symbol \(symbol) is not defined")
      }
      bits += Int(total) * Int(table.widths[symbol])
    }
    guard count == (bits + 7) / 8 else {
      throw reader.malformed("expected \((bits + 7) / 8) bytes of extra bits, found \(count)")
    }
    return extra
  }
}
