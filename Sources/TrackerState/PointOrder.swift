import TrackerModel

/// Sorts recorded points by index, keeping the last of each, where keys are strings or lie far apart.
enum PointOrder {
  private static let digitBits: UInt64 = 11
  private static let digitCount = 1 << 11

  /// The places of the last point of each key, ascending by key.
  ///
  /// Places count through the runs. Sorted by radix of the highest 32 bits in which keys can differ,
  /// with 16 bytes a point; keys alike in those by comparison. Complexity: O(n) for keys within 2³² of
  /// each other and for those spread evenly, O(n log n) for any.
  /// - Parameter ranks: what keys sort by, where they are numbers of strings.
  static func lastPlaces(of runs: [PointRun], ranks: [UInt32]?) -> [UInt32] {
    let count = runs.reduce(0) { $0 + $1.count }
    guard count > 0 else { return [] }
    var packed: [UInt64] = []
    packed.reserveCapacity(count)
    var (low, high) = (Int64.max, Int64.min)
    for run in runs {
      run.forEachKey {
        let key = sortKey($0, ranks)
        low = min(low, key)
        high = max(high, key)
      }
    }
    let range = UInt64(bitPattern: high &- low)
    let bitCount = UInt64(64 - range.leadingZeroBitCount)
    let shift = bitCount > 32 ? bitCount - 32 : 0
    for run in runs {
      run.forEachKey {
        let distance = UInt64(bitPattern: sortKey($0, ranks) &- low)
        packed.append((distance &>> shift) &<< 32 | UInt64(packed.count))
      }
    }
    sortByHighHalf(&packed, bitCount: bitCount - shift)
    return shift == 0 ? lastPlaces(sorted: packed) : lastPlaces(nearlySorted: packed, runs)
  }

  @inline(__always)
  private static func sortKey(_ key: Int64, _ ranks: [UInt32]?) -> Int64 {
    ranks.map { Int64($0[Int(key)]) } ?? key
  }

  /// Radix sort by the upper 32 bits, of which the lowest `bitCount` may be set: stable, lowest digit
  /// first; digits that are alike in all are skipped.
  private static func sortByHighHalf(_ packed: inout [UInt64], bitCount: UInt64) {
    var other = [UInt64](repeating: 0, count: packed.count)
    var starts = [Int](repeating: 0, count: digitCount)
    for shift in stride(from: 32, to: 32 + bitCount, by: Int(digitBits)) {
      let isSorted = moveByDigit(packed.span, shift: shift, &starts, into: &other)
      if isSorted { swap(&packed, &other) }
    }
  }

  /// - Returns: whether it moved them: not where the digit is alike in all.
  private static func moveByDigit(
    _ packed: Span<UInt64>, shift: UInt64, _ starts: inout [Int], into target: inout [UInt64]
  ) -> Bool {
    let mask = UInt64(digitCount - 1)
    var starts = starts.mutableSpan
    var target = target.mutableSpan
    for digit in starts.indices { starts[digit] = 0 }
    for place in packed.indices { starts[Int((packed[place] &>> shift) & mask)] += 1 }
    guard starts[Int(packed[0] &>> shift & mask)] < packed.count else { return false }
    var sum = 0
    for digit in starts.indices { (starts[digit], sum) = (sum, sum + starts[digit]) }
    for place in packed.indices {
      let digit = Int((packed[place] &>> shift) & mask)
      target[starts[digit]] = packed[place]
      starts[digit] &+= 1
    }
    return true
  }

  private static func lastPlaces(sorted packed: [UInt64]) -> [UInt32] {
    var places: [UInt32] = []
    places.reserveCapacity(packed.count)
    for position in packed.indices {
      let isLast =
        position + 1 == packed.count || packed[position + 1] >> 32 != packed[position] >> 32
      if isLast { places.append(UInt32(truncatingIfNeeded: packed[position])) }
    }
    return places
  }

  /// Of integer keys that are sorted by their highest bits only.
  private static func lastPlaces(nearlySorted packed: [UInt64], _ runs: [PointRun]) -> [UInt32] {
    let keys = JoinedLists(runs.map(\.integerKeys))
    var places: [UInt32] = []
    places.reserveCapacity(packed.count)
    var start = 0
    while start < packed.count {
      let group = places.count
      var end = start
      repeat {
        places.append(UInt32(truncatingIfNeeded: packed[end]))
        end += 1
      } while end < packed.count && packed[end] >> 32 == packed[start] >> 32
      if end > start + 1 {
        sort(&places, from: group, keys)
        dropRepeated(&places, from: group, keys)
      }
      start = end
    }
    return places
  }

  private static func sort(
    _ places: inout [UInt32], from group: Int, _ keys: JoinedLists<Int64>
  ) {
    func ascends(_ left: UInt32, _ right: UInt32) -> Bool {
      (keys[Int(left)], left) < (keys[Int(right)], right)
    }
    guard places.count - group <= 16 else { return places[group...].sort(by: ascends) }
    // By insertion, without memory for each of many small groups.
    for end in group + 1..<places.count {
      var position = end
      while position > group, ascends(places[position], places[position - 1]) {
        places.swapAt(position, position - 1)
        position -= 1
      }
    }
  }

  private static func dropRepeated(
    _ places: inout [UInt32], from group: Int, _ keys: JoinedLists<Int64>
  ) {
    var kept = group
    for position in group..<places.count {
      let isLast =
        position + 1 == places.count
        || keys[Int(places[position + 1])] != keys[Int(places[position])]
      guard isLast else { continue }
      places[kept] = places[position]
      kept += 1
    }
    places.removeLast(places.count - kept)
  }
}
