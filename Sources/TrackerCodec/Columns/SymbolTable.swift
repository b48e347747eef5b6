import TrackerModel

/// How integers are split into a one-byte symbol and raw extra bits: value = base + extra.
///
/// Symbols carry what is predictable and go through deflate; extra bits are close to random and are
/// packed as they are, so they cost no time there and never expand.
struct SymbolTable {
  /// The smallest value of each symbol.
  private(set) var bases = [UInt64](repeating: 0, count: 256)
  /// The extra bits of each symbol.
  private(set) var widths = [UInt8](repeating: 0, count: 256)
  /// How many symbols are defined, from 0 on.
  private(set) var count = 0

  /// Symbols of equal width: `base + (symbol << shift)`. For values spread over a narrow range, as
  /// ordered floats are: the symbol is then the exponent and the first mantissa bits.
  static func window(base: UInt64, shift: Int) -> SymbolTable {
    var table = SymbolTable()
    table.count = 256
    for symbol in 0..<256 {
      table.bases[symbol] = base &+ (UInt64(symbol) << UInt64(shift))
      table.widths[symbol] = UInt8(shift)
    }
    return table
  }

  /// Symbols by magnitude: the bit length and the two bits under the leading one. For values that
  /// crowd towards zero, as gaps and differences do. 252 symbols cover 64 bits.
  static let magnitude: SymbolTable = {
    var table = SymbolTable()
    table.count = 252
    for symbol in 0..<4 { table.bases[symbol] = UInt64(symbol) }
    for symbol in 4..<252 {
      let length = 3 + (symbol - 4) / 4
      let lead = UInt64(4 + symbol % 4)
      table.bases[symbol] = lead << UInt64(length - 3)
      table.widths[symbol] = UInt8(length - 3)
    }
    return table
  }()

  /// The symbol of `value` in `magnitude`.
  @inline(__always)
  static func magnitudeSymbol(_ value: UInt64) -> Int {
    if value < 4 { return Int(value) }
    let length = 64 - value.leadingZeroBitCount
    return 4 + 4 * (length - 3) + Int(truncatingIfNeeded: (value >> UInt64(length - 3)) & 3)
  }
}
