import TrackerModel

/// Sorts recorded points by index, keeping the last of each: what sealing an epoch needs.
enum PointOrder {
  /// The places of the last point of each key, ascending by key.
  ///
  /// Places count through `run`, then through `later`. Keys within 2³² of each other are sorted by
  /// radix, with 16 bytes a point; others by comparison. Complexity: O(n), or O(n log n).
  /// - Parameter ranks: what keys sort by, where they are numbers of strings.
  static func lastPlaces(of run: PointRun, then later: PointRun?, ranks: [UInt32]?) -> [UInt32] {
    let count = run.count + (later?.count ?? 0)
    precondition(count <= Int(UInt32.max), "an epoch holds at most 4,294,967,295 points")
    guard count > 0 else { return [] }
    func sortKey(_ place: Int) -> Int64 {
      let key = place < run.count ? run.key(at: place) : later?.key(at: place - run.count) ?? 0
      return ranks.map { Int64($0[Int(key)]) } ?? key
    }
    var (low, high) = (Int64.max, Int64.min)
    var ascends = true
    var last = Int64.min
    for place in 0..<count {
      let key = sortKey(place)
      low = min(low, key)
      high = max(high, key)
      if key <= last, place > 0 { ascends = false }
      last = key
    }
    if ascends { return (0..<UInt32(count)).map { $0 } }
    let range = UInt64(bitPattern: high &- low)
    guard range <= UInt64(UInt32.max) else {
      return dropRepeated(
        (0..<UInt32(count)).sorted {
          (sortKey(Int($0)), $0) < (sortKey(Int($1)), $1)
        }, sortKey)
    }
    var packed: [UInt64] = []
    packed.reserveCapacity(count)
    for place in 0..<count {
      packed.append(UInt64(bitPattern: sortKey(place) &- low) << 32 | UInt64(place))
    }
    sortByHighHalf(&packed, range: range)
    var places: [UInt32] = []
    places.reserveCapacity(count)
    for position in packed.indices {
      let isLast =
        position + 1 == packed.count || packed[position + 1] >> 32 != packed[position] >> 32
      if isLast { places.append(UInt32(truncatingIfNeeded: packed[position])) }
    }
    return places
  }

  /// Radix sort by the upper 32 bits, stable, lowest byte first; bytes that `range` leaves zero are
  /// skipped.
  private static func sortByHighHalf(_ packed: inout [UInt64], range: UInt64) {
    var other = [UInt64](repeating: 0, count: packed.count)
    var shift: UInt64 = 32
    while shift < 64, range >> (shift - 32) > 0 {
      var starts = [Int](repeating: 0, count: 257)
      for value in packed { starts[Int(value >> shift & 0xFF) + 1] += 1 }
      for digit in 0..<256 { starts[digit + 1] += starts[digit] }
      for value in packed {
        let digit = Int(value >> shift & 0xFF)
        other[starts[digit]] = value
        starts[digit] += 1
      }
      swap(&packed, &other)
      shift += 8
    }
  }

  private static func dropRepeated(_ places: [UInt32], _ sortKey: (Int) -> Int64) -> [UInt32] {
    var kept: [UInt32] = []
    kept.reserveCapacity(places.count)
    for position in places.indices {
      let isLast =
        position + 1 == places.count
        || sortKey(Int(places[position + 1])) != sortKey(Int(places[position]))
      if isLast { kept.append(places[position]) }
    }
    return kept
  }
}
