import TrackerModel

/// Unites the rows of a window's parts: all of their indices, each once and ascending, and where each
/// part's rows stand among them.
enum RowUnion {
  /// - Precondition: no part is empty, and all are of one index type.
  /// - Complexity: O(rows), where integers lie so close that a bit for each candidate takes no more than
  ///   they do; else O(rows × log parts).
  /// - Parameter parts: their indices are dropped.
  static func unite(_ parts: inout [WindowPart], type: IndexType) -> (
    rows: IndexColumn, places: [PartPlaces]
  ) {
    if type == .int64, let bits = IndexBits(parts) {
      var places: [PartPlaces] = []
      places.reserveCapacity(parts.count)
      for part in parts.indices {
        places.append(bits.places(of: parts[part].indices))
        parts[part].dropIndices()
      }
      return (.integers(bits.indices()), places)
    }
    var columns = parts.map(\.column)
    for part in parts.indices { parts[part].dropIndices() }
    let own = columns
    // Pairs of about one length, and pairs of those.
    while columns.count > 1 {
      columns = stride(from: 0, to: columns.count, by: 2).map { place in
        place + 1 < columns.count ? merge(columns[place], columns[place + 1]) : columns[place]
      }
    }
    let rows = columns.first ?? IndexColumn(type: type)
    return (rows, own.map { PartPlaces(places(of: $0, in: rows)) })
  }

  private static func merge(_ left: IndexColumn, _ right: IndexColumn) -> IndexColumn {
    switch (left, right) {
    case (.integers(let left), .integers(let right)):
      var merged: [Int64] = []
      merged.reserveCapacity(left.count + right.count)
      var (a, b) = (0, 0)
      while a < left.count, b < right.count {
        let (x, y) = (left[a], right[b])
        merged.append(min(x, y))
        a += x <= y ? 1 : 0
        b += y <= x ? 1 : 0
      }
      merged.append(contentsOf: left[a...])
      merged.append(contentsOf: right[b...])
      return .integers(merged)
    case (.strings(let left), .strings(let right)):
      var merged = StringColumn()
      merged.reserve(
        count: left.count + right.count, bytes: max(left.bytes.count, right.bytes.count))
      var (a, b) = (0, 0)
      while a < left.count || b < right.count {
        let order =
          a == left.count ? 1 : b == right.count ? -1 : left.compare(a, with: right, b)
        if order <= 0 { merged.append(row: a, of: left) } else { merged.append(row: b, of: right) }
        a += order <= 0 ? 1 : 0
        b += order >= 0 ? 1 : 0
      }
      return .strings(merged)
    default: preconditionFailure("columns of two index types are not merged")
    }
  }

  /// The place in `rows` of each row of `column`, all of which stand there.
  ///
  /// Complexity: O(column × log of the distances between them).
  static func places(of column: IndexColumn, in rows: IndexColumn) -> [Int32] {
    var places: [Int32] = []
    places.reserveCapacity(column.count)
    var place = 0
    for row in 0..<column.count {
      // In steps that double, then halve: near rows are found at once, and far ones soon.
      var step = 1
      while place + step <= rows.count, rows.compare(place + step - 1, with: column, row) < 0 {
        place += step
        step *= 2
      }
      var end = min(place + step - 1, rows.count)
      while place < end {
        let middle = (place + end) / 2
        if rows.compare(middle, with: column, row) < 0 { place = middle + 1 } else { end = middle }
      }
      places.append(Int32(place))
      place += 1
    }
    return places
  }
}

/// Integer indices as a bit for each candidate between the lowest and the highest.
private struct IndexBits {
  /// What bit 0 stands for: a multiple of 64, not above the lowest index.
  private let lowest: Int64
  /// Bits before that of the lowest index.
  private let skipped: Int
  private var words: [UInt64]
  /// How many indices stand before each word.
  private var ranks: [Int32] = []
  private var count = 0
  private let candidates: Int

  /// Nil where bits would take more memory than the indices themselves.
  init?(_ parts: [WindowPart]) {
    var (low, high, total) = (Int64.max, Int64.min, 0)
    for part in parts {
      if case .listed = part.indices { return nil }
      guard case .integer(let first) = part[0], case .integer(let last) = part[part.count - 1]
      else { return nil }
      low = min(low, first)
      high = max(high, last)
      total += part.count
    }
    // Of numbers that are ordered the distance is below 2^64.
    let distance = UInt64(bitPattern: high &- low)
    // Places are of 32 bits; some begin up to 63 before the lowest, and end as far behind the highest.
    guard total > 0, distance < 32 * UInt64(total), distance < UInt64(Int32.max - 127)
    else { return nil }
    // So that the words of marks are words here.
    let base = low & ~63
    skipped = Int(low &- base)
    lowest = base
    candidates = Int(distance) + 1 + skipped
    words = [UInt64](repeating: 0, count: candidates / 64 + 1)
    for part in parts { insert(part.indices) }
    ranks.reserveCapacity(words.count)
    for word in words {
      ranks.append(Int32(count))
      count += word.nonzeroBitCount
    }
  }

  private mutating func insert(_ indices: WindowPart.Indices) {
    switch indices {
    case .dense(let first, let count):
      var place = Int(first - lowest)
      let end = place + count
      while place < end {
        let shift = place & 63
        let part = min(64 - shift, end - place)
        let mask = part == 64 ? UInt64.max : (1 << UInt64(part)) - 1
        words[place >> 6] |= mask &<< UInt64(shift)
        place += part
      }
    case .marked(let marks):
      // Both bases are multiples of 64; words before the lowest index are empty.
      let start = Int((marks.base &- lowest) / 64)
      let source = marks.words.span
      var words = self.words.mutableSpan
      for place in marks.ends.lowerBound / 64...marks.ends.upperBound / 64 {
        words[start + place] |= source[place]
      }
    case .near(let base, let distances):
      // Not below the lowest, and below 2^31 from it.
      let (distances, start) = (distances.span, Int(base &- lowest))
      var words = self.words.mutableSpan
      for row in distances.indices {
        let place = start + Int(distances[row])
        words[place >> 6] |= 1 &<< UInt64(place & 63)
      }
    case .listed: preconditionFailure("only near integers stand in bits")
    }
  }

  func indices() -> [Int64] {
    let words = words.span
    return Array(capacity: count) { target in
      for place in words.indices {
        var rest = words[place]
        let base = lowest &+ Int64(64 * place)
        while rest != 0 {
          target.append(base &+ Int64(rest.trailingZeroBitCount))
          rest &= rest &- 1
        }
      }
    }
  }

  /// Whether every candidate is there.
  private var isWhole: Bool { count == candidates - skipped }

  func places(of indices: WindowPart.Indices) -> PartPlaces {
    switch indices {
    // Whatever lies between its ends is its own.
    case .dense(let first, let count):
      return .run(first: rank(of: Int(first &- lowest)), count: count)
    case .marked(let marks):
      let start = Int(marks.base &- lowest)
      if isWhole { return PartPlaces(marks, origin: start - skipped) }
      return PartPlaces(
        Array(capacity: marks.count) { target in
          marks.forEach { target.append(Int32(truncatingIfNeeded: rank(of: start + $0))) }
        })
    case .near(let base, let distances):
      let (distances, start) = (distances.span, Int(base &- lowest))
      return PartPlaces(
        Array(capacity: distances.count) { target in
          if isWhole {
            for row in distances.indices {
              target.append(Int32(truncatingIfNeeded: start - skipped + Int(distances[row])))
            }
          } else {
            for row in distances.indices {
              target.append(Int32(truncatingIfNeeded: rank(of: start + Int(distances[row]))))
            }
          }
        })
    case .listed: preconditionFailure("only near integers stand in bits")
    }
  }

  /// How many indices stand below a candidate.
  @inline(__always)
  private func rank(of candidate: Int) -> Int {
    let below = words[candidate >> 6] & ((1 &<< UInt64(candidate & 63)) &- 1)
    return Int(ranks[candidate >> 6]) + below.nonzeroBitCount
  }
}
