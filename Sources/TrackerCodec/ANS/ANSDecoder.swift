/// Reads symbols that `ANSEncoder` wrote; keeps its tables between streams.
struct ANSDecoder {
  /// What a loop looks up, behind one address: the masks of as many bits as a byte says; where the table begins
  /// for each high byte of a row's state; then, for each state of each table, how many bits lead to the next one,
  /// in the low byte, the symbol, above, and the next state where these bits are 0, in the high half.
  private var entries: [UInt32] = []
  /// Of a table while it is made.
  private var symbols: [UInt8] = []
  private static let firstOffset = 256
  private static let firstState = 512

  /// Makes the tables ready.
  ///
  /// - Parameter context: what tells rows' tables; nil where tables change by place.
  /// - Complexity: O(states of all tables).
  mutating func prepare(_ tables: ANSTables, _ context: RowContext?) {
    let room = ANSTables.room(for: tables.frequencies.count << tables.tableBits)
    if entries.count < Self.firstState + room { entries.resize(to: Self.firstState + room) }
    for bits in 0..<32 { entries[bits] = UInt32(truncatingIfNeeded: BitWords.mask(bits)) }
    if let context {
      for (state, offset) in tables.offsets(by: context).enumerated() {
        entries[Self.firstOffset + state] = UInt32(offset)
      }
    }
    // Out of the decoder while they are written.
    var buffer = exchange(&symbols, with: [])
    defer { symbols = buffer }
    var target = entries.mutableSpan
    for (number, table) in tables.frequencies.enumerated() {
      let first = Self.firstState + number << tables.tableBits
      table.forEachState(&buffer) { state, symbol, number in
        let bits = UInt32(
          truncatingIfNeeded: tables.tableBits &- 31 &+ number.leadingZeroBitCount)
        let base = number &<< bits &- 1 &<< UInt32(tables.tableBits)
        target[first &+ state] =
          bits | UInt32(truncatingIfNeeded: symbol) &<< 8 | base &<< 16
      }
    }
  }

  /// The states, and where the bits are read.
  struct Position: ~Escapable {
    private let bytes: Span<UInt8>
    private(set) var bit: Int
    fileprivate var states: SIMD4<UInt32>

    /// Reads the states that a stream begins with.
    @_lifetime(copy unpacker)
    init(_ unpacker: inout BitUnpacker, tableBits: Int, count: Int) {
      states = SIMD4(repeating: 0)
      for lane in 0..<ANSLanes.count(of: count) {
        states[lane] = UInt32(truncatingIfNeeded: unpacker.read(tableBits))
      }
      bytes = unpacker.bytes
      bit = unpacker.position
    }

    /// Whether all states are where writers begin.
    var isAtStart: Bool { states == SIMD4(repeating: 0) }

    @inline(__always)
    fileprivate var window: BitWindow {
      @_lifetime(copy self)
      get { BitWindow(bytes, at: bit) }
    }

    @inline(__always)
    fileprivate func bits(_ bit: Int) -> UInt64 { bytes.bits(from: bit) }

    @_lifetime(self: copy self)
    @inline(__always)
    fileprivate mutating func move(to bit: Int, _ states: SIMD4<UInt32>) {
      self.bit = bit
      self.states = states
    }
  }

  /// The next bits, filled up from bytes whose place is known before the last bits are taken: a reader need not
  /// wait for them.
  fileprivate struct BitWindow: ~Escapable {
    private let bytes: Span<UInt8>
    private var next: Int
    /// Of those in `bits`, fewer than 64.
    private var count: UInt64
    private(set) var bits: UInt64

    @_lifetime(copy bytes)
    @inline(__always)
    init(_ bytes: Span<UInt8>, at bit: Int) {
      self.bytes = bytes
      next = bit >> 3
      count = 0
      bits = 0
      // The first byte's bits that were read.
      guard bit & 7 != 0, next < bytes.count else { return }
      bits = UInt64(bytes[next]) >> UInt64(bit & 7)
      count = UInt64(8 - bit & 7)
      next += 1
    }

    /// The first bit that was not taken.
    var bit: Int { next &<< 3 &- Int(truncatingIfNeeded: count) }

    /// Makes at least 56 bits ready; false where so many are not left.
    @_lifetime(self: copy self)
    @inline(__always)
    mutating func fill() -> Bool {
      guard let word = bytes.wholeWord(at: next) else { return false }
      bits |= word &<< count
      next &+= Int(truncatingIfNeeded: (count ^ 63) &>> 3)
      count |= 56
      return true
    }

    /// Takes bits, whose number is in the low byte of `sum`.
    @_lifetime(self: copy self)
    @inline(__always)
    mutating func take(_ rest: UInt64, _ sum: UInt32) {
      bits = rest
      count &-= UInt64(sum & 0xFF)
    }
  }

  /// Fills `symbols` from one table, which begins at `offset`.
  ///
  /// - Parameter lanes: 4, or 1 where the stream has but one state.
  @inline(never)
  func decode(
    _ position: inout Position, offset: UInt16, lanes: Int, into symbols: inout MutableSpan<UInt8>
  ) {
    switch entries.count - Self.firstState {
    case ANSTables.tinyRoom:
      decode(&position, offset, lanes, room: ANSTables.tinyRoom, into: &symbols)
    case ANSTables.smallRoom:
      decode(&position, offset, lanes, room: ANSTables.smallRoom, into: &symbols)
    default: decode(&position, offset, lanes, room: ANSTables.maxStates, into: &symbols)
    }
  }

  /// - Parameter room: a constant, the states there are entries for.
  @inline(__always)
  private func decode(
    _ position: inout Position, _ offset: UInt16, _ lanes: Int, room: Int,
    into symbols: inout MutableSpan<UInt8>
  ) {
    let entries = entries.span.extracting(0..<Self.firstState &+ room)
    let offset = UInt32(offset)
    var (a, b, c, d) = (
      position.states.x, position.states.y, position.states.z, position.states.w
    )
    var window = position.window
    var place = 0
    if lanes == 4 {
      while place &+ 4 <= symbols.count, window.fill() {
        var rest = window.bits
        let first = Self.step(&a, offset, &rest, entries, room)
        let second = Self.step(&b, offset, &rest, entries, room)
        let third = Self.step(&c, offset, &rest, entries, room)
        let fourth = Self.step(&d, offset, &rest, entries, room)
        symbols[place] = UInt8(truncatingIfNeeded: first &>> 8)
        symbols[place &+ 1] = UInt8(truncatingIfNeeded: second &>> 8)
        symbols[place &+ 2] = UInt8(truncatingIfNeeded: third &>> 8)
        symbols[place &+ 3] = UInt8(truncatingIfNeeded: fourth &>> 8)
        window.take(rest, first &+ second &+ third &+ fourth)
        place &+= 4
      }
    }
    var bit = window.bit
    var states = SIMD4(a, b, c, d)
    while place < symbols.count {
      var rest = position.bits(bit)
      let lane = place & (lanes &- 1)
      let entry = Self.step(&states[lane], offset, &rest, entries, room)
      symbols[place] = UInt8(truncatingIfNeeded: entry &>> 8)
      bit &+= Int(truncatingIfNeeded: entry & 0xFF)
      place &+= 1
    }
    position.move(to: bit, states)
  }

  /// Fills `symbols` with those of a column, each from the table of its row's state.
  ///
  /// - Parameters:
  ///   - offsets: where the table begins for each high byte of a state.
  ///   - rows: the states of the symbols' rows, which are brought forward.
  @inline(never)
  func decode(
    _ position: inout Position, _ lanes: Int,
    _ rows: inout MutableSpan<UInt16>, _ steps: RowContext.Steps, haveAllPast: Bool,
    into symbols: inout MutableSpan<UInt8>
  ) {
    switch entries.count - Self.firstState {
    case ANSTables.tinyRoom:
      decode(&position, lanes, &rows, room: ANSTables.tinyRoom, into: &symbols)
    case ANSTables.smallRoom:
      decode(&position, lanes, &rows, room: ANSTables.smallRoom, into: &symbols)
    default: decode(&position, lanes, &rows, room: ANSTables.maxStates, into: &symbols)
    }
    steps.move(&rows, by: symbols.span, haveAllPast: haveAllPast)
  }

  @inline(__always)
  private func decode(
    _ position: inout Position, _ lanes: Int,
    _ rows: inout MutableSpan<UInt16>, room: Int, into symbols: inout MutableSpan<UInt8>
  ) {
    // Of lengths that the compiler knows, so that bytes and masked places need no bounds checks.
    let entries = entries.span.extracting(0..<Self.firstState &+ room)
    var (a, b, c, d) = (
      position.states.x, position.states.y, position.states.z, position.states.w
    )
    var window = position.window
    var place = 0
    let length = 64
    if lanes == 4 {
      parts: while place &+ length <= symbols.count {
        let states = rows.span.extracting(place..<place &+ length)
        var part = symbols._mutatingExtracting(place..<place &+ length)
        var row = 0
        while row < length {
          guard window.fill() else {
            place &+= row
            break parts
          }
          var rest = window.bits
          let first = Self.step(&a, Self.offset(states[row], entries), &rest, entries, room)
          part[row] = UInt8(truncatingIfNeeded: first &>> 8)
          let second = Self.step(&b, Self.offset(states[row &+ 1], entries), &rest, entries, room)
          part[row &+ 1] = UInt8(truncatingIfNeeded: second &>> 8)
          let third = Self.step(&c, Self.offset(states[row &+ 2], entries), &rest, entries, room)
          part[row &+ 2] = UInt8(truncatingIfNeeded: third &>> 8)
          let fourth = Self.step(&d, Self.offset(states[row &+ 3], entries), &rest, entries, room)
          part[row &+ 3] = UInt8(truncatingIfNeeded: fourth &>> 8)
          window.take(rest, first &+ second &+ third &+ fourth)
          row &+= 4
        }
        place &+= length
      }
    }
    var states = SIMD4(a, b, c, d)
    var bit = window.bit
    while place < symbols.count {
      var rest = position.bits(bit)
      let lane = place & (lanes &- 1)
      let entry = Self.step(&states[lane], Self.offset(rows[place], entries), &rest, entries, room)
      symbols[place] = UInt8(truncatingIfNeeded: entry &>> 8)
      bit &+= Int(truncatingIfNeeded: entry & 0xFF)
      place &+= 1
    }
    position.move(to: bit, states)
  }

  @inline(__always)
  private static func offset(_ row: UInt16, _ entries: Span<UInt32>) -> UInt32 {
    entries[firstOffset &+ Int(UInt8(truncatingIfNeeded: row &>> 8))]
  }

  @inline(__always)
  private static func step(
    _ state: inout UInt32, _ offset: UInt32, _ rest: inout UInt64, _ entries: Span<UInt32>,
    _ room: Int
  ) -> UInt32 {
    let place = Int(truncatingIfNeeded: offset &+ state) & (room &- 1)
    let entry = entries[firstState &+ place]
    let count = UInt8(truncatingIfNeeded: entry)
    let bits = UInt32(truncatingIfNeeded: rest) & entries[Int(count)]
    rest &>>= UInt64(truncatingIfNeeded: count)
    state = entry &>> 16 &+ bits
    return entry
  }
}

/// How many states a stream has, which take turns.
enum ANSLanes {
  /// Each costs some bits, and spares a reader waiting for the one before.
  static func count(of symbols: Int) -> Int { symbols < 256 ? 1 : 4 }
}
