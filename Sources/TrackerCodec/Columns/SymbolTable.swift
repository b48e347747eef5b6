import TrackerModel

/// How integers are split into a one-byte symbol and raw extra bits: integer = base + extra.
///
/// Symbols carry what is predictable and are coded by how often they occur; extra bits are close to random and are
/// packed as they are, so they cost no time there and never expand.
struct SymbolTable {
  // Tables of 256, indexed by a byte, need no bounds checks.
  /// The smallest integer of each symbol.
  private(set) var bases = InlineArray<256, UInt64>(repeating: 0)
  /// The extra bits of each symbol.
  private(set) var widths = InlineArray<256, UInt8>(repeating: 0)
  /// How many symbols are defined, from 0 on.
  private(set) var count = 0

  /// Defines the next symbol.
  mutating func append(base: UInt64, width: Int) {
    bases[count] = base
    widths[count] = UInt8(width)
    count += 1
  }

  mutating func setWidth(of symbol: Int, to width: Int) { widths[symbol] = UInt8(width) }

  /// Symbols that are the integers themselves.
  static func direct(_ count: Int) -> SymbolTable {
    var table = SymbolTable()
    for symbol in 0..<count { table.append(base: UInt64(symbol), width: 0) }
    return table
  }

  /// Symbols by magnitude: the bit length and the two bits under the leading one. For integers that
  /// crowd towards zero, as gaps and differences do. 252 symbols cover 64 bits.
  static let magnitude: SymbolTable = {
    var table = SymbolTable()
    for symbol in 0..<4 { table.append(base: UInt64(symbol), width: 0) }
    for symbol in 4..<252 {
      let length = 3 + (symbol - 4) / 4
      let lead = UInt64(4 + symbol % 4)
      table.append(base: lead << UInt64(length - 3), width: length - 3)
    }
    return table
  }()

  /// The symbol of `value` in `magnitude`.
  @inline(__always)
  static func magnitudeSymbol(_ value: UInt64) -> Int {
    // Without a branch, which values of no order would often mislead: those below 4 as if of three bits,
    // which lack the leading one.
    let length = 64 &- (value | 4).leadingZeroBitCount
    let lead = value &>> UInt64(truncatingIfNeeded: length &- 3)
    return 4 &* length &- 12 &+ Int(truncatingIfNeeded: lead)
  }
}
