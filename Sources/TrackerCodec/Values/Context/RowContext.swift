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
  private static let none: UInt16 = 0xFFFF

  /// What each symbol adds to a state.
  private func makeShares() -> [UInt32] {
    // Below the last bucket, which is for rows without a past.
    let limit = 0xFFFF - (1 << (16 - bucketBits))
    return (0..<256).map {
      UInt32(min($0, Int(highest)) * limit / max(1, Int(highest)) * (8 - inertia))
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
    fileprivate var cursors: [UInt32] = []

    fileprivate mutating func begin(_ rowCount: Int, _ state: UInt16) {
      states.removeAll(keepingCapacity: true)
      states.append(contentsOf: repeatElement(state, count: rowCount))
    }

    fileprivate mutating func startCursors() {
      cursors.removeAll(keepingCapacity: true)
      var total: UInt32 = 0
      for size in sizes {
        cursors.append(total)
        total &+= size
      }
    }
  }

  /// Writes `symbols`, listed by cells, to `grouped` by buckets, and their counts to the scratch's
  /// sizes.
  func group(
    _ symbols: Span<UInt8>, _ cells: borrowing CellRows, into grouped: inout [UInt8],
    _ scratch: inout Scratch
  ) {
    scratch.begin(cells.rowCount, Self.none)
    if scratch.keys.count < symbols.count {
      scratch.keys.append(
        contentsOf: repeatElement(0, count: symbols.count - scratch.keys.count))
    }
    scratch.sizes.removeAll(keepingCapacity: true)
    scratch.sizes.append(contentsOf: repeatElement(0, count: bucketCount))
    // Out of the scratch while they are written: spans of its parts would borrow it whole.
    var (stateBuffer, keyBuffer) = (
      exchange(&scratch.states, with: []), exchange(&scratch.keys, with: [])
    )
    var sizeBuffer = exchange(&scratch.sizes, with: [])
    defer { (scratch.states, scratch.keys) = (stateBuffer, keyBuffer) }
    let shares = makeShares()
    let start = UInt32(start) << 8
    let share = shares.span
    let keep = UInt32(inertia)
    let shift = UInt16(16 - bucketBits)
    var states = stateBuffer.mutableSpan
    var keys = keyBuffer.mutableSpan
    var sizes = sizeBuffer.mutableSpan
    if !cells.isFull {
      let row = cells.allRows
      for cell in symbols.indices {
        let place = Int(row[cell])
        let state = states[place]
        let key = UInt8(truncatingIfNeeded: state &>> shift)
        keys[cell] = key
        sizes[Int(key)] &+= 1
        let past = state == Self.none ? start : UInt32(state)
        states[place] = UInt16(
          truncatingIfNeeded: (past &* keep &+ share[Int(symbols[cell])]) &>> 3)
      }
    } else {
      var cell = 0
      for _ in 0..<cells.columnCount {
        for place in 0..<cells.rowCount {
          let state = states[place]
          let key = UInt8(truncatingIfNeeded: state &>> shift)
          keys[cell] = key
          sizes[Int(key)] &+= 1
          let past = state == Self.none ? start : UInt32(state)
          states[place] = UInt16(
            truncatingIfNeeded: (past &* keep &+ share[Int(symbols[cell])]) &>> 3)
          cell &+= 1
        }
      }
    }
    grouped.removeAll(keepingCapacity: true)
    grouped.append(contentsOf: repeatElement(0, count: symbols.count))
    var target = grouped.mutableSpan
    scratch.sizes = sizeBuffer
    scratch.startCursors()
    var cursors = scratch.cursors.mutableSpan
    let key = keyBuffer.span
    for cell in symbols.indices {
      let place = cursors[Int(key[cell])]
      cursors[Int(key[cell])] = place &+ 1
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
    scratch.begin(cells.rowCount, Self.none)
    scratch.startCursors()
    var stateBuffer = exchange(&scratch.states, with: [])
    var cursorBuffer = exchange(&scratch.cursors, with: [])
    defer { (scratch.states, scratch.cursors) = (stateBuffer, cursorBuffer) }
    let shares = makeShares()
    let start = UInt32(start) << 8
    let share = shares.span
    let keep = UInt32(inertia)
    let shift = UInt16(16 - bucketBits)
    var states = stateBuffer.mutableSpan
    var cursors = cursorBuffer.mutableSpan
    let last = UInt32(truncatingIfNeeded: grouped.count) &- 1
    if !cells.isFull {
      let row = cells.allRows
      for cell in symbols.indices {
        let place = Int(row[cell])
        let state = states[place]
        let key = Int(state &>> shift)
        let cursor = cursors[key]
        cursors[key] = cursor &+ 1
        // Wrong sizes run into other buckets' symbols, which the end finds out.
        let symbol = grouped[Int(min(cursor, last))]
        symbols[cell] = symbol
        let past = state == Self.none ? start : UInt32(state)
        states[place] = UInt16(truncatingIfNeeded: (past &* keep &+ share[Int(symbol)]) &>> 3)
      }
    } else {
      var cell = 0
      for _ in 0..<cells.columnCount {
        for place in 0..<cells.rowCount {
          let state = states[place]
          let key = Int(state &>> shift)
          let cursor = cursors[key]
          cursors[key] = cursor &+ 1
          let symbol = grouped[Int(min(cursor, last))]
          symbols[cell] = symbol
          let past = state == Self.none ? start : UInt32(state)
          states[place] = UInt16(truncatingIfNeeded: (past &* keep &+ share[Int(symbol)]) &>> 3)
          cell &+= 1
        }
      }
    }
    var end: UInt32 = 0
    for bucket in scratch.sizes.indices {
      end &+= scratch.sizes[bucket]
      if cursors[bucket] != end { return false }
    }
    return true
  }
}
