import TrackerModel

/// Tells what a symbol is likely to be by what its row's earlier symbols were like.
///
/// A row's state is a running mean of its symbols, so the next one is likely to be near it. Its bucket
/// says which table a symbol is coded by. A reader follows the same states and needs nothing else.
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
  static let none: UInt16 = 0xFFFF

  /// How states go on.
  struct Steps {
    /// What a symbol adds to a state, for each one it is above 0.
    private let weight: UInt16
    /// Eighths of a state that remain.
    private let inertia: UInt16
    private let start: UInt16

    init(_ context: RowContext) {
      // Below the last bucket, which is for rows without a past.
      let limit = 0xFFFF - (1 << (16 - context.bucketBits))
      weight = UInt16(limit * (8 - context.inertia) / (8 * Int(context.highest)))
      inertia = UInt16(context.inertia)
      start = UInt16(context.start) << 8
    }

    /// The state of a row behind a symbol, at most the highest.
    @inline(__always)
    func state(after state: UInt16, _ symbol: UInt8) -> UInt16 {
      let past = state == RowContext.none ? start : state
      return (past &>> 3) &* inertia &+ UInt16(symbol) &* weight
    }

    /// The buckets of states.
    static func buckets(
      of states: borrowing MutableSpan<UInt16>, _ shift: UInt16,
      into buckets: inout MutableSpan<UInt8>
    ) {
      let shifts = SIMD8(repeating: shift)
      var row = 0
      while row &+ 8 <= buckets.count {
        buckets.store(SIMD8<UInt8>(truncatingIfNeeded: states.eight(at: row) &>> shifts), at: row)
        row &+= 8
      }
      while row < buckets.count {
        buckets[row] = UInt8(truncatingIfNeeded: states[row] &>> shift)
        row &+= 1
      }
    }

    /// Brings the states of rows forward by a symbol each.
    ///
    /// - Parameter haveAllPast: whether no row is without one; then it is faster.
    func move(
      _ states: inout MutableSpan<UInt16>, by symbols: Span<UInt8>, haveAllPast: Bool
    ) {
      var row = 0
      if haveAllPast {
        let (inertias, weights) = (
          SIMD8(repeating: inertia), SIMD8(repeating: weight)
        )
        while row &+ 8 <= symbols.count {
          let past = states.eight(at: row)
          states.store(
            (past &>> 3) &* inertias
              &+ SIMD8<UInt16>(truncatingIfNeeded: symbols.eight(at: row)) &* weights, at: row)
          row &+= 8
        }
      }
      while row < symbols.count {
        states[row] = state(after: states[row], symbols[row])
        row &+= 1
      }
    }
  }

  /// A context that suits a column.
  ///
  /// - Parameter isFew: whether there are two symbols only, of which the past says most in its mean.
  init(fitting symbols: [UInt8], _ cells: borrowing CellRows, isFew: Bool) {
    highest = max(1, symbols.max() ?? 1)
    // Measured on cross-entropies 1 to 3 do best, on correctness 5.
    inertia = isFew ? 5 : 2
    // Few symbols fill few buckets.
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

  /// Replaces `buckets` by those of symbols, listed by cells, and adds to `counts` how many of each symbol each
  /// bucket has.
  ///
  /// - Parameters:
  ///   - counts: 256 for each bucket, and as many as `ANSTables.room` says.
  ///   - states: a buffer.
  /// - Complexity: O(symbols + rows).
  func assign(
    _ symbols: Span<UInt8>, _ cells: borrowing CellRows, into buckets: inout [UInt8],
    counts: inout [UInt32], _ states: inout [UInt16]
  ) {
    states.removeAll(keepingCapacity: true)
    states.append(contentsOf: repeatElement(RowContext.none, count: cells.rowCount))
    buckets.resize(to: symbols.count)
    let steps = Steps(self)
    let shift = UInt16(16 - bucketBits)
    var allStates = states.mutableSpan
    var keys = buckets.mutableSpan
    for column in 0..<cells.columnCount {
      let range = cells.range(of: column)
      let part = symbols.extracting(range)
      var partKeys = keys._mutatingExtracting(range)
      if cells.isFull {
        Steps.buckets(of: allStates, shift, into: &partKeys)
        steps.move(&allStates, by: part, haveAllPast: column > 0)
      } else {
        let rows = cells.rows(of: column)
        for place in part.indices {
          let state = allStates[rows[place]]
          partKeys[place] = UInt8(truncatingIfNeeded: state &>> shift)
          allStates[rows[place]] = steps.state(after: state, part[place])
        }
      }
    }
    let room = counts.count
    var sums = counts.mutableSpan
    switch room {
    case BucketRuns.tinyRoom: Self.count(symbols, keys, room: BucketRuns.tinyRoom, into: &sums)
    case BucketRuns.smallRoom: Self.count(symbols, keys, room: BucketRuns.smallRoom, into: &sums)
    default: Self.count(symbols, keys, room: BucketRuns.maxRoom, into: &sums)
    }
  }

  /// - Parameter room: a constant, the number of counts.
  @inline(__always)
  private static func count(
    _ symbols: Span<UInt8>, _ buckets: borrowing MutableSpan<UInt8>, room: Int,
    into counts: inout MutableSpan<UInt32>
  ) {
    var counts = counts._mutatingExtracting(0..<room)
    for place in symbols.indices {
      counts[(Int(buckets[place]) &<< 8 | Int(symbols[place])) & (room &- 1)] &+= 1
    }
  }
}
