/// Writes symbols by tabled asymmetric numeral systems (J. Duda, "Asymmetric numeral systems", 2013,
/// arXiv:1311.2540): as short as arithmetic coding to a per mille, and read by one look into a table for each
/// symbol. Keeps its tables between streams.
///
/// The last symbol comes first: a reader undoes the steps in turn.
struct ANSEncoder {
  /// For each symbol of each table, two integers. What added to a state gives in its high half how many bits
  /// leave it, in the low half; what added to the rest of the state gives the place of the next one, in the high
  /// half. As many as `targets`.
  private var entries: [UInt64] = []
  /// The states of each table's symbols, one symbol's behind the other's.
  private var targets: [UInt16] = []
  /// What leaves with each symbol: bits in the low half, how many in the high one.
  private var emitted: [UInt32] = []
  private var states = SIMD4<UInt32>(repeating: 0)
  /// Of a table while it is made.
  private var symbols: [UInt8] = []
  private var tableBits = 0
  private var laneCount = 1

  /// Makes ready for a stream of `count` symbols.
  ///
  /// - Complexity: O(states of all tables + count).
  mutating func begin(_ tables: ANSTables, count: Int) {
    tableBits = tables.tableBits
    laneCount = ANSLanes.count(of: count)
    states = SIMD4(repeating: 1 << UInt32(tableBits))
    emitted.resize(to: count)
    let tableCount = tables.frequencies.count
    let room = ANSTables.room(for: max(tableCount << 8, tableCount << tableBits))
    if targets.count < room {
      entries.resize(to: room)
      targets.resize(to: room)
    }
    // Out of the encoder while they are written.
    var held = exchange(&targets, with: [])
    defer { targets = held }
    var target = held.mutableSpan
    for (number, table) in tables.frequencies.enumerated() {
      // Where each symbol's states begin, less its share.
      var places = InlineArray<256, UInt32>(repeating: 0)
      var first = UInt32(truncatingIfNeeded: number << tableBits)
      for symbol in 0..<256 where table.shares[symbol] > 0 {
        let share = table.shares[symbol]
        // From share · 2^most on, that many bits leave a state; below, one less.
        let most = UInt32(tableBits - 31 + max(1, share - 1).leadingZeroBitCount)
        let bitCount =
          share == 1
          ? UInt32(tableBits) << 16 - 1 << UInt32(tableBits) : most << 16 &- share << most
        places[symbol] = first &- share
        entries[number << 8 + symbol] = UInt64(bitCount) | UInt64(first &- share) << 32
        first += share
      }
      table.forEachState(&symbols) { state, symbol, number in
        target[Int(places[symbol] &+ number)] = UInt16(truncatingIfNeeded: state)
      }
    }
  }

  /// Takes the symbols from place `first` of the stream on, all by one table. Those behind them were taken
  /// before.
  mutating func encode(_ symbols: Span<UInt8>, first: Int, table: Int) {
    let tables = [UInt8](repeating: UInt8(truncatingIfNeeded: table), count: 256)
    encode(symbols, first, symbols, tables.span)
  }

  /// The same, each by the table of its bucket.
  ///
  /// - Parameter tables: of 256 buckets.
  mutating func encode(
    _ symbols: Span<UInt8>, first: Int, buckets: Span<UInt8>, tables: Span<UInt8>
  ) {
    encode(symbols, first, buckets, tables)
  }

  private mutating func encode(
    _ symbols: Span<UInt8>, _ first: Int, _ buckets: Span<UInt8>, _ tables: Span<UInt8>
  ) {
    // Out of the encoder while they are written.
    var output = exchange(&emitted, with: [])
    defer { emitted = output }
    var all = output.mutableSpan
    var target = all._mutatingExtracting(first..<first + symbols.count)
    switch targets.count {
    case ANSTables.tinyRoom:
      states = run(symbols, buckets, tables, room: ANSTables.tinyRoom, into: &target)
    case ANSTables.smallRoom:
      states = run(symbols, buckets, tables, room: ANSTables.smallRoom, into: &target)
    default: states = run(symbols, buckets, tables, room: ANSTables.maxStates, into: &target)
    }
  }

  /// - Parameter room: a constant, the length of the tables.
  /// - Returns: the states behind the symbols.
  @inline(__always)
  private func run(
    _ symbols: Span<UInt8>, _ buckets: Span<UInt8>, _ tables: Span<UInt8>, room: Int,
    into target: inout MutableSpan<UInt32>
  ) -> SIMD4<UInt32> {
    let kernel = Kernel(
      entries: entries.span.extracting(0..<room), targets: targets.span.extracting(0..<room),
      tables: tables.extracting(0..<256), size: 1 << UInt32(tableBits))
    var states = states
    var position = symbols.count
    // In parts of a length that the compiler knows, so that places in them need no bounds checks.
    let length = 64
    while position & (length - 1) != 0 || (laneCount == 1 && position > 0) {
      position &-= 1
      target[position] = kernel.step(
        &states[position & (laneCount &- 1)], symbols[position], buckets[position], room)
    }
    var (a, b, c, d) = (states.x, states.y, states.z, states.w)
    while position > 0 {
      position &-= length
      let part = symbols.extracting(position..<position &+ length)
      let partBuckets = buckets.extracting(position..<position &+ length)
      var partTarget = target._mutatingExtracting(position..<position &+ length)
      var place = length
      while place > 0 {
        place &-= 4
        partTarget[place &+ 3] = kernel.step(
          &d, part[place &+ 3], partBuckets[place &+ 3], room)
        partTarget[place &+ 2] = kernel.step(
          &c, part[place &+ 2], partBuckets[place &+ 2], room)
        partTarget[place &+ 1] = kernel.step(
          &b, part[place &+ 1], partBuckets[place &+ 1], room)
        partTarget[place] = kernel.step(
          &a, part[place], partBuckets[place], room)
      }
    }
    return SIMD4(a, b, c, d)
  }

  /// The tables as spans, for loops: of lengths that the compiler knows.
  private struct Kernel: ~Escapable {
    private let entries: Span<UInt64>
    private let targets: Span<UInt16>
    private let tables: Span<UInt8>
    private let size: UInt32

    @_lifetime(copy entries, copy targets, copy tables)
    @inline(__always)
    init(entries: Span<UInt64>, targets: Span<UInt16>, tables: Span<UInt8>, size: UInt32) {
      self.entries = entries
      self.targets = targets
      self.tables = tables
      self.size = size
    }

    /// - Returns: what leaves the state with a symbol.
    @inline(__always)
    func step(_ state: inout UInt32, _ symbol: UInt8, _ bucket: UInt8, _ room: Int) -> UInt32 {
      let place = Int(tables[Int(bucket)]) &<< 8 | Int(symbol)
      let entry = entries[place & (room &- 1)]
      let count = (state &+ UInt32(truncatingIfNeeded: entry)) &>> 16
      let part = state & ~(UInt32.max &<< count) | count &<< 16
      let next = state &>> count &+ UInt32(truncatingIfNeeded: entry &>> 32)
      state = size &+ UInt32(targets[Int(truncatingIfNeeded: next) & (room &- 1)])
      return part
    }
  }

  /// Appends the states with which a reader begins, then what left with each symbol.
  mutating func finish(into packer: inout BitPacker) {
    for lane in 0..<laneCount {
      packer.append(UInt64(states[lane] - 1 << UInt32(tableBits)), width: tableBits)
    }
    packer.append(parts: emitted.span)
  }
}
