import TrackerModel

/// How a column's symbols are stored. Raw values are the Spec's.
enum SymbolCoding: UInt8 {
  case stored = 0
  case deflated = 1
}

/// Writes and reads columns of integers as symbols and extra bits; keeps its buffers between columns.
///
/// Layout: symbol coding u8, symbol bytes (length varint, bytes), extra bytes (length varint, bytes).
struct SymbolColumnCoder {
  private var symbols: [UInt8] = []
  private var packer = BitPacker()
  private var compressed: [UInt8] = []
  private var words: [UInt64] = []
  // One Huffman table per 4,096 symbols (memory level 6) adapts to slow changes along a column and
  // measured 4 to 6 % smaller than one per 16,384. LZ77 matches only help repetitive columns.
  // Made when first needed: readers only inflate.
  private lazy var huffman = Deflater(level: 6, strategy: .huffmanOnly, memoryLevel: 6)
  private lazy var matching = Deflater(level: 6, strategy: .normal, memoryLevel: 8)
  private lazy var inflater = Inflater()

  struct Sizes {
    var symbolBytes = 0
    var extraBytes = 0
  }

  /// Writes integers already split: `symbols` and, in the same order, their extra bits.
  mutating func encodeWindow(
    _ values: Span<UInt64>, base: UInt64, shift: Int, into output: inout [UInt8]
  ) -> Sizes {
    symbols.removeAll(keepingCapacity: true)
    symbols.reserveCapacity(values.count)
    packer.reserve(bits: values.count * shift)
    let mask = shift == 64 ? UInt64.max : (1 << UInt64(shift)) - 1
    for row in values.indices {
      let offset = values[row] &- base
      symbols.append(UInt8(truncatingIfNeeded: offset >> UInt64(shift)))
      packer.append(offset & mask, width: shift)
    }
    return finish(into: &output)
  }

  mutating func encodeMagnitudes(_ values: Span<UInt64>, into output: inout [UInt8]) -> Sizes {
    symbols.removeAll(keepingCapacity: true)
    symbols.reserveCapacity(values.count)
    let table = SymbolTable.magnitude
    for row in values.indices {
      let symbol = SymbolTable.magnitudeSymbol(values[row])
      symbols.append(UInt8(truncatingIfNeeded: symbol))
      packer.append(values[row] - table.bases[symbol], width: Int(table.widths[symbol]))
    }
    return finish(into: &output)
  }

  private mutating func finish(into output: inout [UInt8]) -> Sizes {
    // Spans borrow the whole coder, so the buffer that is written leaves it for a moment.
    var target: [UInt8] = []
    swap(&target, &compressed)
    target.removeAll(keepingCapacity: true)
    let (huffman, matching) = (self.huffman, self.matching)
    let huffmanLength = huffman.deflate(symbols.span, with: .huffmanOnly, into: &target)
    // Where Huffman codes alone come near one bit a symbol they have hit their floor: matches help.
    if huffmanLength * 5 < symbols.count {
      let length = matching.deflate(symbols.span, with: .normal, into: &target)
      if length < huffmanLength {
        target.removeSubrange(..<huffmanLength)
      } else {
        target.removeSubrange(huffmanLength...)
      }
    }
    if target.count < symbols.count {
      output.append(SymbolCoding.deflated.rawValue)
      output.appendVarint(target.count)
      output.append(contentsOf: target)
    } else {
      output.append(SymbolCoding.stored.rawValue)
      output.appendVarint(symbols.count)
      output.append(contentsOf: symbols)
    }
    let sizes = Sizes(
      symbolBytes: min(target.count, symbols.count), extraBytes: (packer.bitCount + 7) / 8)
    swap(&target, &compressed)
    output.appendVarint(sizes.extraBytes)
    packer.finish(into: &output)
    return sizes
  }

  /// Appends `count` integers to `values`.
  ///
  /// - Throws: `malformed` or `truncated` where lengths and symbols do not fit; a symbol that the
  ///   table does not define is `malformed`.
  @_lifetime(reader: copy reader)
  mutating func decode(
    _ reader: inout ByteReader, count: Int, table: SymbolTable, into values: inout [UInt64]
  ) throws(TrackerError) -> Sizes {
    guard let coding = SymbolCoding(rawValue: try reader.readUInt8("symbol coding")) else {
      throw TrackerError(
        .unsupportedEncoding, reader.subject, "unknown symbol coding",
        offset: UInt64(reader.position - 1), remedy: "a newer version may read it")
    }
    let symbolBytes = try reader.readCount("length of symbols", limit: Limits.maxRecordBytes)
    let encoded = try reader.readBytes(symbolBytes, "symbols")
    symbols.removeAll(keepingCapacity: true)
    switch coding {
    case .stored:
      guard symbolBytes == count else {
        throw reader.malformed("expected \(count) stored symbols, found \(symbolBytes)")
      }
      symbols.append(encoded)
    case .deflated:
      // Deflate expands at most 1,032 times: a shorter stream cannot hold the symbols.
      guard count / 1040 <= symbolBytes else {
        throw reader.malformed("\(symbolBytes) bytes cannot hold \(count) symbols")
      }
      symbols.append(contentsOf: repeatElement(0, count: count))
      var held: [UInt8] = []
      swap(&held, &symbols)
      defer { swap(&held, &symbols) }
      var target = held.mutableSpan
      let inflater = inflater
      do throws(TrackerError) {
        try inflater.inflate(encoded, into: &target)
      } catch {
        throw reader.malformed("symbols: \(error.detail)")
      }
    }
    let extraBytes = try reader.readCount("length of extra bits", limit: Limits.maxRecordBytes)
    let extra = try reader.readBytes(extraBytes, "extra bits")
    var bits = 0
    var highest = 0
    for symbol in symbols {
      bits += Int(table.widths[Int(symbol)])
      highest = max(highest, Int(symbol))
    }
    guard highest < table.count else { throw reader.malformed("symbol \(highest) is not defined") }
    guard extraBytes == (bits + 7) / 8 else {
      throw reader.malformed("expected \((bits + 7) / 8) bytes of extra bits, found \(extraBytes)")
    }
    var buffer: [UInt64] = []
    swap(&buffer, &words)
    var unpacker = BitUnpacker(extra, reusing: buffer)
    values.reserveCapacity(values.count + count)
    for symbol in symbols {
      values.append(
        table.bases[Int(symbol)] &+ unpacker.read(Int(table.widths[Int(symbol)])))
    }
    guard unpacker.restIsZero else { throw reader.malformed("bits behind the extra bits are set") }
    words = unpacker.takeBuffer()
    return Sizes(symbolBytes: symbolBytes, extraBytes: extraBytes)
  }
}
