import TrackerModel

/// The keys of some points, ascending.
enum PointKeys {
  case dense(first: Int64, count: Int)
  case listed([Int64])

  var listed: [Int64] {
    switch self {
    case .dense(let first, let count): (0..<Int64(count)).map { first + $0 }
    case .listed(let keys): keys
    }
  }
}

/// Recorded points sorted by index, the last of each index only: what sealing an epoch needs.
///
/// Read in parts from the first on. Holds at most 16 bytes a point besides the points, and much less
/// memory is touched where keys lie close together, as the indices of a data set do.
struct OrderedPoints {
  private enum Order {
    /// They came so.
    case asRecorded
    case narrow(PointTable<Float>)
    case wide(PointTable<Double>)
    case places([UInt32])
  }

  private let runs: [PointRun]
  private let order: Order
  /// How many distinct indices there are.
  let count: Int

  // How far it was read.
  private(set) var row = 0
  private var narrowCursor = PointTable<Float>.Cursor()
  private var wideCursor = PointTable<Double>.Cursor()

  /// - Parameters:
  ///   - runs: one or two, of the same types; later points of the same key replace earlier ones.
  ///   - ranks: what keys sort by, where they are numbers of strings.
  /// - Complexity: O(points) where all keys lie within 32 times as many, or ascend as they are; else
  ///   that of `PointOrder`.
  init(_ runs: [PointRun], ranks: [UInt32]?) {
    precondition(runs.count <= 2, "an epoch has at most two runs")
    let runs = runs.filter { $0.count > 0 }
    self.runs = runs
    let points = runs.reduce(0) { $0 + $1.count }
    precondition(points <= Int(UInt32.max), "an epoch holds at most 4,294,967,295 points")
    let isInteger = ranks == nil && runs.first?.indexType == .int64
    let bounds = isInteger ? KeyBounds(runs.map(\.integerKeys)) : KeyBounds(runs, ranks)
    guard points > 0, !bounds.ascends else {
      (order, count) = (.asRecorded, points)
      return
    }
    if isInteger, let range = bounds.range {
      switch runs[0].valueType {
      case .float32:
        if let table = PointTable(
          runs.map { ($0.integerKeys, $0.narrowValues) }, bounds: range, zero: 0)
        {
          (order, count) = (.narrow(table), table.count)
          return
        }
      case .float64:
        if let table = PointTable(
          runs.map { ($0.integerKeys, $0.wideValues) }, bounds: range, zero: 0)
        {
          (order, count) = (.wide(table), table.count)
          return
        }
      }
    }
    let places = PointOrder.lastPlaces(of: runs, ranks: ranks)
    (order, count) = (.places(places), places.count)
  }

  /// How many points were not read yet.
  var remaining: Int { count - row }

  /// The key of a row: of orders that are not a table's only.
  func key(ofRow row: Int) -> Int64? {
    switch order {
    case .asRecorded: key(at: row)
    case .places(let places): key(at: Int(places[row]))
    case .narrow, .wide: nil
    }
  }

  private func key(at place: Int) -> Int64 {
    place < runs[0].count ? runs[0].key(at: place) : runs[1].key(at: place - runs[0].count)
  }

  /// Reads the next `rowCount` points: appends the bits of their values, and gives their keys.
  ///
  /// - Precondition: as many remain.
  mutating func next(_ rowCount: Int, into bits: inout [UInt64]) -> PointKeys {
    defer { row += rowCount }
    switch order {
    case .narrow(let table):
      return table.next(&narrowCursor, rowCount, into: &bits) { UInt64($0.bitPattern) }
    case .wide(let table):
      return table.next(&wideCursor, rowCount, into: &bits) { $0.bitPattern }
    case .places(let places):
      var keys: [Int64] = []
      keys.reserveCapacity(rowCount)
      bits.reserveCapacity(bits.count + rowCount)
      gather(places[row..<row + rowCount], &keys, &bits)
      return .listed(keys)
    case .asRecorded:
      var keys: [Int64] = []
      keys.reserveCapacity(rowCount)
      bits.reserveCapacity(bits.count + rowCount)
      var start = 0
      for run in runs {
        let range = (row..<row + rowCount).clamped(to: start..<start + run.count)
        run.append(range.lowerBound - start..<range.upperBound - start, to: &keys, &bits)
        start += run.count
      }
      return .listed(keys)
    }
  }

  private func gather(
    _ places: ArraySlice<UInt32>, _ keys: inout [Int64], _ bits: inout [UInt64]
  ) {
    switch runs[0].indexType {
    case .int64:
      let all = JoinedLists(runs.map(\.integerKeys))
      for place in places { keys.append(all[Int(place)]) }
    case .string:
      let all = JoinedLists(runs.map(\.numberKeys))
      for place in places { keys.append(Int64(all[Int(place)])) }
    }
    switch runs[0].valueType {
    case .float32:
      let all = JoinedLists(runs.map(\.narrowValues))
      for place in places { bits.append(UInt64(all[Int(place)].bitPattern)) }
    case .float64:
      let all = JoinedLists(runs.map(\.wideValues))
      for place in places { bits.append(all[Int(place)].bitPattern) }
    }
  }
}

/// The lowest and highest of some keys, and whether they ascend strictly.
private struct KeyBounds {
  /// Nil where the keys ascend.
  private(set) var range: ClosedRange<Int64>?
  var ascends: Bool { range == nil }

  init(_ runs: [BlockList<Int64>]) {
    var last: Int64?
    scan: for run in runs {
      for block in run.blocks {
        guard Self.ascends(block.span, after: &last) else {
          range = Self.range(runs)
          break scan
        }
      }
    }
  }

  init(_ runs: [PointRun], _ ranks: [UInt32]?) {
    var last: Int64?
    for run in runs {
      for place in 0..<run.count {
        let key = run.key(at: place)
        let rank = ranks.map { Int64($0[Int(key)]) } ?? key
        if let last, last >= rank {
          range = 0...0
          return
        }
        last = rank
      }
    }
  }

  private static func ascends(_ keys: Span<Int64>, after last: inout Int64?) -> Bool {
    guard keys.count > 0 else { return true }
    if let last, last >= keys[0] { return false }
    for place in 1..<keys.count where keys[place] <= keys[place - 1] { return false }
    last = keys[keys.count - 1]
    return true
  }

  private static func range(_ runs: [BlockList<Int64>]) -> ClosedRange<Int64> {
    var (low, high) = (Int64.max, Int64.min)
    for run in runs {
      for block in run.blocks {
        let keys = block.span
        for place in keys.indices {
          low = min(low, keys[place])
          high = max(high, keys[place])
        }
      }
    }
    return low...high
  }
}
