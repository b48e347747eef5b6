import TrackerFile
import TrackerModel

/// The points of one channel in an epoch that is not sealed yet.
struct OpenEpoch {
  struct Key: Hashable {
    var channel: Channel
    var epoch: Int64
  }

  let key: Key
  /// Points that the last commit holds already.
  private(set) var committed: PointRun
  /// Points recorded since.
  private(set) var fresh: PointRun

  var valueType: ValueType { fresh.valueType }
  var isEmpty: Bool { committed.count + fresh.count == 0 }

  init(_ key: Key, indexType: IndexType, valueType: ValueType) {
    self.key = key
    committed = PointRun(indexType: indexType, valueType: valueType)
    fresh = committed
  }

  mutating func append(key: Int64, bits: UInt64) { fresh.append(key: key, bits: bits) }

  /// Keeps memory bounded where indices repeat many times within one epoch.
  mutating func foldIfLarge() { if fresh.wantsFolding { fresh.fold() } }

  /// The fresh points are part of a commit now.
  mutating func markCommitted() {
    guard fresh.count > 0 else { return }
    if committed.count == 0 {
      swap(&committed, &fresh)
    } else {
      committed.append(contentsOf: fresh)
    }
    fresh = PointRun(indexType: committed.indexType, valueType: committed.valueType)
    if committed.wantsFolding { committed.fold() }
  }

  /// Takes points read from a commit.
  mutating func restore(_ run: PointRun) { committed.append(contentsOf: run) }

  private func key(at place: Int) -> Int64 {
    place < committed.count ? committed.key(at: place) : fresh.key(at: place - committed.count)
  }

  private func bits(at place: Int) -> UInt64 {
    place < committed.count ? committed.bits(at: place) : fresh.bits(at: place - committed.count)
  }

  /// Calls `body` with the points sorted by index, the last of each index only, in parts of at most
  /// `partSize` rows.
  func forEachPart(
    of partSize: Int, freshOnly: Bool = false, _ strings: inout StringTable,
    _ body: (_ rows: IndexColumn, _ bits: [UInt64]) throws(TrackerError) -> Void
  ) throws(TrackerError) {
    let ranks = fresh.indexType == .string ? strings.sortedRanks() : nil
    let places =
      freshOnly
      ? PointOrder.lastPlaces(of: fresh, then: nil, ranks: ranks)
      : PointOrder.lastPlaces(of: committed, then: fresh, ranks: ranks)
    let base = freshOnly ? committed.count : 0
    var start = 0
    while start < places.count {
      let part = places[start..<min(start + partSize, places.count)]
      let rows: IndexColumn
      switch fresh.indexType {
      case .int64: rows = .integers(part.map { key(at: base + Int($0)) })
      case .string:
        var column = StringColumn()
        for place in part {
          column.append(row: Int(key(at: base + Int(place))), of: strings.strings)
        }
        rows = .strings(column)
      }
      try body(rows, part.map { bits(at: base + Int($0)) })
      start += part.count
    }
  }
}
