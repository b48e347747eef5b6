import TrackerModel

/// Symbols fitted to a column: intervals whose lengths are powers of two, short where integers are
/// dense.
///
/// The intervals, 1 to 256, follow each other from 0 to the highest integer of the mapping's width,
/// so that any integer has a symbol, outliers too. Only their lengths are stored.
struct SymbolBins {
  /// Extra bits of each symbol, in order.
  private(set) var widths: [UInt8] = []
  private(set) var table = SymbolTable()

  private static let maxBins = 240
  /// What an interval costs: its length and its place in tables of symbols, in bits.
  private static let binCost = 14.0
  /// What a split must save in the sample not to be noise, in bits.
  private static let noise = 5.0

  /// Fits intervals to a sample.
  ///
  /// - Parameters:
  ///   - sample: sorted.
  ///   - scale: how many integers each of the sample stands for.
  init(sample: Span<UInt64>, bits: Int, scale: Double) {
    var threshold = max(Self.noise, Self.binCost / max(1, scale))
    repeat {
      widths.removeAll()
      split(sample, base: 0, width: bits, 0, sample.count, threshold)
      threshold *= 2
    } while widths.count > Self.maxBins
    makeTable()
  }

  private mutating func makeTable() {
    var base: UInt64 = 0
    for width in widths {
      table.append(base: base, width: Int(width))
      base &+= width < 64 ? 1 << UInt64(width) : 0
    }
  }

  /// Appends the intervals of 2^width integers from `base` on, of which `low..<high` are in the
  /// sample: halved wherever that, with all that is halved further, saves more than the threshold.
  ///
  /// - Returns: what they cost, in bits, but for a part that depends on the sample's size only. An
  ///   interval of c integers costs its width for each, and −c · log2 c of what saying which interval
  ///   costs.
  @discardableResult
  private mutating func split(
    _ sample: Span<UInt64>, base: UInt64, width: Int, _ low: Int, _ high: Int, _ threshold: Double
  ) -> Double {
    let count = high - low
    let whole = Double(count * width) - Entropy.weighted(count)
    let mark = widths.count
    if width > 0, count > 4 {
      let bound = base &+ 1 << UInt64(width - 1)
      var (first, last) = (low, high)
      while first < last {
        let middle = (first + last) >> 1
        if sample[middle] < bound { first = middle + 1 } else { last = middle }
      }
      // Decided from the narrow ones up: halves of as many integers save nothing by themselves, though
      // each may be empty but for a small part, as the bits of values of both signs are.
      let halves =
        threshold + split(sample, base: base, width: width - 1, low, first, threshold)
        + split(sample, base: bound, width: width - 1, first, high, threshold)
      if halves < whole { return halves }
      widths.removeLast(widths.count - mark)
    }
    widths.append(UInt8(width))
    return whole
  }

  func encode(into output: inout [UInt8]) {
    output.append(UInt8(widths.count - 1))
    output.append(contentsOf: widths)
  }

  /// - Throws: `malformed` where the intervals do not end at 2^bits.
  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader, bits: Int) throws(TrackerError) {
    let count = Int(try reader.readUInt8("bins")) + 1
    let bytes = try reader.readBytes(count, "widths of bins")
    var base: UInt64 = 0
    var isFull = false
    for symbol in 0..<count {
      let width = Int(bytes[symbol])
      guard width <= bits, !isFull else { throw reader.malformed("bins beyond \(bits) bits") }
      widths.append(bytes[symbol])
      if width == 64 {
        isFull = true
      } else {
        let (next, overflow) = base.addingReportingOverflow(1 << UInt64(width))
        isFull = overflow || (bits < 64 && next >> UInt64(bits) != 0)
        guard !isFull || next == (bits < 64 ? 1 << UInt64(bits) : 0) else {
          throw reader.malformed("bins beyond \(bits) bits")
        }
        base = next
      }
    }
    guard isFull else { throw reader.malformed("bins end before 2^\(bits)") }
    makeTable()
  }

  /// Finds symbols fast.
  struct Finder {
    private let lowest: UInt64
    private let shift: UInt64
    private let firsts: [UInt8]
    private let bases: [UInt64]
    private let count: Int

    init(_ bins: SymbolBins) {
      // Cells of equal length over the part between the outer intervals.
      let table = bins.table
      count = table.count
      bases = (0..<count).map { table.bases[$0] }
      lowest = count > 2 ? table.bases[1] : 0
      let highest = count > 2 ? table.bases[count - 1] : 0
      let range = highest - lowest
      let shift = UInt64(max(0, 64 - range.leadingZeroBitCount - 12))
      self.shift = shift
      var firsts: [UInt8] = []
      var symbol = 0
      for cell in 0...Int(range >> shift) {
        let start = lowest + UInt64(cell) << shift
        while symbol + 1 < count, table.bases[symbol + 1] <= start { symbol += 1 }
        firsts.append(UInt8(symbol))
      }
      self.firsts = firsts
    }

    @inline(__always)
    func symbol(of value: UInt64) -> Int {
      guard value >= lowest else { return 0 }
      let last = UInt64(truncatingIfNeeded: firsts.count &- 1)
      let cell = Int(truncatingIfNeeded: min((value &- lowest) >> shift, last))
      var symbol = Int(firsts[cell])
      var end = cell &+ 1 < firsts.count ? Int(firsts[cell &+ 1]) : count &- 1
      // The last interval that begins at or below the value.
      while symbol < end {
        let middle = (symbol &+ end &+ 1) >> 1
        if bases[middle] <= value { symbol = middle } else { end = middle &- 1 }
      }
      return symbol
    }
  }
}
