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

  /// See `PointRun`.
  @inline(__always)
  mutating func append(
    _ keys: [Int64], _ values: MetricValues, at places: [Int]?, rounding precision: Precision?
  ) {
    fresh.append(keys, values, at: places, rounding: precision)
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

  /// Calls `body` with the points sorted by index, the last of each index only, in parts of at most
  /// `partSize` rows.
  ///
  /// - Parameters:
  ///   - strings: what keys that are numbers stand for.
  ///   - ranks: what those numbers sort by; used for strings only.
  ///   - buffer: an empty buffer for the next part's bits.
  func forEachPart(
    of partSize: Int, _ strings: StringColumn, ranks: @autoclosure () -> [UInt32],
    buffer: () -> [UInt64] = { [] },
    _ body: (_ rows: TileRows, _ bits: consuming [UInt64]) throws(TrackerError) -> Void
  ) throws(TrackerError) {
    let isString = fresh.indexType == .string
    var points = OrderedPoints([committed, fresh], ranks: isString ? ranks() : nil)
    while points.remaining > 0 {
      var rowCount = min(partSize, points.remaining)
      if isString {
        // Long strings fill an index set before its rows do.
        var (bytes, fitting) = (0, 0)
        while fitting < rowCount, bytes < Self.maxPartBytes {
          let key = points.key(ofRow: points.row + fitting)
          bytes += key.map { strings.range(of: Int($0)).count } ?? 0
          fitting += 1
        }
        rowCount = fitting
      }
      var bits = buffer()
      let keys = points.next(rowCount, into: &bits)
      try body(Self.rows(keys, isString ? strings : nil), bits)
    }
  }

  private static func rows(_ keys: PointKeys, _ strings: StringColumn?) -> TileRows {
    switch keys {
    case .dense(let first, let count): return .dense(first: first, count: count)
    case .listed(let keys):
      guard let strings else { return TileRows(.integers(keys)) }
      var column = StringColumn()
      for key in keys { column.append(row: Int(key), of: strings) }
      return .listed(.strings(column))
    }
  }
}
