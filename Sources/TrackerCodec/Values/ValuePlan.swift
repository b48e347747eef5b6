import TrackerModel

/// How a column of values is to be coded: what its payload says before its symbols.
struct ValuePlan {
  var mapping: ValueMapping
  var difference = Difference.none
  var bins: SymbolBins?
  /// Whether symbols are coded by their rows' earlier ones.
  var isGrouped = false

  init(mapping: ValueMapping, difference: Difference = .none) {
    self.mapping = mapping
    self.difference = difference
  }

  /// The plan without a choice: ordered integers, all their bits extra bits.
  init(plain type: ValueType) {
    self.init(mapping: .ordered(OrderedMapping(type: type, shift: 0)))
    let none: [UInt64] = []
    bins = mapping.binBits.map { SymbolBins(sample: none.span, bits: $0, scale: 1) }
  }
}

/// Chooses plans on samples of columns.
///
/// Estimates are entropies of what would be written; of equal ones the simpler wins. The same column
/// always gives the same plan, on every platform.
/// Complexity: O(sample), a sixty-fourth of the column, but at least 512 values.
struct ValuePlanner {
  private let level: EncodingLevel
  private var mapped: [UInt64] = []
  private var codes: [UInt64] = []
  private var sorted: [UInt64] = []
  private var misfits = Misfits()

  init(level: EncodingLevel) { self.level = level }

  /// Below this a choice cannot pay for its parameters.
  private static let fewest = 64
  /// An exception costs its gap and most of its bits.
  private static let exceptionBits = 44.0

  /// A plan and what it costs, in bits a value.
  private struct Candidate {
    var plan: ValuePlan
    var bits: Double
  }

  /// - Parameters:
  ///   - sample: some rows of a column, whole.
  ///   - dictionary: of the column's values where there are few enough.
  ///   - count: the column's values.
  mutating func plan(
    _ sample: ValueSample, type: ValueType, dictionary: ValueDictionary?, count: Int
  ) -> ValuePlan {
    if count < Self.fewest {
      return dictionary.map { ValuePlan(mapping: .dictionary($0)) } ?? ValuePlan(plain: type)
    }
    var best: Candidate?
    for mapping in mappings(sample, type: type, dictionary: dictionary) {
      for candidate in candidates(mapping, sample, count, below: best?.bits ?? .infinity) {
        // A later, less simple one must be better by more than a rounding.
        if candidate.bits < (best?.bits ?? .infinity) * 0.998 { best = candidate }
      }
    }
    // `mappings` always has one.
    return best?.plan ?? ValuePlan(plain: type)
  }

  // MARK: Mappings worth trying

  private func mappings(_ sample: ValueSample, type: ValueType, dictionary: ValueDictionary?)
    -> [ValueMapping]
  {
    var mappings: [ValueMapping] = []
    if let dictionary {
      mappings.append(.dictionary(dictionary))
      // Nothing beats bits.
      if dictionary.entries.count == 2 { return mappings }
    }
    guard dictionary == nil || sample.values.count >= 256 else {
      mappings.append(.ordered(OrderedMapping(type: type, shift: 0)))
      return mappings
    }
    if type == .float32 {
      let precision = precision(of: sample)
      for curve in [LogarithmCurve.rising, .falling] {
        let grid = ValueMapping.logarithm(.of(curve, precision))
        let share = fit(of: grid, sample)
        // Nothing else comes near a grid that nearly all lie on.
        if share > 0.8 { return dictionary == nil ? [grid] : mappings + [grid] }
        if share > 0.4 { mappings.append(grid) }
      }
      if precision == .float16 { mappings.append(.float16(HalfMapping())) }
    }
    mappings.append(.ordered(OrderedMapping(type: type, shift: commonShift(sample, type))))
    for grid in linearGrids(sample, type) { mappings.append(.power(grid)) }
    if let grid = squaredGrid(sample, type) { mappings.append(.power(grid)) }
    return mappings
  }

  /// Low bits that hardly any value has.
  private func commonShift(_ sample: ValueSample, _ type: ValueType) -> Int {
    var counts = [Int](repeating: 0, count: 65)
    var total = 0
    let width = type == .float32 ? 32 : 64
    for bits in sample.values {
      // Zeros and infinities say nothing of the others.
      let zeros = bits.trailingZeroBitCount
      if zeros >= (type == .float32 ? 23 : 52) { continue }
      counts[zeros] += 1
      total += 1
    }
    guard total > 0 else { return 0 }
    var shift = 0
    var below = 0
    while shift < width - 12 {
      below += counts[shift]
      if below * 100 > total { break }
      shift += 1
    }
    return shift
  }

  /// The least precision that all of the sample has.
  private func precision(of sample: ValueSample) -> ValuePrecision {
    for precision in [ValuePrecision.bfloat16, .float16]
    where sample.values.allSatisfy({ precision.narrow(UInt32(truncatingIfNeeded: $0)) != nil }) {
      return precision
    }
    return .float32
  }

  /// The share of those values of the sample that are small enough that lie on a grid; 0 where there
  /// are hardly any.
  private func fit(of mapping: ValueMapping, _ sample: ValueSample) -> Double {
    var part: [UInt64] = []
    for bits in sample.values where bits <= 0x3F31_7218 && bits != 0 {
      part.append(bits)
      if part.count == 256 { break }
    }
    guard part.count >= 16 else { return 0 }
    var codes = [UInt64](repeating: 0, count: part.count)
    var target = codes.mutableSpan
    var misfits = Misfits()
    let cells = CellRows(column: part.count)
    mapping.encode(part.span, rows: cells.rows(of: 0), firstCell: 0, into: &target, &misfits)
    // Half of arbitrary values lie within an ulp of the grid where it is as fine as they are.
    let far = misfits.exceptionCells.count + misfits.correctedCells.count / 2
    return Double(part.count - far) / Double(part.count)
  }

  /// Multiples of a power of two, and of a fraction: of a decimal one, or of what a mean of counts is a
  /// multiple of.
  private func linearGrids(_ sample: ValueSample, _ type: ValueType) -> [PowerGrid] {
    let part = Array(sample.values.prefix(512)).filter { $0 << (type == .float32 ? 33 : 1) != 0 }
    guard part.count >= 16 else { return [] }
    let values = part.map {
      type == .float32
        ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0))) : Double(bitPattern: $0)
    }
    // The place of the last bit of each.
    let places = values.map { value -> Int in
      guard value.isFinite else { return .max }
      let mantissa = value.significandBitPattern | 1 << 52
      return 52 - mantissa.trailingZeroBitCount - Int(value.exponent)
    }.sorted()
    let place = places[places.count * 98 / 100]
    let highest = values.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    var grids: [PowerGrid] = []
    if place <= PowerGrid.exponents.upperBound, place >= PowerGrid.exponents.lowerBound {
      let grid = PowerGrid(isSquared: false, type: type, exponent: place)
      let bits = Int(highest.exponent) + place
      // As fine as the floats themselves it gains nothing.
      if bits < (type == .float32 ? 24 : 50) { grids.append(grid) }
      // Fewer bits than these no fraction has either.
      if bits < (type == .float32 ? 16 : 32) { return grids }
    }
    guard type == .float64 || highest < 0x1p20 else { return grids }
    for divisor in divisors(values, type) {
      let grid = PowerGrid(isSquared: false, type: type, exponent: 0, divisor: divisor)
      // A few tell of most divisors that they are none.
      guard part.prefix(32).count(where: { grid.coarseness(of: $0) >= 0 }) >= 14 else { continue }
      if part.count(where: { grid.coarseness(of: $0) >= 0 }) * 100 >= part.count * 98 {
        grids.append(grid)
        break
      }
    }
    return grids
  }

  /// What values may be integers divided by: the common denominator of some of them, and powers of ten.
  private func divisors(_ values: [Double], _ type: ValueType) -> [UInt64] {
    var divisors: [UInt64] = []
    var divisor: UInt64 = 10
    for _ in 0..<(type == .float32 ? 5 : 9) {
      divisors.append(divisor)
      divisor *= 10
    }
    // Arbitrary values have large denominators.
    let limit: UInt64 = 4096
    var common: UInt64 = 1
    for value in values.prefix(24) where value.isFinite && abs(value) < 0x1p20 {
      guard let denominator = Self.denominator(value, type, limit: limit) else { continue }
      var (a, b) = (common, denominator)
      while b != 0 { (a, b) = (b, a % b) }
      let next = common / a * denominator
      // Outliers go by; what is left is tried.
      if next <= limit { common = next }
    }
    // First: powers of ten as fine as the floats divide everything.
    if common > 2 { divisors.insert(common, at: 0) }
    return divisors
  }

  /// The least denominator, up to `limit`, of a fraction that rounds to the value, by continued
  /// fractions; nil where there is none.
  private static func denominator(_ value: Double, _ type: ValueType, limit: UInt64) -> UInt64? {
    var rest = abs(value)
    var (before, denominator) = (0.0, 1.0)
    for _ in 0..<16 {
      let whole = rest.rounded(.down)
      let k = (abs(value) * denominator).rounded()
      let fraction = k / denominator
      if type == .float32 ? Float(fraction) == Float(abs(value)) : fraction == abs(value) {
        return UInt64(denominator)
      }
      rest = 1 / (rest - whole)
      guard rest.isFinite else { return nil }
      (before, denominator) = (denominator, rest.rounded(.down) * denominator + before)
      guard denominator <= Double(limit) else { return nil }
    }
    return nil
  }

  /// Squares of multiples of a power of two; the rows' own powers are fitted later.
  private func squaredGrid(_ sample: ValueSample, _ type: ValueType) -> PowerGrid? {
    let part = Array(sample.values.prefix(512)).filter { $0 << (type == .float32 ? 33 : 1) != 0 }
    guard part.count >= 16, part.allSatisfy({ $0 >> (type == .float32 ? 31 : 63) == 0 }) else {
      return nil
    }
    var finest = PowerGrid(isSquared: true, type: type, exponent: type == .float32 ? 34 : 60)
    // How fine each value's root must be.
    let needs = part.map { bits -> Int in
      let coarse = finest.coarseness(of: bits)
      return coarse < 0 ? .max : finest.exponent - coarse
    }.sorted()
    let need = needs[needs.count * 97 / 100]
    guard need != .max, need < finest.exponent - 3 else { return nil }
    finest.exponent = need + 2
    return finest
  }

  // MARK: What they cost

  /// - Parameter best: what a plan already found costs; candidates that cannot be below may be left out.
  private mutating func candidates(
    _ mapping: ValueMapping, _ sample: ValueSample, _ count: Int, below best: Double
  ) -> [Candidate] {
    var mapping = mapping
    if case .power(var grid) = mapping, grid.isSquared, sample.cells.columnCount > 1 {
      grid.fitRows(sample.values.span, sample.cells)
      mapping = .power(grid)
    }
    var candidates: [Candidate] = []
    misfits.removeAll()
    sample.map(mapping, into: &mapped, &misfits)
    let corrected = misfits.correctedCells.count
    let overhead =
      Double(misfits.exceptionCells.count) * Self.exceptionBits
      + Entropy.weighted(mapped.count) - Entropy.weighted(corrected)
      - Entropy.weighted(mapped.count - corrected) + Double(corrected)
    for difference in differences(mapping, sample) {
      codes.removeAll(keepingCapacity: true)
      codes.append(contentsOf: mapped)
      sample.subtract(difference, from: mapping.origin, &codes)
      var plan = ValuePlan(mapping: mapping, difference: difference)
      if difference == .none, let bits = mapping.binBits {
        sorted.removeAll(keepingCapacity: true)
        sorted.append(contentsOf: codes)
        sorted.sort()
        plan.bins = SymbolBins(
          sample: sorted.span, bits: bits, scale: Double(count) / Double(max(1, codes.count)))
      }
      let splitter = SymbolSplitter(plan)
      var counts = [UInt32](repeating: 0, count: 256)
      var symbols: [UInt8] = []
      symbols.reserveCapacity(codes.count)
      var extra = 0
      let widths = splitter.table.widths.span
      for code in codes {
        let symbol = splitter.symbol(of: code)
        symbols.append(UInt8(truncatingIfNeeded: symbol))
        counts[symbol] += 1
        extra += Int(widths[symbol])
      }
      let raw = Double(extra) + overhead
      let total = Double(max(1, codes.count))
      candidates.append(Candidate(plan: plan, bits: (Entropy.bits(counts.span) + raw) / total))
      if sample.cells.columnCount > 1, level != .fast, raw < best * total {
        plan.isGrouped = true
        let bits = sample.groupedBits(symbols)
        // Grouping takes time when writing and reading: it must be worth it.
        candidates.append(Candidate(plan: plan, bits: (bits + raw) / total * 1.003))
      }
    }
    return candidates
  }

  private func differences(_ mapping: ValueMapping, _ sample: ValueSample) -> [Difference] {
    if level == .fast { return [.none] }
    return switch mapping {
    case .dictionary: [.none]
    case .logarithm: sample.cells.columnCount > 1 ? [.none, .previous] : [.none]
    case .ordered, .power, .float16:
      sample.cells.columnCount > 1 ? Difference.allCases : [.none, .neighbour]
    }
  }
}

/// Splits codes into symbols by a plan.
struct SymbolSplitter {
  let table: SymbolTable
  private let kind: Kind

  private enum Kind {
    case direct
    case magnitude
    case logarithm(LogarithmGrid.Splitter)
    case bins(SymbolBins.Finder)
  }

  init(_ plan: ValuePlan) {
    if let bins = plan.bins {
      table = bins.table
      kind = .bins(SymbolBins.Finder(bins))
    } else if plan.difference != .none {
      table = .magnitude
      kind = .magnitude
    } else {
      switch plan.mapping {
      case .dictionary(let dictionary):
        table = .direct(dictionary.entries.count)
        kind = .direct
      case .logarithm(let grid):
        table = grid.makeSymbolTable()
        kind = .logarithm(grid.makeSplitter(table))
      case .ordered, .power, .float16:
        table = .magnitude
        kind = .magnitude
      }
    }
  }

  @inline(__always)
  func symbol(of code: UInt64) -> Int {
    switch kind {
    case .direct: Int(truncatingIfNeeded: code)
    case .magnitude: SymbolTable.magnitudeSymbol(code)
    case .logarithm(let splitter): splitter.symbol(of: code)
    case .bins(let finder): finder.symbol(of: code)
    }
  }

  /// Splits all codes.
  func split(
    _ codes: Span<UInt64>, into symbols: inout MutableSpan<UInt8>, _ packer: inout BitPacker
  ) {
    // One loop each, so that none decides anew for every code.
    switch kind {
    case .direct:
      for cell in codes.indices { symbols[cell] = UInt8(truncatingIfNeeded: codes[cell]) }
      return
    case .magnitude:
      for cell in codes.indices {
        symbols[cell] = UInt8(truncatingIfNeeded: SymbolTable.magnitudeSymbol(codes[cell]))
      }
    case .logarithm(let splitter):
      for cell in codes.indices {
        symbols[cell] = UInt8(truncatingIfNeeded: splitter.symbol(of: codes[cell]))
      }
    case .bins(let finder):
      for cell in codes.indices {
        symbols[cell] = UInt8(truncatingIfNeeded: finder.symbol(of: codes[cell]))
      }
    }
    packer.append(
      codes, symbols: symbols.span, bases: table.bases.span, widths: table.widths.span)
  }
}
