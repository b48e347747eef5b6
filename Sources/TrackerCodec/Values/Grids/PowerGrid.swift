import TrackerModel

/// The mapping of values to the integers they are multiples of, or squares of multiples of.
///
/// A value is x or x², rounded to the value type, with x = (k / divisor) · 2^(e − exponent): k an integer,
/// e the row's coarseness. Squared errors are squares of float32 differences, which are
/// multiples of the last bit of their target; that bit belongs to the row. The divisor is for decimal
/// fractions, which are multiples of no power of two.
struct PowerGrid {
  var isSquared: Bool
  var type: ValueType
  /// x is a multiple of 2^−exponent at least.
  var exponent: Int
  /// 1 but for linear grids.
  var divisor: UInt64 = 1
  /// e of each row, 0 to 15; empty where it is 0 for all.
  var coarseness: [UInt8] = []

  static let exponents = -64...100
  static let maxCoarseness = 15
  /// |k| stays below this, where doubles hold every integer and half.
  private static let limit = 0x1p50

  /// Codes of linear grids are k + 2⁶³, of squared ones k.
  private static let bias: UInt64 = 1 << 63

  var highestCode: UInt64 { isSquared ? 1 << 50 : Self.bias + 1 << 50 }
  var lowestCode: UInt64 { isSquared ? 0 : Self.bias - 1 << 50 }

  private static func power(_ exponent: Int) -> Double {
    Double(bitPattern: UInt64(1023 + exponent) << 52)
  }

  /// 2^(e − exponent) for each coarseness.
  private func makeUnits() -> [Double] {
    (0...Self.maxCoarseness).map { Self.power($0 - exponent) }
  }

  /// Rounds to the nearest integer, for |x| below 2⁵¹, without a call.
  @inline(__always)
  private static func nearest(_ x: Double) -> Double { (x + 0x1.8p52) - 0x1.8p52 }

  @inline(__always)
  private static func value(_ bits: UInt64, _ type: ValueType) -> Double {
    type == .float32
      ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))) : Double(bitPattern: bits)
  }

  @inline(__always)
  private static func bits(_ value: Double, _ type: ValueType) -> UInt64 {
    type == .float32 ? UInt64(Float(value).bitPattern) : value.bitPattern
  }

  /// The value of k.
  @inline(__always)
  private func bits(of k: Double, unit: Double) -> UInt64 {
    var x = k
    if divisor != 1 { x /= Double(divisor) }
    x *= unit
    return Self.bits(isSquared ? x * x : x, type)
  }

  /// The k nearest to a value; nil where none within the limit is.
  @inline(__always)
  private func nearestK(_ value: Double, unit: Double) -> Double? {
    let x = isSquared ? value.squareRoot() : value
    let k = Self.nearest(x * Double(divisor) / unit)
    // False for NaN as well.
    return abs(k) < Self.limit ? k : nil
  }

  /// How coarse a unit still gives exactly this value: −1 where not even the finest does.
  func coarseness(of bits: UInt64) -> Int {
    let value = Self.value(bits, type)
    let x = isSquared ? value.squareRoot() : value
    var found = -1
    for e in 0...Self.maxCoarseness {
      let unit = Self.power(e - exponent)
      let k = Self.nearest(x * Double(divisor) / unit)
      guard abs(k) < Self.limit, self.bits(of: k, unit: unit) == bits else { break }
      found = e
    }
    return found
  }

  /// Chooses the rows' coarseness for a tile: as coarse as pays for the exceptions that it makes.
  mutating func fitRows<Word: ValueWord>(_ values: Span<Word>, _ cells: borrowing CellRows) {
    let steps = Self.maxCoarseness + 1
    // How many values of each row bear each coarseness and no more.
    var counts = [UInt32](repeating: 0, count: cells.rowCount * steps)
    for column in 0..<cells.columnCount {
      let range = cells.range(of: column)
      let rows = cells.rows(of: column)
      for cell in range {
        let row = rows[cell - range.lowerBound]
        let found = coarseness(of: UInt64(truncatingIfNeeded: values[cell]))
        if found >= 0 { counts[row * steps + found] += 1 }
      }
    }
    coarseness = (0..<cells.rowCount).map { row in
      let all = (0..<steps).reduce(0) { $0 + Int(counts[row * steps + $1]) }
      var (best, bestBits) = (0, 0)
      var below = 0
      for e in 1..<steps {
        below += Int(counts[row * steps + e - 1])
        // A bit less for each value; an exception costs about 44.
        let bits = 44 * below - e * all
        if bits < bestBits { (best, bestBits) = (e, bits) }
      }
      return UInt8(best)
    }
    if coarseness.allSatisfy({ $0 == 0 }) { coarseness = [] }
  }

  // MARK: Whole columns

  func encode<Word: ValueWord>(
    _ values: Span<Word>, rows: borrowing CellRows.Column, firstCell: Int,
    into codes: inout MutableSpan<UInt64>, _ misfits: inout Misfits
  ) {
    let units = makeUnits()
    for cell in values.indices {
      let unit = units[coarseness.isEmpty ? 0 : Int(coarseness[rows[cell]])]
      let bits = UInt64(truncatingIfNeeded: values[cell])
      let value = Self.value(bits, type)
      let k = nearestK(value, unit: unit)
      let integer = Int64(k ?? 0)
      codes[firstCell &+ cell] =
        isSquared ? UInt64(bitPattern: integer) : UInt64(bitPattern: integer) &+ Self.bias
      guard let k, self.bits(of: k, unit: unit) == bits else {
        misfits.appendException(bits, at: firstCell + cell)
        continue
      }
    }
  }

  /// Fills `values`, from `first` on, with the values of codes, checked to be within the grid's limits.
  func decode<Word: ValueWord>(
    _ codes: Span<UInt64>, into values: inout MutableSpan<Word>, from first: Int,
    rows: borrowing CellRows.Column, firstRow: Int
  ) {
    let units = makeUnits()
    for place in codes.indices {
      let row = coarseness.isEmpty ? 0 : rows[firstRow &+ place]
      let unit = units[coarseness.isEmpty ? 0 : Int(coarseness[row])]
      let code = codes[place]
      let k = Double(Int64(bitPattern: isSquared ? code : code &- Self.bias))
      values[first &+ place] = Word(truncatingIfNeeded: bits(of: k, unit: unit))
    }
  }
}
