import TrackerCodec
import TrackerModel

/// Writes a column of values by a plan, from the text of Spec/FORMAT.md: not as the library does it.
struct ValueColumnText {
  let type: ValueType
  let plan: ValuePlanText
  /// Of each value, in the type that is coded.
  private let values: [UInt64]
  private let rows: [Int]
  private let columns: [Int]
  private let rowCount: Int

  /// - Parameters:
  ///   - rows, columns: of each value.
  private init(
    _ values: [UInt64], _ type: ValueType, _ plan: ValuePlanText, rows: [Int], columns: [Int],
    rowCount: Int
  ) {
    self.plan = plan
    self.rows = rows
    self.columns = columns
    self.rowCount = rowCount
    if plan.isNarrowed {
      self.type = .float32
      self.values = values.map {
        guard let bits = Widening.narrow($0) else {
          preconditionFailure("\($0) is no float32")
        }
        return UInt64(bits)
      }
    } else {
      self.type = type
      self.values = values
    }
  }

  /// The column of a matrix's cells.
  static func encode(
    cells: [UInt64?], _ type: ValueType, rowCount: Int, _ plan: ValuePlanText
  ) -> [UInt8] {
    let places = cells.indices.filter { cells[$0] != nil }
    let column = ValueColumnText(
      cells.compactMap { $0 }, type, plan, rows: places.map { $0 % rowCount },
      columns: places.map { $0 / rowCount }, rowCount: rowCount)
    return column.encoded()
  }

  private var width: Int { type == .float32 ? 32 : 64 }

  private func ordered(_ bits: UInt64, _ width: Int) -> UInt64 {
    let (sign, mask): (UInt64, UInt64) = (
      1 << UInt64(width - 1), width == 64 ? .max : (1 << UInt64(width)) - 1
    )
    return bits & sign != 0 ? ~bits & mask : bits | sign
  }

  private func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    let narrowed: UInt8 = plan.isNarrowed ? 0x80 : 0
    switch plan.mapping {
    case .raw(let raw): return raw
    case .automatic:
      let isConstant = Set(values).count <= 1
      var other = plan
      other.mapping = isConstant ? .dictionary() : .ordered(shift: 0)
      // Narrowed already, so the flag is put back.
      other.isNarrowed = false
      var inner = ValueColumnText(
        values, type, other, rows: rows, columns: columns, rowCount: rowCount
      ).encoded()
      inner[0] |= narrowed
      return inner
    case .ordered(let shift):
      bytes += [1 | narrowed, UInt8(shift)]
      let codes = values.map { value -> Mapped in
        let code = ordered(value, width)
        let isExact = shift == 0 || code & ((1 << UInt64(shift)) - 1) == zeroBits(value, shift)
        return Mapped(code: code >> UInt64(shift), isException: !isExact)
      }
      appendRest(
        codes, origin: 1 << UInt64(width - shift - 1), binBits: width - shift, table: nil, &bytes)
    case .dictionary(let more):
      let entries = Set((values + more).map { ordered($0, width) }).sorted()
      bytes.append(2 | narrowed)
      bytes.appendVarint(entries.count)
      var last: UInt64 = 0
      for entry in entries {
        bytes.appendVarint(entry - last)
        last = entry
      }
      if entries.count < 2 { return bytes }
      let codes = values.map { value in
        Mapped(code: UInt64(entries.firstIndex(of: ordered(value, width)) ?? 0))
      }
      appendRest(
        codes, origin: 0, binBits: nil, table: .direct(entries.count), hasExceptions: false, &bytes)
    case .logarithm(let isRising, let precision):
      let grid = LogarithmCodes(isRising: isRising, precision: precision)
      bytes += [isRising ? 3 : 4, precision].map { $0 }
      bytes[0] |= narrowed
      let codes = values.map { value -> Mapped in
        guard let (code, correction) = grid.code(value) else {
          return Mapped(code: 1, isException: true)
        }
        return Mapped(code: code, correction: correction)
      }
      appendRest(codes, origin: 0, binBits: nil, table: grid.table, &bytes, hasCorrections: true)
    case .linear(let exponent, let divisor, let coarseness):
      bytes.append(5 | narrowed)
      bytes.appendSigned(Int64(exponent))
      bytes.appendVarint(divisor)
      appendCoarseness(coarseness, &bytes)
      let codes = values.indices.map { place -> Mapped in
        let e = coarseness?[rows[place]] ?? 0
        return power(values[place], isSquared: false, exponent, divisor, e)
      }
      appendRest(codes, origin: 1 << 63, binBits: 64, table: nil, &bytes)
    case .squared(let exponent, let coarseness):
      bytes.append(6 | narrowed)
      bytes.appendSigned(Int64(exponent))
      appendCoarseness(coarseness, &bytes)
      let codes = values.indices.map { place -> Mapped in
        let e = coarseness?[rows[place]] ?? 0
        return power(values[place], isSquared: true, exponent, 1, e)
      }
      appendRest(codes, origin: 0, binBits: nil, table: .magnitude, &bytes)
    case .float16:
      bytes.append(7 | narrowed)
      let codes = values.map { value -> Mapped in
        guard let half = LogarithmCodes.float16(value) else {
          return Mapped(code: 1 << 15, isException: true)
        }
        return Mapped(code: ordered(half, 16))
      }
      appendRest(codes, origin: 1 << 15, binBits: 16, table: nil, &bytes)
    }
    return bytes
  }

  /// What the low bits of an ordered integer are where the value's are zeros.
  private func zeroBits(_ value: UInt64, _ shift: Int) -> UInt64 {
    value >> UInt64(width - 1) & 1 == 1 ? (1 << UInt64(shift)) - 1 : 0
  }

  struct Mapped {
    var code: UInt64
    var correction: UInt8 = 0
    var isException = false
  }

  // MARK: Multiples

  private func appendCoarseness(_ coarseness: [Int]?, _ bytes: inout [UInt8]) {
    bytes.append(coarseness == nil ? 0 : 1)
    if let coarseness { bytes.appendSymbolColumn(coarseness.map { UInt64($0) }, .direct(16)) }
  }

  private func number(_ bits: UInt64) -> Double {
    type == .float32 ? Double(Float(bitPattern: UInt32(bits))) : Double(bitPattern: bits)
  }

  private func power(
    _ bits: UInt64, isSquared: Bool, _ exponent: Int, _ divisor: UInt64, _ e: Int
  ) -> Mapped {
    let zero = Mapped(code: isSquared ? 0 : 1 << 63, isException: true)
    let value = number(bits)
    guard value.isFinite, !isSquared || value >= 0 else { return zero }
    let root = isSquared ? value.squareRoot() : value
    let real = root * Double(sign: .plus, exponent: exponent - e, significand: 1) * Double(divisor)
    guard abs(real) <= 0x1p50 else { return zero }
    // Through an integer: no code stands for -0.0.
    let k = Double(Int64(real.rounded()))
    var x = k
    if divisor != 1 { x /= Double(divisor) }
    x *= Double(sign: .plus, exponent: e - exponent, significand: 1)
    if isSquared { x *= x }
    let back = type == .float32 ? UInt64(Float(x).bitPattern) : x.bitPattern
    guard back == bits else { return zero }
    return Mapped(code: isSquared ? UInt64(k) : UInt64(bitPattern: Int64(k)) &+ 1 << 63)
  }

  // MARK: What follows the mapping

  private func appendRest(
    _ codes: [Mapped], origin: UInt64, binBits: Int?, table: SymbolTableText?,
    hasExceptions: Bool = true, _ bytes: inout [UInt8], hasCorrections: Bool = false
  ) {
    bytes.append(plan.difference)
    let integers = differences(codes.map(\.code), origin: origin)
    var table = table ?? .magnitude
    if plan.difference != 0 { table = .magnitude }
    if let binBits, plan.difference == 0 {
      let widths = binWidths(integers, binBits)
      bytes.appendBins(widths)
      table = SymbolTableText(widths: widths)
    }
    let symbols = integers.map { table.split($0).symbol }
    appendByContext(symbols, &bytes)
    bytes.appendExtraBits(integers, table)
    if hasCorrections { appendCorrections(codes.map(\.correction), &bytes) }
    if hasExceptions { appendExceptions(codes.map(\.isException), &bytes) }
  }

  private func differences(_ codes: [UInt64], origin: UInt64) -> [UInt64] {
    guard plan.difference != 0 else { return codes }
    var last = [Int: UInt64]()
    var step = [Int: UInt64]()
    var (before, firstOfColumn): (UInt64?, UInt64?) = (nil, nil)
    return codes.indices.map { place in
      let (code, row) = (codes[place], rows[place])
      let prediction: UInt64
      switch plan.difference {
      case 1: prediction = last[row] ?? origin
      case 2: prediction = last[row].map { $0 &+ (step[row] ?? 0) } ?? origin
      default:
        let isFirst = place == 0 || columns[place] != columns[place - 1]
        prediction = (isFirst ? firstOfColumn : before) ?? origin
        if isFirst { firstOfColumn = code }
        before = code
      }
      if let past = last[row] { step[row] = code &- past }
      last[row] = code
      return ZigZag.encode(Int64(bitPattern: code &- prediction))
    }
  }

  private func binWidths(_ codes: [UInt64], _ bits: Int) -> [Int] {
    switch plan.bins {
    case .one: return [bits]
    case .even: return [Int](repeating: max(0, bits - 8), count: 1 << min(8, bits))
    case .fitted:
      var bins: [(width: Int, codes: [UInt64])] = [(bits, codes)]
      // The fullest is halved, again and again.
      while bins.count < 48 {
        let fullest = bins.indices.max {
          (bins[$0].width > 0 ? bins[$0].codes.count : 0, -$0)
            < (bins[$1].width > 0 ? bins[$1].codes.count : 0, -$1)
        }
        guard let fullest, bins[fullest].width > 0, bins[fullest].codes.count > 1 else { break }
        let half = bins[fullest].width - 1
        let isHigh: (UInt64) -> Bool = { $0 >> UInt64(half) & 1 == 1 }
        let parts = bins[fullest].codes
        bins[fullest] = (half, parts.filter { !isHigh($0) })
        bins.insert((half, parts.filter(isHigh)), at: fullest + 1)
      }
      return bins.map(\.width)
    }
  }

  // MARK: Symbols

  private func appendByContext(_ symbols: [UInt8], _ bytes: inout [UInt8]) {
    bytes.append(plan.groups == nil ? 0 : 1)
    guard let groups = plan.groups else {
      return bytes.appendSymbols(symbols, plan.symbols, plan.numerals)
    }
    let highest = Int(groups.highest ?? max(1, symbols.max() ?? 1))
    bytes += [UInt8(groups.inertia), UInt8(groups.bucketBits), groups.start, UInt8(highest)]
    let weight =
      (65_535 - (1 << (16 - groups.bucketBits))) * (8 - groups.inertia) / (8 * highest)
    var states = [Int](repeating: 65_535, count: rowCount)
    var buckets: [Int] = []
    for (place, symbol) in symbols.enumerated() {
      let state = states[rows[place]]
      buckets.append(state >> (16 - groups.bucketBits))
      let past = state == 65_535 ? Int(groups.start) * 256 : state
      states[rows[place]] = past / 8 * groups.inertia + Int(symbol) * weight
    }
    let places = symbols.indices.map { place in
      symbols.indices[..<place].count { columns[$0] == columns[place] }
    }
    let stream = plan.numerals.encode(
      symbols, buckets: buckets, places: places, bucketCount: 1 << groups.bucketBits,
      highest: highest)
    bytes.appendVarint(stream.count)
    bytes.append(contentsOf: stream)
  }

  // MARK: Values beside the mapping

  private func appendCorrections(_ corrections: [UInt8], _ bytes: inout [UInt8]) {
    guard corrections.contains(where: { $0 > 0 }) else { return bytes.append(0) }
    if case .list = plan.corrections {
      var list: [UInt64] = []
      var gap: UInt64 = 0
      for correction in corrections {
        if correction == 0 {
          gap += 1
        } else {
          list.append(2 * gap + (correction == 2 ? 1 : 0))
          gap = 0
        }
      }
      bytes.append(1)
      bytes.appendVarint(list.count)
      bytes.appendSymbolColumn(list)
      return
    }
    bytes.append(2)
    var plane: [UInt8] = []
    for start in stride(from: 0, to: corrections.count, by: 5) {
      let part = corrections[start..<min(start + 5, corrections.count)]
      plane.append(part.reversed().reduce(0) { $0 * 3 + $1 })
    }
    var isDeflated = false
    if case .deflatedPlane = plan.corrections { isDeflated = true }
    bytes.appendSymbols(plane, isDeflated ? .deflated : .stored)
  }

  private func appendExceptions(_ exceptions: [Bool], _ bytes: inout [UInt8]) {
    let places = exceptions.indices.filter { exceptions[$0] }
    bytes.appendVarint(places.count)
    guard !places.isEmpty else { return }
    var gaps: [UInt64] = []
    var next = 0
    for place in places {
      gaps.append(UInt64(place - next))
      next = place + 1
    }
    bytes.appendSymbolColumn(gaps, .magnitude, plan.exceptionBytes)
    let codes = places.map { ordered(values[$0], width) }
    let widths = binWidths(codes, width)
    bytes.appendBins(widths)
    bytes.appendSymbolColumn(codes, SymbolTableText(widths: widths), plan.exceptionBytes)
  }
}
