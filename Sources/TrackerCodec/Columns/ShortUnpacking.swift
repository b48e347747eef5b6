/// A symbol table of integers below 2³², ready for unpacking a column: half the memory to go through,
/// and vectors of twice as many integers behind it.
struct ShortUnpackingTable {
  // The symbols' bases, then their masks, as many ones as each has extra bits, then their widths: 256
  // each. Not an inline array, which a loop may copy before it begins.
  fileprivate var cells = [UInt32](repeating: 0, count: 768)
  /// Two integers' extra bits must be within what is read at once.
  static let maxWidth = 28

  /// Nil where a symbol has more extra bits than are read at once, or its integers are not that short.
  ///
  /// - Parameter less: what all integers are reduced by, modulo 2³².
  init?(_ table: UnpackingTable, less: UInt32) {
    guard table.maxWidth <= Self.maxWidth, table.highest <= UInt64(UInt32.max) else { return nil }
    for symbol in 0..<256 {
      cells[symbol] = UInt32(truncatingIfNeeded: table.bases[symbol]) &- less
      cells[256 + symbol] = UInt32(truncatingIfNeeded: table.masks[symbol])
      cells[512 + symbol] = table.widths[symbol]
    }
  }
}

extension BitUnpacker {
  /// Replaces `target` by the integers of as many symbols: their bases plus their extra bits.
  ///
  /// - Parameter table: defines all of the symbols.
  @_lifetime(self: copy self)
  @inline(__always)
  mutating func read(
    _ symbols: Span<UInt8>, _ table: borrowing ShortUnpackingTable,
    into target: inout MutableSpan<UInt32>
  ) {
    // Of a length that the compiler knows, so that bytes as places need no bounds checks.
    let cells = table.cells.span.extracting(0..<768)
    let source = bytes
    var bit = position
    var place = 0
    while place &+ 2 <= symbols.count {
      // Two have their bits in what is read at once.
      guard let bits = source.wholeBits(from: bit) else { break }
      let (first, second) = (Int(symbols[place]), Int(symbols[place &+ 1]))
      let width = cells[first &+ 512]
      target[place] = cells[first] &+ (UInt32(truncatingIfNeeded: bits) & cells[first &+ 256])
      let rest = UInt32(truncatingIfNeeded: bits &>> UInt64(width))
      target[place &+ 1] = cells[second] &+ (rest & cells[second &+ 256])
      bit &+= Int(truncatingIfNeeded: width) &+ Int(truncatingIfNeeded: cells[second &+ 512])
      place &+= 2
    }
    skip(to: bit)
    while place < symbols.count {
      let symbol = Int(symbols[place])
      let extra = read(Int(truncatingIfNeeded: cells[symbol &+ 512]))
      target[place] = cells[symbol] &+ UInt32(truncatingIfNeeded: extra)
      place &+= 1
    }
  }
}
