import TrackerFile
import TrackerModel

/// The points of one channel in an epoch that is not sealed yet.
struct OpenEpoch: Sendable {
  struct Key: Hashable, Sendable {
    var channel: Channel
    var epoch: Int64
  }

  private static let maxPartBytes = 1 << 24

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

  @inline(__always)
  mutating func append(_ keys: [Int64], bits: (_ position: Int) -> UInt64) {
    fresh.append(keys, bits: bits)
  }

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

  /// The fresh points alone.
  var withoutCommitted: OpenEpoch {
    var open = self
    open.committed = PointRun(indexType: fresh.indexType, valueType: fresh.valueType)
    return open
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
  ///
  /// - Parameters:
  ///   - strings: what keys that are numbers stand for.
  ///   - ranks: what those numbers sort by; used for strings only.
  func forEachPart(
    of partSize: Int, _ strings: StringColumn, ranks: @autoclosure () -> [UInt32],
    _ body: (_ rows: IndexColumn, _ bits: [UInt64]) throws(TrackerError) -> Void
  ) throws(TrackerError) {
    let places = PointOrder.lastPlaces(
      of: committed, then: fresh, ranks: fresh.indexType == .string ? ranks() : nil)
    var start = 0
    while start < places.count {
      var end = min(start + partSize, places.count)
      if fresh.indexType == .string {
        // Long strings fill an index set before its rows do.
        var bytes = 0
        end = start
        while end < min(start + partSize, places.count), bytes < Self.maxPartBytes {
          bytes += strings.range(of: Int(key(at: Int(places[end])))).count
          end += 1
        }
      }
      let part = places[start..<end]
      let rows: IndexColumn
      switch fresh.indexType {
      case .int64: rows = .integers(part.map { key(at: Int($0)) })
      case .string:
        var column = StringColumn()
        for place in part {
          column.append(row: Int(key(at: Int(place))), of: strings)
        }
        rows = .strings(column)
      }
      try body(rows, part.map { bits(at: Int($0)) })
      start += part.count
    }
  }
}
