import TrackerCodec
import TrackerFile
import TrackerModel

/// Cuts the indices of some trackers into ranges of about as many points each, by their directories
/// alone.
///
/// A tile's points are taken to lie evenly between its first and last index. Bounds depend only on the
/// directories, in whatever order trackers come: each partition is made by a process of its own.
struct PartitionBounds {
  /// What a directory tells of a tile.
  private struct Extent {
    var first: InstanceIndex
    var last: InstanceIndex
    var points: Int
  }

  private let extents: [Extent]
  private let type: IndexType
  /// The same for the same inputs.
  let setID: UInt64

  init(_ trackers: [Snapshot], type: IndexType) {
    self.type = type
    var extents: [Extent] = []
    var setID: UInt64 = 0
    for snapshot in trackers {
      var mark = Mark()
      for entry in snapshot.tiles {
        extents.append(
          Extent(
            first: entry.firstIndex, last: entry.lastIndex, points: entry.statistics.pointCount))
        mark.add(entry)
      }
      // A sum does not depend on the order.
      setID &+= mark.finished
    }
    extents.sort { ($0.first, $0.last, $0.points) < ($1.first, $1.last, $1.points) }
    self.extents = extents
    self.setID = setID
  }

  /// The first index of each part but the first, ascending, as many as are asked for; equal ones where
  /// there is nothing to part.
  func bounds(_ count: Int) -> [InstanceIndex] {
    guard count > 1 else { return [] }
    let scale = IndexScale(extents.flatMap { [$0.first, $0.last] }, type: type)
    // How fast points come, in the order of places: each tile raises it where it begins, and lowers it
    // behind its end.
    var changes: [(place: Double, rate: Double)] = []
    var total = 0.0
    for extent in extents {
      let low = scale.place(of: extent.first)
      // Large numbers have no room for a difference of 1.
      let last = max(low, scale.place(of: extent.last))
      let high = last + max(1, 2 * last.ulp)
      let rate = Double(extent.points) / (high - low)
      changes.append((low, rate))
      changes.append((high, -rate))
      total += Double(extent.points)
    }
    changes.sort { ($0.place, $0.rate) < ($1.place, $1.rate) }
    var bounds: [InstanceIndex] = []
    var (sum, rate, place) = (0.0, 0.0, changes.first?.place ?? 0)
    for change in changes {
      let next = sum + max(0, rate) * (change.place - place)
      while bounds.count < count - 1 {
        let wanted = total / Double(count) * Double(bounds.count + 1)
        guard wanted <= next, rate > 0 else { break }
        bounds.append(scale.index(at: place + (wanted - sum) / rate))
      }
      (sum, rate, place) = (next, rate + change.rate, change.place)
    }
    let end = scale.index(at: place)
    while bounds.count < count - 1 { bounds.append(end) }
    // Rounding must not turn two around.
    for place in bounds.indices.dropFirst() {
      bounds[place] = max(bounds[place], bounds[place - 1])
    }
    return bounds
  }

  /// FNV-1a over what tells a tracker's tiles from those of another.
  private struct Mark {
    private var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    private mutating func add(_ word: UInt64) {
      hash = (hash ^ word) &* 0x0000_0100_0000_01B3
      hash ^= hash >> 29
    }

    private mutating func add(_ index: InstanceIndex) {
      switch index {
      case .integer(let value): add(UInt64(bitPattern: value))
      case .string(let name): for byte in name.utf8 { add(UInt64(byte)) }
      }
    }

    mutating func add(_ entry: TileEntry) {
      add(entry.firstIndex)
      add(entry.lastIndex)
      for word in [entry.rowCount, entry.statistics.pointCount, entry.columns.count] {
        add(UInt64(word))
      }
      add(UInt64(bitPattern: entry.columns[0].step))
      add(entry.statistics.min ?? 0)
      add(entry.statistics.max ?? 0)
    }

    var finished: UInt64 {
      var last = self
      last.add(1 as UInt64)
      return last.hash
    }
  }
}

/// Puts indices on a line of numbers, in their order.
///
/// Integers stand where they are. Of strings the bytes behind what all have in common count, as the
/// digits of a number: of as many different digits as there are between the lowest and the highest.
private struct IndexScale {
  private let type: IndexType
  private var prefix: [UInt8] = []
  private var (lowest, base) = (UInt8(0), 1.0)

  /// - Parameter sample: indices that lie on the scale.
  init(_ sample: [InstanceIndex], type: IndexType) {
    self.type = type
    guard type == .string else { return }
    let names = sample.map(Self.bytes)
    guard let first = names.min(by: { $0.lexicographicallyPrecedes($1) }),
      let last = names.max(by: { $0.lexicographicallyPrecedes($1) })
    else { return }
    prefix = Array(zip(first, last).prefix { $0 == $1 }.map(\.0))
    let digits = names.flatMap { $0.dropFirst(prefix.count) }
    // Only of ASCII every row of digits is a string again.
    let (low, high) = (digits.min() ?? 0, min(127, digits.max() ?? 0))
    lowest = low
    base = Double(max(1, Int(high) - Int(low) + 1)) + 1
    if let cut = prefix.lastIndex(where: { $0 & 0xC0 != 0x80 }), prefix.last ?? 0 >= 0x80 {
      // Not within a character.
      prefix.removeSubrange(cut...)
    }
  }

  private static func bytes(_ index: InstanceIndex) -> [UInt8] {
    guard case .string(let name) = index else { return [] }
    return Array(name.utf8)
  }

  func place(of index: InstanceIndex) -> Double {
    switch index {
    case .integer(let value): return Double(value)
    case .string(let name):
      var (place, weight) = (0.0, 1.0)
      for byte in Array(name.utf8).dropFirst(prefix.count).prefix(Self.digits) {
        weight /= base
        // 0 is the end of a string; what is beyond the digits known is the last of them.
        place += weight * min(base - 1, Double(max(0, Int(byte) - Int(lowest)) + 1))
      }
      return place * Self.length
    }
  }

  private static let digits = 12
  private static let length = 0x1p60

  /// The first index at or behind a place.
  func index(at place: Double) -> InstanceIndex {
    guard type == .string else {
      return .integer(Int64(exactly: place.rounded(.up)) ?? (place < 0 ? .min : .max))
    }
    var rest = max(0, place / Self.length)
    var bytes = prefix
    for _ in 0..<Self.digits {
      rest *= base
      let digit = min(base - 1, rest.rounded(.down))
      rest -= digit
      guard digit >= 1 else { break }
      bytes.append(lowest + UInt8(digit) - 1)
    }
    return .string(Name(utf8: bytes) ?? "")
  }
}
