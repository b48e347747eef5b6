import TrackerModel

/// Writes and reads streams of symbols by asymmetric numeral systems: tables, states and what leads from one
/// to the next, as bits. Keeps its buffers between streams.
///
/// Tables suit runs of *buckets*: parts of the stream, or rows whose earlier symbols were alike.
struct ANSSymbolCoder {
  private var encoder = ANSEncoder()
  private var decoder = ANSDecoder()
  private var packer = BitPacker()
  private var counts: [UInt32] = []
  private var buckets: [UInt8] = []
  private var rows: [UInt16] = []
  private var columnRows: [UInt16] = []

  /// The binary logarithm of how many symbols a part has, where parts are the buckets: 1,024, or as many as keep
  /// the parts at 256.
  static func partBits(count: Int) -> Int {
    max(10, Int.bitWidth - max(1, count - 1).leadingZeroBitCount - 8)
  }

  // MARK: Writing

  /// Appends a stream in which tables change by place.
  ///
  /// - Precondition: `symbols` is not empty.
  mutating func encode(_ symbols: Span<UInt8>, into output: inout [UInt8]) {
    let partBits = Self.partBits(count: symbols.count)
    let bucketCount = (symbols.count - 1) >> partBits + 1
    var held = exchange(&counts, with: [])
    defer { counts = held }
    Self.clear(&held, bucketCount: bucketCount)
    var target = held.mutableSpan
    for bucket in 0..<bucketCount {
      let part = symbols.extracting(
        bucket << partBits..<min(symbols.count, (bucket + 1) << partBits))
      // Of a length that the compiler knows, so that bytes as places need no bounds checks.
      var counts = target._mutatingExtracting(bucket << 8..<bucket << 8 + 256)
      var own = counts._mutatingExtracting(0..<256)
      for position in part.indices { own[Int(part[position])] &+= 1 }
    }
    let tables = ANSTables(fitting: held.span, bucketCount: bucketCount, total: symbols.count)
    encoder.begin(tables, count: symbols.count)
    for (table, end) in tables.ends.enumerated().reversed() {
      let start = table == 0 ? 0 : tables.ends[table - 1]
      let range = start << partBits..<min(symbols.count, end << partBits)
      encoder.encode(symbols.extracting(range), first: range.lowerBound, table: table)
    }
    var highest: UInt8 = 0
    for place in symbols.indices { highest = max(highest, symbols[place]) }
    packer.append(UInt64(highest), width: 8)
    finish(tables, highest: Int(highest), count: symbols.count, into: &output)
  }

  /// Appends a stream in which tables change by the symbols' rows' states.
  mutating func encode(
    _ symbols: Span<UInt8>, _ context: RowContext, _ cells: borrowing CellRows,
    into output: inout [UInt8]
  ) {
    var keys = exchange(&buckets, with: [])
    defer { buckets = keys }
    var held = exchange(&counts, with: [])
    defer { counts = held }
    Self.clear(&held, bucketCount: context.bucketCount)
    context.assign(symbols, cells, into: &keys, counts: &held, &rows)
    let tables = ANSTables(
      fitting: held.span, bucketCount: context.bucketCount, total: symbols.count)
    let numbers = tables.numbers
    encoder.begin(tables, count: symbols.count)
    for column in (0..<cells.columnCount).reversed() {
      let range = cells.range(of: column)
      encoder.encode(
        symbols.extracting(range), first: range.lowerBound, buckets: keys.span.extracting(range),
        tables: numbers.span)
    }
    finish(tables, highest: Int(context.highest), count: symbols.count, into: &output)
  }

  /// How many bits `encode` takes, about.
  mutating func cost(
    _ symbols: Span<UInt8>, _ context: RowContext, _ cells: borrowing CellRows
  ) -> Double {
    var held = exchange(&counts, with: [])
    defer { counts = held }
    Self.clear(&held, bucketCount: context.bucketCount)
    context.assign(symbols, cells, into: &buckets, counts: &held, &rows)
    return ANSTables.cost(of: held.span, bucketCount: context.bucketCount)
  }

  /// Makes counts of the symbols of all buckets zero.
  private static func clear(_ counts: inout [UInt32], bucketCount: Int) {
    let room = BucketRuns.room(for: bucketCount)
    if counts.count < room { counts.resize(to: room) }
    for place in 0..<bucketCount << 8 { counts[place] = 0 }
  }

  /// The least bytes of a stream of so many symbols, so that few bytes cannot claim any number of them.
  static func leastBytes(count: Int) -> Int { count / 1040 }

  private mutating func finish(
    _ tables: ANSTables, highest: Int, count: Int, into output: inout [UInt8]
  ) {
    tables.write(highest: highest, into: &packer)
    encoder.finish(into: &packer)
    let length = max((packer.bitCount + 7) / 8, Self.leastBytes(count: count))
    output.appendVarint(length)
    let end = output.count + length
    packer.finish(into: &output)
    output.append(contentsOf: repeatElement(0, count: end - output.count))
  }

  // MARK: Reading

  /// Replaces `symbols` by the `count` that the reader stands before.
  ///
  /// - Parameters:
  ///   - context: where tables change by rows' states; nil where they change by place.
  ///   - cells: of the symbols; read with a context only.
  /// - Returns: the bytes that they take.
  /// - Throws: `malformed` where lengths do not fit, before memory is taken, or the stream is damaged.
  @_lifetime(reader: copy reader)
  mutating func decode(
    _ reader: inout ByteReader, count: Int, _ context: RowContext?,
    _ cells: borrowing CellRows, into symbols: inout [UInt8]
  ) throws(TrackerError) -> Int {
    let length = try reader.readCount("length of symbols", limit: Limits.maxRecordBytes)
    let bytes = try reader.readBytes(length, "symbols")
    guard count > 0, length >= Self.leastBytes(count: count) else {
      throw reader.malformed("\(length) bytes cannot hold \(count) symbols")
    }
    let partBits = Self.partBits(count: count)
    let bucketCount = context.map { $0.bucketCount } ?? (count - 1) >> partBits + 1
    var unpacker = BitUnpacker(bytes)
    let highest = context.map { Int($0.highest) } ?? Int(unpacker.read(8))
    guard let tables = ANSTables(&unpacker, bucketCount: bucketCount, highest: highest) else {
      throw reader.malformed("tables of symbols are damaged")
    }
    decoder.prepare(tables, context)
    let lanes = ANSLanes.count(of: count)
    var position = ANSDecoder.Position(&unpacker, tableBits: tables.tableBits, count: count)
    symbols.resize(to: count)
    var target = symbols.mutableSpan
    if let context {
      decode(&position, tables, context, cells, lanes, into: &target)
    } else {
      var start = 0
      for (table, end) in tables.ends.enumerated() {
        let next = min(count, end << partBits)
        var part = target._mutatingExtracting(start..<next)
        decoder.decode(
          &position, offset: UInt16(truncatingIfNeeded: table << tables.tableBits), lanes: lanes,
          into: &part)
        start = next
      }
    }
    unpacker.skip(to: position.bit)
    guard position.isAtStart, unpacker.isAtEnd(least: Self.leastBytes(count: count)) else {
      throw reader.malformed("symbols do not end where their stream does")
    }
    return length
  }

  @_lifetime(position: copy position)
  private mutating func decode(
    _ position: inout ANSDecoder.Position, _ tables: ANSTables, _ context: RowContext,
    _ cells: borrowing CellRows, _ lanes: Int, into symbols: inout MutableSpan<UInt8>
  ) {
    // Out of the coder while they are written: spans of its parts would borrow it whole.
    var (states, part) = (exchange(&rows, with: []), exchange(&columnRows, with: []))
    defer { (rows, columnRows) = (states, part) }
    states.removeAll(keepingCapacity: true)
    states.append(contentsOf: repeatElement(RowContext.none, count: cells.rowCount))
    let steps = RowContext.Steps(context)
    if cells.isFull {
      let rowCount = cells.rowCount
      var all = states.mutableSpan
      var first = symbols._mutatingExtracting(0..<rowCount)
      decoder.decode(
        &position, offset: tables.offsets(by: context)[255], lanes: lanes, into: &first)
      for row in 0..<rowCount { all[row] = steps.state(after: RowContext.none, first[row]) }
      for column in 1..<max(1, cells.columnCount) {
        var found = symbols._mutatingExtracting(column &* rowCount..<(column &+ 1) &* rowCount)
        decoder.decode(
          &position, lanes, &all, steps, haveAllPast: true, into: &found)
      }
      return
    }
    for column in 0..<cells.columnCount {
      let range = cells.range(of: column)
      let rowNumbers = cells.rows(of: column)
      part.resize(to: range.count)
      for place in part.indices { part[place] = states[rowNumbers[place]] }
      var found = symbols._mutatingExtracting(range)
      var past = part.mutableSpan
      decoder.decode(
        &position, lanes, &past, steps, haveAllPast: false, into: &found)
      for place in part.indices { states[rowNumbers[place]] = part[place] }
    }
  }
}
