import TrackerModel

/// Two points of one key that differ.
struct PointConflict {
  /// A point's place in the text, and what it says.
  struct Side {
    var line: UInt64
    var bits: UInt64
    var epoch: Int64?
  }

  var channel: Channel
  var index: InstanceIndex
  var step: Int64
  /// The side with the lower line.
  var first: Side
  var second: Side
}

/// Points in columns, in the order of channels, indices and steps, each key once.
final class PointRun {
  let indexType: IndexType
  /// Sorted; points name them by place.
  let channelNames: [Channel]
  /// Sorted; points name them by place.
  let columnTable: [TileColumn]
  private let strings: StringColumn
  /// The numbers of strings by rank.
  private let stringOrder: [UInt32]
  private let channels: [Int32]
  private let keys: [UInt64]
  private let columns: [UInt32]
  private let bits: [UInt64]
  /// Positions of the points in the columns above.
  private var order: [UInt32] = []
  /// For each column its place in the block that is being made, otherwise -1: for scans, which take
  /// turns with it, as one array each would be many times the points.
  var columnPlaces: [Int32]

  init(
    indexType: IndexType, channelNames: [Channel], columnTable: [TileColumn],
    strings: StringColumn, stringOrder: [UInt32], channels: [Int32], keys: [UInt64],
    columns: [UInt32], bits: [UInt64]
  ) {
    self.indexType = indexType
    self.channelNames = channelNames
    self.columnTable = columnTable
    self.strings = strings
    self.stringOrder = stringOrder
    self.channels = channels
    self.keys = keys
    self.columns = columns
    self.bits = bits
    columnPlaces = Array(repeating: -1, count: columnTable.count)
  }

  /// An integer index as an unsigned one that sorts alike.
  static func key(_ index: Int64) -> UInt64 { UInt64(bitPattern: index) ^ 1 << 63 }

  var count: Int { order.count }

  // MARK: Order

  /// Sorts the points and drops those that stand twice.
  ///
  /// - Returns: of the points that contradict one another, the pair that shows first in the text.
  func arrange(lines: [UInt64]) -> PointConflict? {
    var sorting = RadixOrder(count: keys.count)
    if !isSorted {
      sorting.sort { UInt64(columns[$0]) }
      sorting.sort { keys[$0] }
      sorting.sort { UInt64(channels[$0]) }
    }
    order = sorting.takeOrder()
    return dropRepeated(lines)
  }

  private var isSorted: Bool {
    for position in keys.indices.dropFirst() {
      if channels[position - 1] != channels[position] {
        if channels[position - 1] > channels[position] { return false }
      } else if keys[position - 1] != keys[position] {
        if keys[position - 1] > keys[position] { return false }
      } else if columns[position - 1] > columns[position] {
        return false
      }
    }
    return true
  }

  private func dropRepeated(_ lines: [UInt64]) -> PointConflict? {
    var conflict: PointConflict?
    var kept = 0
    for place in order.indices {
      let position = Int(order[place])
      guard kept > 0, case let last = Int(order[kept - 1]), isSameKey(last, position) else {
        order[kept] = order[place]
        kept += 1
        continue
      }
      // Columns of one step sort an absent epoch first; a known one replaces it.
      let hasOtherEpoch = columns[last] != columns[position]
      if bits[last] != bits[position] || hasOtherEpoch && epoch(last) != nil {
        let (first, second) =
          lines[last] < lines[position] ? (last, position) : (position, last)
        if conflict.map({ lines[second] < $0.second.line }) ?? true {
          conflict = PointConflict(
            channel: channelNames[Int(channels[position])], index: index(position),
            step: columnTable[Int(columns[position])].step, first: side(first, lines),
            second: side(second, lines))
        }
      }
      order[kept - 1] = order[place]
    }
    order.removeLast(order.count - kept)
    return conflict
  }

  private func isSameKey(_ left: Int, _ right: Int) -> Bool {
    keys[left] == keys[right] && channels[left] == channels[right]
      && (columns[left] == columns[right]
        || columnTable[Int(columns[left])].step == columnTable[Int(columns[right])].step)
  }

  private func epoch(_ position: Int) -> Int64? { columnTable[Int(columns[position])].epoch }

  private func side(_ position: Int, _ lines: [UInt64]) -> PointConflict.Side {
    PointConflict.Side(line: lines[position], bits: bits[position], epoch: epoch(position))
  }

  private func index(_ position: Int) -> InstanceIndex { indices(ofKeys: [keys[position]])[0] }

  // MARK: Reading

  /// The places of a channel's points.
  func places(ofChannel channel: Int) -> Range<Int> {
    let start = firstPlace { Int(channels[$0]) >= channel }
    return start..<max(start, firstPlace { Int(channels[$0]) > channel })
  }

  private func firstPlace(where isBeyond: (Int) -> Bool) -> Int {
    var (low, high) = (0, order.count)
    while low < high {
      let middle = (low + high) / 2
      if isBeyond(Int(order[middle])) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  func key(at place: Int) -> UInt64 { keys[Int(order[place])] }
  func column(at place: Int) -> Int { Int(columns[Int(order[place])]) }
  func bits(at place: Int) -> UInt64 { bits[Int(order[place])] }

  /// The indices that keys stand for.
  func indices(ofKeys keys: [UInt64]) -> IndexColumn {
    switch indexType {
    case .int64: return .integers(keys.map { Int64(bitPattern: $0 ^ 1 << 63) })
    case .string:
      var column = StringColumn()
      for key in keys { column.append(row: Int(stringOrder[Int(key)]), of: strings) }
      return .strings(column)
    }
  }
}
