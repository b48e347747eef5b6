import TrackerModel

/// Reads what `BitPacker` wrote, in order.
struct BitUnpacker: ~Escapable {
  let bytes: Span<UInt8>
  /// Bits read so far; behind the last byte zeros are read.
  private(set) var position = 0

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  /// Whether all bytes were read and no more, and the bits not read, less than a byte, are zero: the one
  /// canonical filling.
  var isAtEnd: Bool { isAtEnd(least: 0) }

  /// The same where a filling has at least some bytes, the last of which may all be zero.
  func isAtEnd(least: Int) -> Bool {
    let end = (position + 7) >> 3
    guard max(end, least) == bytes.count,
      position & 7 == 0 || bytes[end - 1] >> UInt8(position & 7) == 0
    else { return false }
    for place in end..<bytes.count where bytes[place] != 0 { return false }
    return true
  }

  @_lifetime(self: copy self)
  @inline(__always)
  mutating func skip(to bit: Int) { position = bit }

  /// The next `width` bits, 0 to 64.
  @_lifetime(self: copy self)
  @inline(__always)
  mutating func read(_ width: Int) -> UInt64 {
    let bits = bytes.bits(from: position)
    position &+= width
    guard width > 57 else { return bits & (1 &<< UInt64(width) &- 1) }
    let high = bytes.bits(from: position &- width &+ 32)
    return bits & 0xFFFF_FFFF | (high & (1 &<< UInt64(width &- 32) &- 1)) &<< 32
  }

  /// Fills `target`, from `start` on, with the integers of symbols: their bases plus their extra bits.
  ///
  /// - Parameter table: defines all of the symbols.
  @_lifetime(self: copy self)
  mutating func read(
    _ symbols: Span<UInt8>, _ table: borrowing UnpackingTable,
    into target: inout MutableSpan<UInt64>, from start: Int
  ) {
    // Of a length that the compiler knows, so that bytes as places need no bounds checks.
    let bases = table.bases.span.extracting(0..<256)
    let widths = table.widths.span.extracting(0..<256)
    let masks = table.masks.span.extracting(0..<256)
    let source = bytes
    var bit = position
    var place = 0
    if table.maxWidth <= 28 {
      // Two have their bits in what is read at once.
      while place &+ 2 <= symbols.count {
        let (first, second) = (Int(symbols[place]), Int(symbols[place &+ 1]))
        let width = UInt64(truncatingIfNeeded: widths[first])
        let bits = source.bits(from: bit)
        target[start &+ place] = bases[first] &+ (bits & masks[first])
        target[start &+ place &+ 1] = bases[second] &+ (bits &>> width & masks[second])
        bit &+= Int(truncatingIfNeeded: width) &+ Int(truncatingIfNeeded: widths[second])
        place &+= 2
      }
    } else if table.maxWidth <= 57 {
      while place < symbols.count {
        let symbol = Int(symbols[place])
        target[start &+ place] = bases[symbol] &+ (source.bits(from: bit) & masks[symbol])
        bit &+= Int(truncatingIfNeeded: widths[symbol])
        place &+= 1
      }
    }
    position = bit
    while place < symbols.count {
      let symbol = Int(symbols[place])
      target[start &+ place] = bases[symbol] &+ read(Int(widths[symbol]))
      place &+= 1
    }
  }
}

/// A symbol table, ready for unpacking a column.
struct UnpackingTable {
  // 256 each. Not inline arrays, which a loop may copy before it begins.
  private(set) var bases = [UInt64](repeating: 0, count: 256)
  private(set) var widths = [UInt32](repeating: 0, count: 256)
  /// As many ones as each symbol has extra bits.
  private(set) var masks = [UInt64](repeating: 0, count: 256)
  /// Of the symbols that occur.
  let maxWidth: Int
  /// No integer is above it, as bases ascend.
  let highest: UInt64

  /// - Throws: `malformed` where a symbol is not defined.
  init(_ table: SymbolTable, for symbols: Span<UInt8>, _ reader: borrowing ByteReader)
    throws(TrackerError)
  {
    var last: UInt8 = 0
    for place in symbols.indices { last = max(last, symbols[place]) }
    let highest = Int(last)
    guard symbols.isEmpty || highest < table.count else {
      throw reader.malformed("symbol \(highest) is not defined")
    }
    var maxWidth = 0
    // As spans: a loop may copy an inline array at each turn.
    let (allBases, allWidths) = (table.bases.span, table.widths.span)
    for symbol in 0..<min(table.count, highest + 1) {
      bases[symbol] = allBases[symbol]
      let width = Int(allWidths[symbol])
      widths[symbol] = UInt32(width)
      masks[symbol] = BitWords.mask(width)
      maxWidth = max(maxWidth, width)
    }
    self.maxWidth = maxWidth
    let (end, overflow) = bases[highest].addingReportingOverflow(masks[highest])
    self.highest = overflow ? .max : end
  }
}
