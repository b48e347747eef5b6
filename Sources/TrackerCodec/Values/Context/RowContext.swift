import TrackerModel

/// Groups symbols by what their rows' earlier symbols were like.
///
/// A row's state is a running mean of its symbols, so the next one is likely to be near it. Symbols
/// are written in the order of their states' buckets; within a bucket in the order of the cells. One
/// Huffman table then serves symbols that resemble each other. A reader follows the same states and
/// needs the buckets' sizes only.
struct RowContext {
  /// How much of a state the next symbol leaves, in eighths: 0 to 7.
  var inertia: Int
  /// Buckets: 2 to the power of this, 1 to 8.
  var bucketBits: Int
  /// The state that stands for a row's past before its first value, in 256ths.
  var start: UInt8
  /// The highest symbol of the column.
  var highest: UInt8

  var bucketCount: Int { 1 << bucketBits }

  /// A state that no symbols give: a row without a past. Its bucket is the last.
  fileprivate static let none: UInt16 = 0xFFFF

  /// What each symbol adds to a state.
  private func makeShares() -> InlineArray<256, UInt32> {
    var shares = InlineArray<256, UInt32>(repeating: 0)
    // Below the last bucket, which is for rows without a past.
    let limit = 0xFFFF - (1 << (16 - bucketBits))
    let highest = max(1, Int(highest))
    for symbol in 0..<256 {
      shares[symbol] = UInt32(min(symbol, highest) * limit / highest * (8 - inertia))
    }
    return shares
  }

  /// How states go on, ready for loops.
  private struct Steps: ~Escapable {
    private let shares: Span<UInt32>
    private let start: UInt32
    private let inertia: UInt32
    private let shift: UInt16

    @_lifetime(copy shares)
    @inline(__always)
    init(_ context: RowContext, _ shares: Span<UInt32>) {
      self.shares = shares
      start = UInt32(context.start) << 8
      inertia = UInt32(context.inertia)
      shift = UInt16(16 - context.bucketBits)
    }

    @inline(__always)
    func bucket(of state: UInt16) -> UInt8 { UInt8(truncatingIfNeeded: state &>> shift) }

    @inline(__always)
    func state(after state: UInt16, _ symbol: UInt8) -> UInt16 {
      let past = state == RowContext.none ? start : UInt32(state)
      return UInt16(truncatingIfNeeded: (past &* inertia &+ shares[Int(symbol)]) &>> 3)
    }
  }

  /// A context that suits a column.
  ///
  /// - Parameter isFew: whether there are two symbols only, of which the past says most in its mean.
  init(fitting symbols: [UInt8], _ cells: borrowing CellRows, isFew: Bool) {
    highest = max(1, symbols.max() ?? 1)
    // Measured on cross-entropies 1 to 3 do best, on correctness 5.
    inertia = isFew ? 5 : 2
    // A bucket's size costs about a byte.
    bucketBits = symbols.count >= 1 << 16 ? 8 : symbols.count >= 1 << 13 ? 7 : 5
    if isFew {
      bucketBits = min(6, bucketBits)
      start = 128
      return
    }
    var counts = [Int](repeating: 0, count: 256)
    let first = cells.starts[1]
    for symbol in symbols[..<first] { counts[Int(symbol)] += 1 }
    var median = 0
    var below = 0
    while median < 255, (below + counts[median]) * 2 < first {
      below += counts[median]
      median += 1
    }
    start = UInt8(min(median, Int(highest)) * 254 / Int(highest))
  }

  func write(into output: inout [UInt8]) {
    output.append(contentsOf: [UInt8(inertia), UInt8(bucketBits), start, highest])
  }

  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader) throws(TrackerError) {
    inertia = Int(try reader.readUInt8("inertia"))
    bucketBits = Int(try reader.readUInt8("bucket bits"))
    start = try reader.readUInt8("start")
    highest = try reader.readUInt8("highest symbol")
    guard inertia < 8, (1...8).contains(bucketBits), highest > 0 else {
      throw reader.malformed(
        "inertia \(inertia), \(bucketBits) bucket bits or highest symbol \(highest) out of range")
    }
  }

  /// Buffers, reused between columns.
  struct Scratch {
    fileprivate var states: [UInt16] = []
    fileprivate var keys: [UInt8] = []
    /// Symbols in each bucket.
    var sizes: [UInt32] = []

    fileprivate mutating func takeStates(_ rowCount: Int) -> [UInt16] {
      var taken = exchange(&states, with: [])
      taken.removeAll(keepingCapacity: true)
      taken.append(contentsOf: repeatElement(RowContext.none, count: rowCount))
      return taken
    }

    /// Where each bucket begins.
    fileprivate func makeCursors() -> InlineArray<256, UInt32> {
      var cursors = InlineArray<256, UInt32>(repeating: 0)
      var total: UInt32 = 0
      for bucket in sizes.indices {
        cursors[bucket] = total
        total &+= sizes[bucket]
      }
      return cursors
    }
  }

  /// Writes `symbols`, listed by cells, to `grouped` by buckets, and their counts to the scratch's
  /// sizes.
  func group(
    _ symbols: Span<UInt8>, _ cells: borrowing CellRows, into grouped: inout [UInt8],
    _ scratch: inout Scratch
  ) {
    // Out of the scratch while they are written: spans of its parts would borrow it whole.
    var stateBuffer = scratch.takeStates(cells.rowCount)
    var keyBuffer = exchange(&scratch.keys, with: [])
    defer { (scratch.states, scratch.keys) = (stateBuffer, keyBuffer) }
    keyBuffer.resize(to: symbols.count)
    let shares = makeShares()
    let steps = Steps(self, shares.span)
    var sizeTable = InlineArray<256, UInt32>(repeating: 0)
    var sizes = sizeTable.mutableSpan
    var states = stateBuffer.mutableSpan
    var keys = keyBuffer.mutableSpan
    if cells.isFull {
      let rowCount = cells.rowCount
      for column in 0..<cells.columnCount {
        // All of a length, so that rows are checked once.
        let range = column &* rowCount..<(column &+ 1) &* rowCount
        var rowStates = states._mutatingExtracting(0..<rowCount)
        var rowKeys = keys._mutatingExtracting(range)
        let rowSymbols = symbols.extracting(range)
        for row in 0..<rowCount {
          let (state, symbol) = (rowStates[row], rowSymbols[row])
          let bucket = steps.bucket(of: state)
          rowKeys[row] = bucket
          sizes[Int(bucket)] &+= 1
          rowStates[row] = steps.state(after: state, symbol)
        }
      }
    } else {
      let rows = cells.allRows
      for cell in symbols.indices {
        let (row, symbol) = (Int(rows[cell]), symbols[cell])
        let state = states[row]
        let bucket = steps.bucket(of: state)
        keys[cell] = bucket
        sizes[Int(bucket)] &+= 1
        states[row] = steps.state(after: state, symbol)
      }
    }
    scratch.sizes.removeAll(keepingCapacity: true)
    for bucket in 0..<bucketCount { scratch.sizes.append(sizes[bucket]) }
    grouped.resize(to: symbols.count)
    var target = grouped.mutableSpan
    var cursorTable = scratch.makeCursors()
    var cursors = cursorTable.mutableSpan
    for cell in symbols.indices {
      let bucket = Int(keys[cell])
      let place = cursors[bucket]
      cursors[bucket] = place &+ 1
      target[Int(place)] = symbols[cell]
    }
  }

  /// The inverse: fills `symbols` from `grouped`, given the scratch's sizes, which add up to their
  /// number.
  ///
  /// - Returns: false where the sizes are not those that the symbols lead to.
  func ungroup(
    _ grouped: Span<UInt8>, _ cells: borrowing CellRows, into symbols: inout MutableSpan<UInt8>,
    _ scratch: inout Scratch
  ) -> Bool {
    var stateBuffer = scratch.takeStates(cells.rowCount)
    defer { scratch.states = stateBuffer }
    let shares = makeShares()
    let steps = Steps(self, shares.span)
    var cursorTable = scratch.makeCursors()
    var cursors = cursorTable.mutableSpan
    var states = stateBuffer.mutableSpan
    // Wrong sizes run into other buckets' symbols, which the end finds out.
    let last = UInt32(truncatingIfNeeded: grouped.count) &- 1
    if cells.isFull {
      // No row has a past in the first column: the last bucket begins with its symbols as they are.
      let first = Int(cursors[bucketCount - 1])
      let rowCount = cells.rowCount
      guard first + rowCount <= grouped.count else { return false }
      for row in 0..<rowCount {
        let symbol = grouped[first &+ row]
        symbols[row] = symbol
        states[row] = steps.state(after: RowContext.none, symbol)
      }
      cursors[bucketCount - 1] &+= UInt32(rowCount)
      for column in 1..<max(1, cells.columnCount) {
        let start = column &* rowCount
        var found = symbols._mutatingExtracting(start..<start &+ rowCount)
        let isWithin =
          switch (inertia, bucketBits) {
          case (2, 8): followUsual(grouped, &states, &cursors, shares.span, into: &found)
          default: follow(grouped, &states, &cursors, shares.span, into: &found)
          }
        guard isWithin else { return false }
      }
    } else {
      let rows = cells.allRows
      for cell in symbols.indices {
        let row = Int(rows[cell])
        let state = states[row]
        let bucket = Int(steps.bucket(of: state))
        let cursor = cursors[bucket]
        cursors[bucket] = cursor &+ 1
        let symbol = grouped[Int(min(cursor, last))]
        symbols[cell] = symbol
        states[row] = steps.state(after: state, symbol)
      }
    }
    var end: UInt32 = 0
    for bucket in scratch.sizes.indices {
      end &+= scratch.sizes[bucket]
      if cursors[bucket] != end { return false }
    }
    return true
  }

  /// `follow` for what writers take most: a function of its own, as then its loop has constants.
  @inline(never)
  private func followUsual(
    _ grouped: Span<UInt8>, _ states: inout MutableSpan<UInt16>,
    _ cursors: inout MutableSpan<UInt32>, _ shares: Span<UInt32>,
    into symbols: inout MutableSpan<UInt8>
  ) -> Bool {
    Self.follow(grouped, &states, &cursors, shares, into: &symbols, inertia: 2, bucketBits: 8)
  }

  /// Replaces `symbols` by those of a column whose rows all have a past.
  ///
  /// - Returns: false where a bucket's symbols run out, as happens where sizes are wrong.
  @inline(never)
  private func follow(
    _ grouped: Span<UInt8>, _ states: inout MutableSpan<UInt16>,
    _ cursors: inout MutableSpan<UInt32>, _ shares: Span<UInt32>,
    into symbols: inout MutableSpan<UInt8>
  ) -> Bool {
    Self.follow(
      grouped, &states, &cursors, shares, into: &symbols, inertia: UInt32(inertia),
      bucketBits: UInt16(bucketBits))
  }

  @inline(__always)
  private static func follow(
    _ grouped: Span<UInt8>, _ states: inout MutableSpan<UInt16>,
    _ cursors: inout MutableSpan<UInt32>, _ shares: Span<UInt32>,
    into symbols: inout MutableSpan<UInt8>, inertia: UInt32, bucketBits: UInt16
  ) -> Bool {
    // Of lengths that the compiler knows, so that bytes as places need no bounds checks.
    let shares = shares.extracting(0..<256)
    var cursors = cursors._mutatingExtracting(0..<256)
    let shift = 16 &- bucketBits
    let length = 64
    var start = 0
    while start < symbols.count {
      let count = min(length, symbols.count &- start)
      var partStates = states._mutatingExtracting(start..<start &+ count)
      var part = symbols._mutatingExtracting(start..<start &+ count)
      guard
        count == length
          ? follow(
            grouped, &partStates, &cursors, shares, into: &part, count: length, inertia, shift)
          : follow(
            grouped, &partStates, &cursors, shares, into: &part, count: count, inertia, shift)
      else { return false }
      start &+= count
    }
    return true
  }

  @inline(__always)
  private static func follow(
    _ grouped: Span<UInt8>, _ states: inout MutableSpan<UInt16>,
    _ cursors: inout MutableSpan<UInt32>, _ shares: Span<UInt32>,
    into symbols: inout MutableSpan<UInt8>, count: Int, _ inertia: UInt32, _ shift: UInt16
  ) -> Bool {
    var first = 0
    while first < count {
      // By fours, which spares the loop's own steps.
      for row in first..<min(first &+ 4, count) {
        let state = states[row]
        let bucket = Int(UInt8(truncatingIfNeeded: state &>> shift))
        let cursor = cursors[bucket]
        guard Int(cursor) < grouped.count else { return false }
        cursors[bucket] = cursor &+ 1
        let symbol = grouped[Int(cursor)]
        symbols[row] = symbol
        states[row] = UInt16(
          truncatingIfNeeded: (UInt32(state) &* inertia &+ shares[Int(symbol)]) &>> 3)
      }
      first &+= 4
    }
    return true
  }
}
