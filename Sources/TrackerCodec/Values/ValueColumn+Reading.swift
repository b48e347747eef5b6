public import TrackerModel

/// Reading whole columns.
extension ValueColumnCoder {
  /// Replaces `values` by the values that the reader stands before.
  ///
  /// - Throws: `malformed`, `truncated` or `unsupportedEncoding`; never traps, whatever the bytes.
  @_lifetime(reader: copy reader)
  public mutating func decode(
    _ reader: inout ByteReader, cells: CellRows, type: ValueType, into values: inout ValueBuffer
  ) throws(TrackerError) -> ValueCoding {
    switch type {
    case .float32:
      var words = values.takeFloat32Bits()
      defer { values = ValueBuffer(float32Bits: words) }
      return try decode(&reader, cells: cells, type: type, into: &words)
    case .float64:
      var words = values.takeFloat64Bits()
      defer { values = ValueBuffer(float64Bits: words) }
      return try decode(&reader, cells: cells, type: type, into: &words)
    }
  }

  @_lifetime(reader: copy reader)
  mutating func decode<Word: ValueWord>(
    _ reader: inout ByteReader, cells: CellRows, type: ValueType, into values: inout [Word]
  ) throws(TrackerError) -> ValueCoding {
    return try decodeBody(&reader, try readHead(&reader, cells, type), cells, into: &values)
  }

  /// What stands before a column's symbols.
  struct Head {
    /// The values' type without narrowing.
    var stored: ValueType
    var isNarrowed: Bool
    var plan: ValuePlan
    var coding: ValueCoding
    /// The bits of all values, where nothing more is stored of them; then the plan says nothing.
    var only: UInt64?
    var isConstant: Bool
  }

  @_lifetime(reader: copy reader)
  mutating func readHead(_ reader: inout ByteReader, _ cells: CellRows, _ type: ValueType)
    throws(TrackerError) -> Head
  {
    let mappingByte = try reader.readUInt8("mapping")
    guard let kind = Mapping(rawValue: mappingByte & ~Mapping.narrowedFlag) else {
      throw Self.unsupported("mapping \(mappingByte)", reader)
    }
    let isNarrowed = mappingByte & Mapping.narrowedFlag != 0
    guard !isNarrowed || type == .float64 else {
      throw reader.malformed("float32 values cannot be narrowed")
    }
    let stored = isNarrowed ? .float32 : type
    let mapping = try readMapping(&reader, kind, stored, cells)
    let coding = ValueCoding(
      mapping: kind, detail: mapping.detail, difference: .none, isGrouped: false, symbolBytes: 0,
      extraBytes: 0, corrections: 0, exceptions: 0)
    var head = Head(
      stored: stored, isNarrowed: isNarrowed,
      plan: ValuePlan(mapping: mapping, difference: .none), coding: coding, only: nil,
      isConstant: false)
    if case .dictionary(let dictionary) = mapping, dictionary.entries.count < 2 {
      head.isConstant = true
      head.only = dictionary.entries.first.map { OrderedInteger.unmap($0, stored) }
      return head
    }
    guard let difference = Difference(rawValue: try reader.readUInt8("difference")) else {
      throw Self.unsupported("difference", reader)
    }
    head.plan = ValuePlan(mapping: mapping, difference: difference)
    head.coding.difference = difference
    if difference == .none, let bits = mapping.binBits {
      head.plan.bins = try SymbolBins(&reader, bits: bits)
    }
    return head
  }

  /// Replaces `values` by those whose head was read.
  @_lifetime(reader: copy reader)
  mutating func decodeBody<Word: ValueWord>(
    _ reader: inout ByteReader, _ head: Head, _ cells: CellRows, into values: inout [Word]
  ) throws(TrackerError) -> ValueCoding {
    if head.isConstant {
      head.fill(cells.count, into: &values)
      return head.coding
    }
    values.resize(to: head.isNarrowed ? 0 : cells.count)
    let places = ValuePlaces(cells)
    guard head.isNarrowed else {
      return try decodeStored(&reader, head, cells, into: &values, at: places)
    }
    var words = exchange(&narrowed, with: [])
    defer { narrowed = words }
    words.resize(to: cells.count)
    let coding = try decodeStored(&reader, head, cells, into: &words, at: places)
    Self.widen(words.span, into: &values)
    return coding
  }

  /// Puts the values of a column that is not constant, as they are stored, in their places.
  @_lifetime(reader: copy reader)
  mutating func decodeStored<Word: ValueWord>(
    _ reader: inout ByteReader, _ head: Head, _ cells: CellRows, into values: inout [Word],
    at places: ValuePlaces
  ) throws(TrackerError) -> ValueCoding {
    let count = cells.count
    var (plan, coding) = (head.plan, head.coding)
    let mapping = plan.mapping
    let table = SymbolSplitter(plan).table
    coding.symbolBytes = try readSymbols(&reader, &plan, cells)
    coding.isGrouped = plan.isGrouped
    let extra = try ExtraBits.read(&reader)
    coding.extraBytes = extra.count
    try join(extra, reader, plan, table, cells, into: &values, at: places)

    if case .logarithm(let grid) = mapping {
      var target = exchange(&values, with: [])
      defer { values = target }
      var cursor = ValuePlaces.Cursor(places)
      coding.corrections = try misfitCoder.decodeCorrections(&reader, count: count) {
        let place = cursor.place(of: $0)
        let bits = UInt32(truncatingIfNeeded: target[place])
        target[place] = Word(truncatingIfNeeded: grid.correct(bits, by: $1))
      }
    }
    if mapping.mapping != .dictionary {
      var target = exchange(&values, with: [])
      defer { values = target }
      var cursor = ValuePlaces.Cursor(places)
      coding.exceptions = try misfitCoder.decodeExceptions(
        &reader, count: count, type: head.stored
      ) {
        target[cursor.place(of: $0)] = Word(truncatingIfNeeded: $1)
      }
    }
    return coding
  }

  private static func unsupported(_ what: String, _ reader: borrowing ByteReader) -> TrackerError {
    TrackerError(
      .unsupportedEncoding, reader.subject, "unknown \(what)",
      offset: UInt64(reader.position - 1), remedy: "a newer version may read it")
  }

  /// Replaces `values` by float64 bits.
  static func widen<Word: ValueWord>(_ words: Span<UInt32>, into values: inout [Word]) {
    values.resize(to: words.count)
    var target = values.mutableSpan
    for cell in target.indices {
      target[cell] = Word(truncatingIfNeeded: Widening.widen(words[cell]))
    }
  }

  @_lifetime(reader: copy reader)
  private mutating func readMapping(
    _ reader: inout ByteReader, _ kind: Mapping, _ type: ValueType, _ cells: CellRows
  ) throws(TrackerError) -> ValueMapping {
    switch kind {
    case .ordered:
      let shift = Int(try reader.readUInt8("shift"))
      guard shift < (type == .float32 ? 32 : 64) else {
        throw reader.malformed("a shift of \(shift) leaves nothing")
      }
      return .ordered(OrderedMapping(type: type, shift: shift))
    case .dictionary:
      return .dictionary(try ValueDictionary(&reader, type: type, valueCount: cells.count))
    case .rising, .falling:
      let byte = try reader.readUInt8("precision")
      guard let precision = ValuePrecision(rawValue: byte) else {
        throw Self.unsupported("precision \(byte)", reader)
      }
      guard type == .float32 else { throw reader.malformed("a grid of float64 values") }
      return .logarithm(.of(kind == .rising ? .rising : .falling, precision))
    case .linear, .squared:
      let exponent = try reader.readSigned("exponent")
      guard PowerGrid.exponents.contains(Int(truncatingIfNeeded: exponent)),
        exponent.magnitude <= 100
      else { throw reader.malformed("exponent \(exponent) out of range") }
      var grid = PowerGrid(isSquared: kind == .squared, type: type, exponent: Int(exponent))
      if kind == .linear {
        grid.divisor = try reader.readVarint("divisor")
        guard (1...1 << 40).contains(grid.divisor) else {
          throw reader.malformed("divisor \(grid.divisor) out of range")
        }
      }
      let flag = try reader.readUInt8("row flag")
      guard flag <= 1 else { throw reader.malformed("unknown row flag \(flag)") }
      if flag == 1 {
        var rows: [UInt64] = []
        let table = SymbolTable.direct(PowerGrid.maxCoarseness + 1)
        _ = try small.decode(&reader, count: cells.rowCount, table: table, into: &rows)
        grid.coarseness = rows.map { UInt8(truncatingIfNeeded: $0) }
      }
      return .power(grid)
    case .float16:
      guard type == .float32 else { throw reader.malformed("float16 as float64 values") }
      return .float16(HalfMapping())
    }
  }

  /// Reads the column's symbols in the order of their cells.
  @_lifetime(reader: copy reader)
  mutating func readSymbols(
    _ reader: inout ByteReader, _ plan: inout ValuePlan, _ cells: CellRows
  ) throws(TrackerError) -> Int {
    let start = reader.position + 1
    let flag = try reader.readUInt8("grouping")
    guard flag <= 1 else { throw Self.unsupported("grouping \(flag)", reader) }
    plan.isGrouped = flag == 1
    if plan.isGrouped {
      let context = try RowContext(&reader)
      _ = try stream.numerals.decode(
        &reader, count: cells.count, context, cells, into: &symbols)
    } else {
      let coding = try SymbolStreamCoder.readCoding(&reader)
      _ = try stream.decode(&reader, coding, count: cells.count, into: &symbols)
    }
    return reader.position - start
  }

  /// Codes that are unpacked before they are mapped: as many as stay in the first cache.
  private static let partLength = 512

  /// Puts symbols and extra bits together, and takes differences and mapping back.
  private mutating func join<Word: ValueWord>(
    _ extra: Span<UInt8>, _ reader: borrowing ByteReader, _ plan: ValuePlan, _ table: SymbolTable,
    _ cells: CellRows, into values: inout [Word], at places: ValuePlaces
  ) throws(TrackerError) {
    // Spans borrow the whole coder, so buffers leave it while they are used.
    var held = exchange(&codes, with: [])
    let heldSymbols = exchange(&symbols, with: [])
    defer { (codes, symbols) = (held, heldSymbols) }
    let unpacking = try UnpackingTable(table, for: heldSymbols.span, reader)
    var unpacker = BitUnpacker(extra)
    var target = values.mutableSpan
    var differences = DifferenceCoder(
      plan.difference, rowCount: cells.rowCount, start: plan.mapping.origin)
    let all = plan.mapping.codes
    let areSurelyWithin =
      plan.difference == .none && all.lowerBound == 0 && unpacking.highest <= all.upperBound
    if case .logarithm(let grid) = plan.mapping, areSurelyWithin,
      let short = ShortUnpackingTable(unpacking, less: 1)
    {
      for run in places.runs(of: cells) {
        var part = target._mutatingExtracting(run.place..<run.place &+ run.cells.count)
        Self.join(
          heldSymbols.span.extracting(run.cells), &unpacker, short, grid, &shortCodes, into: &part)
      }
      return try ExtraBits.check(unpacker, reader)
    }
    // Differences go on through a column.
    let length = plan.difference == .none ? Self.partLength : Int.max
    for column in 0..<cells.columnCount {
      let range = cells.range(of: column)
      let rows = cells.rows(of: column)
      let first = places.first(of: column, range)
      var start = range.lowerBound
      while start < range.upperBound {
        let count = min(length, range.upperBound - start)
        if held.count < count { held.resize(to: count) }
        var part = held.mutableSpan
        unpacker.read(
          heldSymbols.span.extracting(start..<start + count), unpacking, into: &part, from: 0)
        differences.add(&part, 0..<count, rows: rows)
        guard areSurelyWithin || Self.areWithin(all, part, 0..<count) else {
          throw reader.malformed("a code beyond the mapping's")
        }
        plan.mapping.decode(
          held.span.extracting(0..<count), into: &target,
          from: first + start - range.lowerBound, rows: rows, firstRow: start - range.lowerBound)
        start += count
      }
    }
    try ExtraBits.check(unpacker, reader)
  }

  /// The same for a grid of logarithms, all of whose codes are short: rows and columns do not matter to it.
  private static func join<Word: ValueWord>(
    _ symbols: Span<UInt8>, _ unpacker: inout BitUnpacker, _ table: ShortUnpackingTable,
    _ grid: LogarithmGrid, _ buffer: inout [UInt32], into values: inout MutableSpan<Word>
  ) {
    buffer.resize(to: partLength)
    var start = 0
    while start &+ partLength <= symbols.count {
      // Of a length that the compiler knows, so that there are no bounds checks.
      var codes = buffer.mutableSpan
      var part = codes._mutatingExtracting(0..<partLength)
      unpacker.read(symbols.extracting(start..<start &+ partLength), table, into: &part)
      var target = values._mutatingExtracting(start..<start &+ partLength)
      grid.decode(steps: buffer.span.extracting(0..<partLength), into: &target)
      start &+= partLength
    }
    let rest = symbols.count &- start
    var codes = buffer.mutableSpan
    var part = codes._mutatingExtracting(0..<rest)
    unpacker.read(symbols.extracting(start..<symbols.count), table, into: &part)
    var target = values._mutatingExtracting(start..<symbols.count)
    grid.decode(steps: buffer.span.extracting(0..<rest), into: &target)
  }

  /// Whether all codes in a range are the mapping's.
  private static func areWithin(
    _ codes: ClosedRange<UInt64>, _ values: borrowing MutableSpan<UInt64>, _ range: Range<Int>
  ) -> Bool {
    var (lowest, highest) = (UInt64.max, UInt64.min)
    for cell in range {
      lowest = min(lowest, values[cell])
      highest = max(highest, values[cell])
    }
    return range.isEmpty || (lowest >= codes.lowerBound && highest <= codes.upperBound)
  }
}
