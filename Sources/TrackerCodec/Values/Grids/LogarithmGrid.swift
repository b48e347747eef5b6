import TrackerModel

/// The mapping of cross-entropies to the integers they were computed from.
///
/// Codes ascend with the values: 0 is −0.0, which a saturated sample gives; k + 1 is the grid's
/// logarithm at k, 0 to 2^m, rounded to the precision (m mantissa bits); behind them come the floats
/// above log 2 by their own bits. Negative values and values below log 2 that are more than one ulp off
/// the grid are exceptions.
///
/// A class because of the tables that it holds.
final class LogarithmGrid: Sendable {
  let curve: LogarithmCurve
  let precision: ValuePrecision
  private let logarithm: GridLogarithm

  /// The highest k.
  let highestK: Int32
  /// Shift from this precision's k to that of the logarithm.
  private let shift: Int32
  /// The bits of the grid's last value, in the precision.
  private let lastBits: UInt32
  /// Floats' bits lose `windowBits` bits to extra bits; this is the first window of theirs.
  private let firstWindow: UInt32
  private var windowBits: Int { precision.mantissaBits - 3 }
  /// The float32 bits of the codes of the grid, from 0 on; empty for float32, which has too many.
  private let gridBits: [UInt32]

  private init(_ curve: LogarithmCurve, _ precision: ValuePrecision) {
    self.curve = curve
    self.precision = precision
    let logarithm = GridLogarithm(curve)
    self.logarithm = logarithm
    highestK = 1 << Int32(precision.mantissaBits)
    shift = Int32(23 - precision.mantissaBits)
    lastBits = precision.round(logarithm.kernel.value(at: 1 << 23))
    firstWindow = lastBits >> UInt32(precision.mantissaBits - 3)
    var gridBits: [UInt32] = []
    if precision != .float32 {
      gridBits.append(0x8000_0000)
      for k in 0...highestK {
        let value = logarithm.kernel.value(at: k << shift)
        gridBits.append(precision.widen(precision.round(value)))
      }
    }
    self.gridBits = gridBits
  }

  /// The grid of a curve and precision.
  static func of(_ curve: LogarithmCurve, _ precision: ValuePrecision) -> LogarithmGrid {
    all[(curve == .rising ? 0 : 3) + Int(precision.rawValue)]
  }

  private static let all: [LogarithmGrid] = [LogarithmCurve.rising, .falling].flatMap { curve in
    ValuePrecision.allCases.map { LogarithmGrid(curve, $0) }
  }

  /// The code of the first float window's first bits.
  private var floatBase: UInt64 { UInt64(highestK) + 2 }
  /// What to add to a float's bits to have its code.
  private var floatOffset: UInt64 {
    floatBase &- UInt64(firstWindow) << UInt64(windowBits)
  }
  var highestCode: UInt64 { UInt64(precision.highestPositive) &+ floatOffset }

  /// Symbols: −0.0; k by magnitude; floats below 256 by exponent and 3 bits; all higher ones.
  func makeSymbolTable() -> SymbolTable {
    var table = SymbolTable()
    table.append(base: 0, width: 0)
    let magnitudes = SymbolTable.magnitudeSymbol(UInt64(highestK)) + 1
    for symbol in 0..<magnitudes {
      table.append(
        base: SymbolTable.magnitude.bases[symbol] + 1,
        width: Int(SymbolTable.magnitude.widths[symbol]))
    }
    // 2^m stands alone.
    table.setWidth(of: magnitudes, to: 0)
    let end = UInt32(precision == .float16 ? 0x5C00 : 0x4380_0000 >> UInt32(precision.shift32))
    let endWindow = end >> UInt32(windowBits)
    for window in firstWindow..<endWindow {
      table.append(
        base: UInt64(window) << UInt64(windowBits) &+ floatOffset, width: windowBits)
    }
    let rest = precision.highestPositive - end
    table.append(base: UInt64(end) &+ floatOffset, width: 32 - rest.leadingZeroBitCount)
    return table
  }

  /// The symbol of a code.
  struct Splitter {
    fileprivate let highestK: UInt64
    fileprivate let floatOffset: UInt64
    fileprivate let windowBits: UInt64
    fileprivate let firstFloat: UInt64
    fileprivate let last: Int

    @inline(__always)
    func symbol(of code: UInt64) -> Int {
      // Both, then the one that it is: nobody can foresee which.
      let window = (code &- floatOffset) &>> windowBits &+ firstFloat
      let float = min(last, Int(truncatingIfNeeded: window))
      // Code 0 is as if below the first.
      let grid = SymbolTable.magnitudeSymbol(code &- min(1, code)) &+ Int(min(1, code))
      return code <= highestK &+ 1 ? grid : float
    }
  }

  func makeSplitter(_ table: SymbolTable) -> Splitter {
    let first = UInt64(SymbolTable.magnitudeSymbol(UInt64(highestK)) + 2)
    return Splitter(
      highestK: UInt64(highestK), floatOffset: floatOffset, windowBits: UInt64(windowBits),
      firstFloat: first &- UInt64(firstWindow), last: table.count - 1)
  }

  // MARK: Whole columns

  /// Fills `codes` with the codes of `values`, float32 bits each; what does not fit goes to `misfits`.
  func encode<Word: ValueWord>(
    _ values: Span<Word>, firstCell: Int, into codes: inout MutableSpan<UInt64>,
    _ misfits: inout Misfits
  ) {
    if precision == .float32 {
      encodeFloats(values, firstCell, into: &codes, &misfits)
    } else {
      encodeHalves(values, firstCell, into: &codes, &misfits)
    }
  }

  private func encodeFloats<Word: ValueWord>(
    _ values: Span<Word>, _ firstCell: Int, into codes: inout MutableSpan<UInt64>,
    _ misfits: inout Misfits
  ) {
    // Held here: a span of another object's tables cannot outlast the access.
    let tables = logarithm
    let kernel = tables.kernel
    let (lastBits, floatOffset) = (lastBits, floatOffset)
    for row in values.indices {
      let bits = UInt32(truncatingIfNeeded: values[row])
      var code = UInt64(bits) &+ floatOffset
      if bits <= lastBits {
        let (k, isSure) = kernel.guess(Float(bitPattern: bits))
        code = UInt64(UInt32(bitPattern: k &+ 1))
        if !isSure { code = encodeUnsure(bits, k, kernel, firstCell &+ row, &misfits) }
      } else if bits >> 31 == 1 {
        code = 0
        if bits != 0x8000_0000 { misfits.appendException(UInt64(bits), at: firstCell &+ row) }
      }
      codes[firstCell &+ row] = code
    }
  }

  /// The code of a value up to the grid's last, given a guess that may be one off or give a
  /// neighbouring value.
  private func encodeUnsure(
    _ bits: UInt32, _ guess: Int32, _ kernel: borrowing GridLogarithm.Kernel, _ cell: Int,
    _ misfits: inout Misfits
  ) -> UInt64 {
    var k = max(0, min(guess, highestK))
    let error = Int32(bitPattern: bits) &- Int32(bitPattern: kernel.value(at: k).bitPattern)
    if error == 0 { return UInt64(UInt32(bitPattern: k &+ 1)) }
    // The neighbour may be exact where the grid is as fine as the floats.
    let other = max(0, min(highestK, k &+ error.signum()))
    if kernel.value(at: other).bitPattern == bits {
      k = other
    } else if error == 1 || error == -1 {
      misfits.appendCorrection(error, at: cell)
    } else {
      misfits.appendException(UInt64(bits), at: cell)
    }
    return UInt64(UInt32(bitPattern: k &+ 1))
  }

  private func encodeHalves<Word: ValueWord>(
    _ values: Span<Word>, _ firstCell: Int, into codes: inout MutableSpan<UInt64>,
    _ misfits: inout Misfits
  ) {
    let tables = logarithm
    let kernel = tables.kernel
    for row in values.indices {
      let bits = UInt32(truncatingIfNeeded: values[row])
      guard let half = precision.narrow(bits) else {
        misfits.appendException(UInt64(bits), at: firstCell + row)
        codes[firstCell &+ row] = 0
        continue
      }
      if half <= lastBits {
        let guess = kernel.guess(Float(bitPattern: bits)).k
        var k = min(highestK, (guess &+ (1 << shift) >> 1) >> shift)
        var error = Int32(bitPattern: half) &- Int32(bitPattern: self.half(at: k, kernel))
        if error != 0 {
          let other = max(0, min(highestK, k &+ error.signum()))
          if self.half(at: other, kernel) == half {
            k = other
            error = 0
          } else if error == 1 || error == -1 {
            misfits.appendCorrection(error, at: firstCell + row)
          } else {
            misfits.appendException(UInt64(bits), at: firstCell + row)
          }
        }
        codes[firstCell &+ row] = UInt64(UInt32(bitPattern: k &+ 1))
      } else if half <= precision.highestPositive {
        codes[firstCell &+ row] = UInt64(half) &+ floatOffset
      } else {
        codes[firstCell &+ row] = 0
        if bits != 0x8000_0000 { misfits.appendException(UInt64(bits), at: firstCell + row) }
      }
    }
  }

  @inline(__always)
  private func half(at k: Int32, _ kernel: borrowing GridLogarithm.Kernel) -> UInt32 {
    precision.round(kernel.value(at: k << shift))
  }

  /// Fills `values`, from `first` on, with the float32 bits of codes, checked to be at most `highestCode`.
  func decode<Word: ValueWord>(
    _ codes: Span<UInt64>, into values: inout MutableSpan<Word>, from first: Int
  ) {
    let tables = logarithm
    let kernel = tables.kernel
    for place in codes.indices {
      values[first &+ place] = Word(truncatingIfNeeded: bits(codes[place], kernel))
    }
  }

  /// Replaces `values` by the float32 bits of as many codes, checked to be at most `highestCode`.
  ///
  /// - Parameter steps: the codes less 1, modulo 2³²: those of the grid are its k.
  @inline(__always)
  func decode<Word: ValueWord>(steps: Span<UInt32>, into values: inout MutableSpan<Word>) {
    let tables = logarithm
    let kernel = tables.kernel
    let count = steps.count
    var place = 0
    if precision == .float32 {
      place = kernel.fill(
        &values, from: steps, less: UInt32(truncatingIfNeeded: floatOffset) &- 1)
    }
    while place < count {
      values[place] = Word(truncatingIfNeeded: bits(UInt64(steps[place] &+ 1), kernel))
      place &+= 1
    }
  }

  /// The float32 bits of a code.
  @inline(__always)
  private func bits(_ code: UInt64, _ kernel: borrowing GridLogarithm.Kernel) -> UInt32 {
    if code < UInt64(gridBits.count) { return gridBits[Int(truncatingIfNeeded: code)] }
    if code > UInt64(highestK) &+ 1 {
      return precision.widen(UInt32(truncatingIfNeeded: code &- floatOffset))
    }
    guard code > 0 else { return 0x8000_0000 }
    return kernel.value(at: Int32(truncatingIfNeeded: code &- 1)).bitPattern
  }

  /// The float32 bits `steps` ulps of the precision away from `bits`, a value of the grid.
  @inline(__always)
  func correct(_ bits: UInt32, by steps: Int) -> UInt32 {
    guard precision != .float32 else { return UInt32(truncatingIfNeeded: Int(bits) &+ steps) }
    let half = precision.narrow(bits) ?? 0
    return precision.widen(UInt32(truncatingIfNeeded: Int(half) &+ steps) & 0xFFFF)
  }
}

extension ValuePrecision {
  /// Low bits of a float32 that a bfloat16 lacks; 0 for the others.
  fileprivate var shift32: Int { self == .bfloat16 ? 16 : 0 }
}
