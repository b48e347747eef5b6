import TrackerModel

/// Where the values of some rows of a tile stand among all of its values.
struct WantedValues {
  /// The rows, ascending.
  let rows: [Int]
  /// Their values' places, ascending.
  let places: [Int]
  /// The wanted rows as a tile of their own.
  let cells: CellRows
  /// The presence of that tile.
  let presence: Presence

  /// - Parameter rows: ascending, each once, all below `rowCount`.
  /// - Complexity: O(rows × columns), and O(cells / 64) where cells are absent.
  init(rows: [Int], rowCount: Int, columnCount: Int, presence: Presence) {
    self.rows = rows
    var places: [Int] = []
    places.reserveCapacity(rows.count * columnCount)
    guard presence.words != nil else {
      for column in 0..<columnCount {
        for row in rows { places.append(column * rowCount + row) }
      }
      self.places = places
      self.presence = .all(places.count)
      cells = CellRows(rowCount: rows.count, columnCount: columnCount, presence: self.presence)
      return
    }
    var found = Presence.none(rows.count * columnCount)
    var (place, next) = (0, 0)
    for column in 0..<columnCount {
      for (position, row) in rows.enumerated() {
        let cell = column * rowCount + row
        place += presence.pointCount(in: next..<cell)
        next = cell
        guard presence[cell] else { continue }
        places.append(place)
        found.insert(column * rows.count + position)
      }
    }
    self.places = places
    self.presence = found.canonical
    cells = CellRows(rowCount: rows.count, columnCount: columnCount, presence: self.presence)
  }
}

extension ValueColumnCoder {
  /// Where fewer than one value in this many is wanted, only those are decoded.
  private static let sparsity = 4

  /// Replaces `values` by those of some rows, like a tile of just those rows.
  ///
  /// All symbols are read and checked. Of the rest, damage of values that are not wanted may go
  /// unnoticed.
  /// - Throws: as for all values; never traps, whatever the bytes.
  /// - Complexity: O(values) for the symbols, O(values wanted) for all else; where differences are
  ///   taken between rows, O(values).
  @_lifetime(reader: copy reader)
  mutating func decode(
    _ reader: inout ByteReader, cells: CellRows, wanted: WantedValues, type: ValueType,
    into values: inout ValueBuffer
  ) throws(TrackerError) {
    switch type {
    case .float32:
      var words = values.takeFloat32Bits()
      defer { values = ValueBuffer(float32Bits: words) }
      try decode(&reader, cells: cells, wanted: wanted, type: type, into: &words)
    case .float64:
      var words = values.takeFloat64Bits()
      defer { values = ValueBuffer(float64Bits: words) }
      try decode(&reader, cells: cells, wanted: wanted, type: type, into: &words)
    }
  }

  @_lifetime(reader: copy reader)
  mutating func decode<Word: ValueWord>(
    _ reader: inout ByteReader, cells: CellRows, wanted: WantedValues, type: ValueType,
    into values: inout [Word]
  ) throws(TrackerError) {
    let head = try readHead(&reader, cells, type)
    if head.isConstant {
      head.fill(wanted.places.count, into: &values)
      return
    }
    guard head.plan.difference != .neighbour,
      wanted.places.count < max(1, cells.count / Self.sparsity)
    else {
      _ = try decodeBody(&reader, head, cells, into: &values)
      for (position, place) in wanted.places.enumerated() { values[position] = values[place] }
      values.resize(to: wanted.places.count)
      return
    }
    guard head.isNarrowed else {
      return try decodeStored(&reader, head, cells, wanted, into: &values)
    }
    var words: [UInt32] = []
    try decodeStored(&reader, head, cells, wanted, into: &words)
    Self.widen(words.span, into: &values)
  }

  @_lifetime(reader: copy reader)
  private mutating func decodeStored<Word: ValueWord>(
    _ reader: inout ByteReader, _ head: Head, _ cells: CellRows, _ wanted: WantedValues,
    into values: inout [Word]
  ) throws(TrackerError) {
    var plan = head.plan
    let table = SymbolSplitter(plan).table
    _ = try readSymbols(&reader, &plan, cells)
    try join(&reader, plan, table, wanted, into: &values)

    var target = exchange(&values, with: [])
    defer { values = target }
    if case .logarithm(let grid) = plan.mapping {
      try misfitCoder.decodeCorrections(&reader, count: cells.count, at: wanted.places) {
        let bits = UInt32(truncatingIfNeeded: target[$0])
        target[$0] = Word(truncatingIfNeeded: grid.correct(bits, by: $1))
      }
    }
    if plan.mapping.mapping != .dictionary {
      var finder = PlaceFinder()
      _ = try misfitCoder.decodeExceptions(&reader, count: cells.count, type: head.stored) {
        if let position = finder.position(of: $0, in: wanted.places) {
          target[position] = Word(truncatingIfNeeded: $1)
        }
      }
    }
  }

  /// Puts the wanted values' symbols and extra bits together, and takes differences and mapping back.
  @_lifetime(reader: copy reader)
  private func join<Word: ValueWord>(
    _ reader: inout ByteReader, _ plan: ValuePlan, _ table: SymbolTable, _ wanted: WantedValues,
    into values: inout [Word]
  ) throws(TrackerError) {
    let places = wanted.places
    values.resize(to: places.count)
    var codes = [UInt64](repeating: 0, count: places.count)
    var integers = codes.mutableSpan
    try ExtraBits.join(&reader, symbols.span, table, at: places.span, into: &integers)
    let cells = wanted.cells
    var differences = DifferenceCoder(
      plan.difference, rowCount: cells.rowCount, start: plan.mapping.origin)
    if plan.difference != .none {
      for column in 0..<cells.columnCount {
        differences.add(&integers, cells.range(of: column), rows: cells.rows(of: column))
      }
    }
    let all = plan.mapping.codes
    for code in codes {
      guard all.contains(code) else { throw reader.malformed("a code beyond the mapping's") }
    }
    var mapping = plan.mapping
    if case .power(var grid) = mapping, !grid.coarseness.isEmpty {
      grid.coarseness = wanted.rows.map { grid.coarseness[$0] }
      mapping = .power(grid)
    }
    var target = values.mutableSpan
    for column in 0..<cells.columnCount {
      let range = cells.range(of: column)
      mapping.decode(
        codes.span.extracting(range), into: &target, from: range.lowerBound,
        rows: cells.rows(of: column), firstRow: 0)
    }
  }
}

extension ValueColumnCoder.Head {
  /// Replaces `values` by a constant column's.
  func fill<Word: ValueWord>(_ count: Int, into values: inout [Word]) {
    values.removeAll(keepingCapacity: true)
    guard let only else { return }
    let bits = isNarrowed ? Widening.widen(UInt32(truncatingIfNeeded: only)) : only
    values.append(contentsOf: repeatElement(Word(truncatingIfNeeded: bits), count: count))
  }
}

extension ExtraBits {
  /// Fills `values` with the integers at some places of a column: their symbols' bases and their
  /// extra bits.
  ///
  /// - Parameter places: ascending, each below the number of symbols.
  /// - Throws: as `read`; `malformed` also where bits behind the last are set.
  @_lifetime(reader: copy reader)
  static func join(
    _ reader: inout ByteReader, _ symbols: Span<UInt8>, _ table: SymbolTable,
    at places: Span<Int>, into values: inout MutableSpan<UInt64>
  ) throws(TrackerError) {
    let count = try reader.readCount("length of extra bits", limit: Limits.maxRecordBytes)
    let extra = try reader.readBytes(count, "extra bits")
    let widths = WidthSum(table)
    // First where the extra bits of each begin, then what stands there.
    var (sum, next) = (0, 0)
    for position in places.indices {
      sum &+= widths.sum(symbols, next..<places[position])
      next = places[position]
      values[position] = UInt64(truncatingIfNeeded: sum)
    }
    sum &+= widths.sum(symbols, next..<symbols.count)
    guard sum < WidthSum.undefined else {
      throw reader.malformed("a symbol is not defined")
    }
    guard count == (sum + 7) / 8 else {
      throw reader.malformed("expected \((sum + 7) / 8) bytes of extra bits, found \(count)")
    }
    guard sum & 7 == 0 || extra[count - 1] >> UInt8(sum & 7) == 0 else {
      throw reader.malformed("bits behind the extra bits are set")
    }
    for position in places.indices {
      let symbol = Int(symbols[places[position]])
      let start = Int(truncatingIfNeeded: values[position])
      values[position] =
        table.bases[symbol] &+ bits(extra, at: start, width: Int(table.widths[symbol]))
    }
  }

  /// `width` bits, 0 to 64, all within `bytes`.
  private static func bits(_ bytes: Span<UInt8>, at start: Int, width: Int) -> UInt64 {
    var (found, filled): (UInt64, Int) = (0, -(start & 7))
    var place = start >> 3
    // Smart shifts: the first byte's low bits and the last one's high bits fall off.
    while filled < width {
      found |= UInt64(bytes[place]) << filled
      filled += 8
      place += 1
    }
    return found & BitWords.mask(width)
  }

  /// Adds up the widths of symbols.
  private struct WidthSum {
    /// What a symbol that is not defined adds: more than all widths can.
    static let undefined = 1 << 36

    private var widths = InlineArray<256, Int>(repeating: Self.undefined)

    init(_ table: SymbolTable) {
      for symbol in 0..<table.count { widths[symbol] = Int(table.widths[symbol]) }
    }

    func sum(_ symbols: Span<UInt8>, _ range: Range<Int>) -> Int {
      let part = symbols.extracting(range)
      let widths = widths.span
      // Four sums, so that additions do not wait for each other.
      var (a, b, c, d) = (0, 0, 0, 0)
      var position = 0
      while position &+ 4 <= part.count {
        a &+= widths[Int(part[position])]
        b &+= widths[Int(part[position &+ 1])]
        c &+= widths[Int(part[position &+ 2])]
        d &+= widths[Int(part[position &+ 3])]
        position &+= 4
      }
      while position < part.count {
        a &+= widths[Int(part[position])]
        position &+= 1
      }
      return a &+ b &+ c &+ d
    }
  }
}

/// Finds ascending places among others that ascend.
struct PlaceFinder {
  private var next = 0

  /// - Parameters:
  ///   - place: not below the one before.
  ///   - places: the same in each call.
  mutating func position(of place: Int, in places: [Int]) -> Int? {
    while next < places.count, places[next] < place { next += 1 }
    return next < places.count && places[next] == place ? next : nil
  }
}
