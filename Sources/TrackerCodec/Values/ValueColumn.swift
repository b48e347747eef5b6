public import TrackerModel

/// Writes and reads columns of values, bit-exactly; keeps its buffers between columns. One owner.
///
/// Values are listed by their cells: column by column, rows ascending, absent ones left out.
public struct ValueColumnCoder {
  private let level: EncodingLevel
  private var planner: ValuePlanner
  var small: SymbolColumnCoder
  var stream: SymbolStreamCoder
  var misfitCoder: MisfitCoder
  private var misfits = Misfits()
  private var packer = BitPacker()
  var codes: [UInt64] = []
  /// Of a part of a column.
  var shortCodes: [UInt32] = []
  /// Of float64 values that are float32.
  var narrowed: [UInt32] = []
  var symbols: [UInt8] = []

  public init(level: EncodingLevel = .default) {
    self.level = level
    planner = ValuePlanner(level: level)
    small = SymbolColumnCoder(level: level)
    stream = SymbolStreamCoder(level: level)
    misfitCoder = MisfitCoder(level: level)
  }

  /// Appends the coded column.
  ///
  /// - Precondition: `cells` lists as many values.
  /// - Complexity: O(values), and O(rows) extra memory.
  public mutating func encode(
    _ values: ValueBuffer, cells: CellRows, into output: inout [UInt8]
  ) -> ValueCoding {
    switch values.type {
    case .float32: encode(values.float32Bits.span, type: .float32, cells: cells, into: &output)
    case .float64: encode(values.float64Bits.span, type: .float64, cells: cells, into: &output)
    }
  }

  mutating func encode<Word: ValueWord>(
    _ values: Span<Word>, type: ValueType, cells: CellRows, into output: inout [UInt8]
  ) -> ValueCoding {
    precondition(values.count == cells.count, "one value for each cell")
    // Spans borrow the whole coder, so buffers leave it while they are read.
    var held = exchange(&narrowed, with: [])
    defer { narrowed = held }
    if type == .float64, Self.narrow(values, into: &held) {
      return encode(held.span, .float32, isNarrowed: true, cells, into: &output)
    }
    return encode(values, type, isNarrowed: false, cells, into: &output)
  }

  /// Whether all values are exactly float32, and which.
  private static func narrow<Word: ValueWord>(
    _ values: Span<Word>, into target: inout [UInt32]
  ) -> Bool {
    target.removeAll(keepingCapacity: true)
    for cell in values.indices {
      guard let bits = Widening.narrow(UInt64(truncatingIfNeeded: values[cell])) else {
        return false
      }
      target.append(bits)
    }
    return !target.isEmpty
  }

  private mutating func encode<Word: ValueWord>(
    _ values: Span<Word>, _ type: ValueType, isNarrowed: Bool, _ cells: CellRows,
    into output: inout [UInt8]
  ) -> ValueCoding {
    let dictionary = ValueDictionary(values, type: type)
    if let dictionary, dictionary.entries.count < 2 {
      write(.dictionary(dictionary), isNarrowed, into: &output)
      return ValueCoding(
        mapping: .dictionary, detail: ValueMapping.dictionary(dictionary).detail,
        difference: .none, isGrouped: false, symbolBytes: 0, extraBytes: 0, corrections: 0,
        exceptions: 0)
    }
    let share = level == .small ? 8 : 64
    let sample = ValueSample(values, cells, target: max(512, values.count / share))
    var plan = planner.plan(sample, type: type, dictionary: dictionary, count: values.count)
    if case .power(var grid) = plan.mapping, grid.isSquared, cells.columnCount > 1 {
      grid.fitRows(values, cells)
      plan.mapping = .power(grid)
    }
    let start = output.count
    let coding = encode(values, type, isNarrowed: isNarrowed, cells, plan, into: &output)
    // A sample may say nothing of the rest, whose every value may then be an exception.
    let raw = values.count * (type == .float32 ? 4 : 8)
    guard output.count - start > raw + raw / 64 else { return coding }
    output.removeLast(output.count - start)
    return encode(
      values, type, isNarrowed: isNarrowed, cells, ValuePlan(plain: type), into: &output)
  }

  /// Appends the column coded by a given plan, which need not be a good one.
  mutating func encode<Word: ValueWord>(
    _ values: Span<Word>, _ type: ValueType, isNarrowed: Bool, _ cells: CellRows,
    _ plan: ValuePlan, into output: inout [UInt8]
  ) -> ValueCoding {
    write(plan.mapping, isNarrowed, into: &output)
    output.append(plan.difference.rawValue)
    plan.bins?.encode(into: &output)

    misfits.removeAll()
    CodeColumns.encode(values, cells, plan.mapping, plan.difference, into: &codes, &misfits)
    symbols.resize(to: values.count)
    split(SymbolSplitter(plan))
    var coding = ValueCoding(
      mapping: plan.mapping.mapping, detail: plan.mapping.detail, difference: plan.difference,
      isGrouped: plan.isGrouped, symbolBytes: 0, extraBytes: 0,
      corrections: misfits.correctedCells.count, exceptions: misfits.exceptionCells.count)
    coding.symbolBytes = writeSymbols(plan, cells, into: &output)
    coding.extraBytes = (packer.bitCount + 7) / 8
    output.appendVarint(coding.extraBytes)
    packer.finish(into: &output)
    if case .logarithm = plan.mapping {
      misfitCoder.encodeCorrections(misfits, count: values.count, into: &output)
    }
    if case .dictionary = plan.mapping {
    } else {
      misfitCoder.encodeExceptions(misfits, type: type, into: &output)
    }
    return coding
  }

  private mutating func split(_ splitter: SymbolSplitter) {
    var buffer = exchange(&symbols, with: [])
    var bits = exchange(&packer, with: BitPacker())
    defer { (symbols, packer) = (buffer, bits) }
    var target = buffer.mutableSpan
    splitter.split(codes.span, into: &target, &bits)
  }

  private mutating func write(
    _ mapping: ValueMapping, _ isNarrowed: Bool, into output: inout [UInt8]
  ) {
    output.append(mapping.mapping.rawValue | (isNarrowed ? Mapping.narrowedFlag : 0))
    switch mapping {
    case .ordered(let mapping): output.append(UInt8(mapping.shift))
    case .dictionary(let dictionary): dictionary.write(into: &output)
    case .logarithm(let grid): output.append(grid.precision.rawValue)
    case .power(let grid):
      output.appendSigned(Int64(grid.exponent))
      if !grid.isSquared { output.appendVarint(grid.divisor) }
      output.append(grid.coarseness.isEmpty ? 0 : 1)
      if !grid.coarseness.isEmpty {
        let rows = grid.coarseness.map { UInt64($0) }
        _ = small.encodeDirect(rows.span, into: &output)
      }
    case .float16: break
    }
  }

  /// Writes the column's symbols, by contexts where the plan says so.
  private mutating func writeSymbols(
    _ plan: ValuePlan, _ cells: CellRows, into output: inout [UInt8]
  ) -> Int {
    output.append(plan.isGrouped ? 1 : 0)
    let start = output.count
    // Spans borrow the whole coder, so symbols leave it while they are read.
    let held = exchange(&symbols, with: [])
    defer { symbols = held }
    guard plan.isGrouped else { return stream.encode(held.span, into: &output) }
    var context = RowContext(fitting: held, cells, isFew: plan.hasFewSymbols)
    if level == .small { context.inertia = bestInertia(context, held, cells) }
    context.write(into: &output)
    stream.numerals.encode(held.span, context, cells, into: &output)
    return output.count - start
  }

  /// The inertia that gives the shortest stream.
  private mutating func bestInertia(
    _ context: RowContext, _ symbols: [UInt8], _ cells: CellRows
  ) -> Int {
    var context = context
    var best = (inertia: context.inertia, cost: Double.infinity)
    for inertia in [0, 1, 2, 3, 4, 5, 6] {
      context.inertia = inertia
      let cost = stream.numerals.cost(symbols.span, context, cells)
      if cost < best.cost { best = (inertia, cost) }
    }
    return best.inertia
  }
}

extension ValuePlan {
  /// Whether there are two symbols only, of whose rows' past the mean says most.
  var hasFewSymbols: Bool {
    guard case .dictionary(let dictionary) = mapping else { return false }
    // Differences of two codes are three.
    return dictionary.entries.count == 2 && difference == .none
  }
}
