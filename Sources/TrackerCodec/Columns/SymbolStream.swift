import TrackerModel

/// How a stream of symbols is stored. Raw values are the Spec's.
enum SymbolCoding: UInt8 {
  case stored = 0
  case deflated = 1
  /// By asymmetric numeral systems.
  case numerals = 2
}

/// Writes and reads streams of one-byte symbols; keeps its buffers between streams.
struct SymbolStreamCoder {
  private var level: EncodingLevel
  private var compressed: [UInt8] = []
  private var sample: [UInt8] = []
  var numerals = ANSSymbolCoder()
  // Made when first needed: readers only inflate.
  private lazy var running = Deflater(level: 6, strategy: .runLength, memoryLevel: 6)
  private lazy var matching = Deflater(
    level: level == .small ? 9 : 6, strategy: .normal, memoryLevel: 8)
  private lazy var inflater = Inflater()

  init(level: EncodingLevel) { self.level = level }

  private enum Method {
    case numerals, runs, matches
  }

  /// Appends the stream: coding u8, length varint, bytes.
  ///
  /// - Returns: the bytes that the symbols take.
  mutating func encode(_ symbols: Span<UInt8>, into output: inout [UInt8]) -> Int {
    let start = output.count
    switch choose(symbols) {
    case .numerals:
      output.append(SymbolCoding.numerals.rawValue)
      numerals.encode(symbols, into: &output)
    case let method?:
      var target = exchange(&compressed, with: [])
      defer { compressed = target }
      target.removeAll(keepingCapacity: true)
      deflate(symbols, method, into: &target)
      output.append(SymbolCoding.deflated.rawValue)
      output.appendVarint(target.count)
      output.append(contentsOf: target)
    case nil: break
    }
    if output.count == start || output.count - start > symbols.count + 2 {
      output.removeLast(output.count - start)
      output.append(SymbolCoding.stored.rawValue)
      output.appendVarint(symbols.count)
      output.append(symbols)
    }
    return output.count - start
  }

  private mutating func deflate(
    _ symbols: Span<UInt8>, _ method: Method, into target: inout [UInt8]
  ) {
    (method == .runs ? running : matching).deflate(symbols, into: &target)
  }

  private static let pieces = 4
  private static let pieceLength = 4096

  /// The method that is smallest on pieces of the stream; nil where none pays.
  private mutating func choose(_ symbols: Span<UInt8>) -> Method? {
    if symbols.count < 4 { return nil }
    if level == .fast { return .numerals }
    var trial = exchange(&sample, with: [])
    defer { sample = trial }
    let isWhole = level == .small || symbols.count <= Self.pieces * Self.pieceLength
    var (systems, runs, matches) = (0, 0, 0)
    var entropy = 0.0
    var sampled = 0
    for number in 0..<(isWhole ? 1 : Self.pieces) {
      let start = isWhole ? 0 : (symbols.count - Self.pieceLength) * number / (Self.pieces - 1)
      let piece =
        isWhole ? symbols : symbols.extracting(start..<start + Self.pieceLength)
      var counts = [UInt32](repeating: 0, count: 256)
      var repeats = 0
      for place in piece.indices {
        counts[Int(piece[place])] += 1
        if place > 0, piece[place] == piece[place - 1] { repeats += 1 }
      }
      let bits = Entropy.bits(counts.span)
      entropy += bits
      sampled += piece.count
      // What its tables take is shared by all pieces.
      let kinds = counts.count { $0 > 0 }
      systems += Int((bits + Double(5 * kinds * piece.count / symbols.count)) / 8)
      // Near a bit a symbol, and where they repeat, matches may help. Elsewhere they cost a little.
      guard level == .small || bits < 2.5 * Double(piece.count) || repeats * 3 > piece.count else {
        (runs, matches) = (Int.max / 4, Int.max / 4)
        continue
      }
      trial.removeAll(keepingCapacity: true)
      deflate(piece, .runs, into: &trial)
      runs = min(Int.max / 4, runs + trial.count)
      trial.removeAll(keepingCapacity: true)
      deflate(piece, .matches, into: &trial)
      matches = min(Int.max / 4, matches + trial.count)
    }
    if entropy > 7.9 * Double(sampled), sampled >= 4096 { return nil }
    // zlib takes writers several times as long, and matches take readers longer: worth some percent.
    if level != .small {
      runs += runs / 24
      matches += matches / 24
    }
    return matches < min(systems, runs) ? .matches : runs < systems ? .runs : .numerals
  }

  // MARK: Reading

  /// Reads how the symbols behind it are stored.
  @_lifetime(reader: copy reader)
  static func readCoding(_ reader: inout ByteReader) throws(TrackerError) -> SymbolCoding {
    guard let coding = SymbolCoding(rawValue: try reader.readUInt8("symbol coding")) else {
      throw unsupported(reader)
    }
    return coding
  }

  private static func unsupported(_ reader: borrowing ByteReader) -> TrackerError {
    TrackerError(
      .unsupportedEncoding, reader.subject, "unknown symbol coding",
      offset: UInt64(reader.position - 1), remedy: "a newer version may read it")
  }

  /// Replaces `symbols` by the `count` symbols that the reader stands before, behind their coding.
  ///
  /// - Returns: the bytes that they take.
  /// - Throws: `malformed` where lengths do not fit, before memory is taken.
  @_lifetime(reader: copy reader)
  mutating func decode(
    _ reader: inout ByteReader, _ coding: SymbolCoding, count: Int, into symbols: inout [UInt8]
  ) throws(TrackerError) -> Int {
    symbols.removeAll(keepingCapacity: true)
    switch coding {
    case .stored:
      let length = try reader.readCount("length of symbols", limit: Limits.maxRecordBytes)
      guard length == count else {
        throw reader.malformed("expected \(count) stored symbols, found \(length)")
      }
      symbols.append(try reader.readBytes(length, "symbols"))
      return length
    case .deflated:
      let length = try reader.readCount("length of symbols", limit: Limits.maxRecordBytes)
      let encoded = try reader.readBytes(length, "symbols")
      // Deflate expands at most 1,032 times: a shorter stream cannot hold the symbols.
      guard count / 1040 <= length else {
        throw reader.malformed("\(length) bytes cannot hold \(count) symbols")
      }
      symbols.append(contentsOf: repeatElement(0, count: count))
      var target = symbols.mutableSpan
      let inflater = inflater
      do throws(TrackerError) {
        try inflater.inflate(encoded, into: &target)
      } catch {
        throw reader.malformed("symbols: \(error.detail)")
      }
      return length
    case .numerals:
      return try numerals.decode(
        &reader, count: count, nil, CellRows(column: 0), into: &symbols)
    }
  }
}
