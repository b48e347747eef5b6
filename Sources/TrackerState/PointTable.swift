import TrackerModel

/// Points by key where keys lie close together: the last value of each, without a sort.
///
/// A bit for each key from the lowest to the highest says whether it has a point. Values stand at their
/// keys where keys are dense; where they are sparse, in the order of the keys that have one. Memory is
/// at most 16 bytes a point.
struct PointTable<Value: BitwiseCopyable & Sendable>: Sendable {
  /// Bytes of values that stand at their keys, for each point.
  private static var maxDirectBytes: Int { 12 }
  /// Keys for each point: a bit each, and another half for where words begin among the values.
  private static var maxSparseness: Int { 32 }

  private let low: Int64
  /// Bit `key - low`.
  private let words: [UInt64]
  /// By `key - low`, or by the key's rank.
  private let values: [Value]
  private let isRanked: Bool
  /// Distinct keys.
  let count: Int

  /// - Parameters:
  ///   - runs: keys and their values; of a key in several places the last one counts.
  ///   - bounds: the lowest and highest of the keys, of which there are some.
  ///   - zero: any value.
  /// - Returns: nil where the keys lie too far apart. Complexity: O(points).
  init?(
    _ runs: [(keys: BlockList<Int64>, values: BlockList<Value>)], bounds: ClosedRange<Int64>,
    zero: Value
  ) {
    let points = runs.reduce(0) { $0 + $1.keys.count }
    let distance = UInt64(bitPattern: bounds.upperBound &- bounds.lowerBound)
    guard distance < UInt64(points) * UInt64(Self.maxSparseness) else { return nil }
    let range = Int(distance) + 1
    low = bounds.lowerBound
    isRanked = range > max(points, Self.maxDirectBytes * points / MemoryLayout<Value>.size)
    var words = [UInt64](repeating: 0, count: (range + 63) / 64)
    if isRanked {
      for run in runs { Self.mark(run.keys, low, &words) }
      let (starts, count) = Self.starts(words)
      var values = [Value](repeating: zero, count: count)
      for run in runs { Self.scatter(run.keys, run.values, low, words, starts, &values) }
      self.values = values
      self.count = count
    } else {
      var values = [Value](repeating: zero, count: range)
      for run in runs { Self.scatter(run.keys, run.values, low, &words, &values) }
      self.values = values
      count = words.reduce(0) { $0 + $1.nonzeroBitCount }
    }
    self.words = words
  }

  // MARK: Filling

  private static func scatter(
    _ keys: BlockList<Int64>, _ values: BlockList<Value>, _ low: Int64, _ words: inout [UInt64],
    _ table: inout [Value]
  ) {
    var wordSpan = words.mutableSpan
    var target = table.mutableSpan
    for (keyBlock, valueBlock) in zip(keys.blocks, values.blocks) {
      let (keys, values) = (keyBlock.span, valueBlock.span)
      for place in keys.indices {
        let offset = Int(truncatingIfNeeded: keys[place] &- low)
        target[offset] = values[place]
        wordSpan[offset &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: offset)
      }
    }
  }

  private static func mark(_ keys: BlockList<Int64>, _ low: Int64, _ words: inout [UInt64]) {
    var wordSpan = words.mutableSpan
    for block in keys.blocks {
      let keys = block.span
      for place in keys.indices {
        let offset = Int(truncatingIfNeeded: keys[place] &- low)
        wordSpan[offset &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: offset)
      }
    }
  }

  /// How many keys stand before each word, and how many there are.
  private static func starts(_ words: [UInt64]) -> ([UInt32], count: Int) {
    var count = 0
    var starts: [UInt32] = []
    starts.reserveCapacity(words.count)
    for word in words {
      starts.append(UInt32(truncatingIfNeeded: count))
      count += word.nonzeroBitCount
    }
    return (starts, count)
  }

  private static func scatter(
    _ keys: BlockList<Int64>, _ values: BlockList<Value>, _ low: Int64, _ words: [UInt64],
    _ starts: [UInt32], _ ranked: inout [Value]
  ) {
    let (words, starts) = (words.span, starts.span)
    var target = ranked.mutableSpan
    for (keyBlock, valueBlock) in zip(keys.blocks, values.blocks) {
      let (keys, values) = (keyBlock.span, valueBlock.span)
      for place in keys.indices {
        let offset = Int(truncatingIfNeeded: keys[place] &- low)
        let before = words[offset &>> 6] & (1 &<< UInt64(truncatingIfNeeded: offset) &- 1)
        target[Int(starts[offset &>> 6]) &+ before.nonzeroBitCount] = values[place]
      }
    }
  }

  // MARK: Reading

  /// How far a table was read.
  struct Cursor {
    /// The key, less the lowest, before which all were read.
    fileprivate(set) var offset = 0
    /// How many were read.
    fileprivate(set) var row = 0
  }

  /// Appends the bits of the next `rowCount` values.
  ///
  /// - Precondition: there are as many.
  @inline(__always)
  func next(
    _ cursor: inout Cursor, _ rowCount: Int, into output: inout [UInt64], bits: (Value) -> UInt64
  ) -> PointKeys {
    let first = nextKey(from: cursor.offset)
    let source = values.span
    guard !isDense(from: first, rowCount) else {
      let start = isRanked ? cursor.row : first
      output.append(addingCapacity: rowCount) { output in
        let part = source.extracting(start..<start + rowCount)
        for place in part.indices { output.append(bits(part[place])) }
      }
      cursor.offset = first + rowCount
      cursor.row += rowCount
      return .dense(first: low &+ Int64(first), count: rowCount)
    }
    var keys: [Int64] = []
    keys.append(addingCapacity: rowCount) { keys in
      output.append(addingCapacity: rowCount) { output in
        let words = words.span
        var (row, number) = (cursor.row, first &>> 6)
        let end = row + rowCount
        // Keys before the first are read.
        var word = words[number] & (.max &<< UInt64(truncatingIfNeeded: first))
        while true {
          while word != 0, row < end {
            let offset = number &<< 6 | word.trailingZeroBitCount
            keys.append(low &+ Int64(truncatingIfNeeded: offset))
            output.append(bits(source[isRanked ? row : offset]))
            row &+= 1
            word &= word &- 1
            if row == end { cursor.offset = offset + 1 }
          }
          if row == end { break }
          number &+= 1
          word = words[number]
        }
      }
    }
    cursor.row += rowCount
    return .listed(keys)
  }

  private func nextKey(from offset: Int) -> Int {
    var number = offset &>> 6
    var word = words[number] & (.max &<< UInt64(truncatingIfNeeded: offset))
    while word == 0 {
      number += 1
      word = words[number]
    }
    return number &<< 6 | word.trailingZeroBitCount
  }

  /// Whether so many keys from one on all have a point. Complexity: O(keys / 64).
  private func isDense(from first: Int, _ rowCount: Int) -> Bool {
    let end = first + rowCount
    guard end <= words.count * 64 else { return false }
    var offset = first
    while offset < end {
      let within = offset & 63
      let count = min(64 - within, end - offset)
      let mask = (UInt64.max &>> UInt64(64 - count)) &<< UInt64(within)
      guard words[offset &>> 6] & mask == mask else { return false }
      offset += count
    }
    return true
  }
}
