import TrackerCodec
import TrackerModel

/// Which rows of a tile are decoded.
enum RowSelection: Sendable {
  case all
  case range(Range<Int>)
  /// Ascending, each once.
  case list([Int])

  /// Nil for all of so many.
  func rows(of count: Int) -> [Int]? {
    switch self {
    case .all: nil
    case .range(let range): range.count == count ? nil : Array(range)
    case .list(let rows): rows
    }
  }
}

/// A tile of a scan: the numbers of its source, and of the tile among those of the source.
struct TileNumber: Hashable {
  var source: Int32
  var tile: Int32
}

/// The rows of a window that some tiles of one source share.
struct WindowPart {
  enum Indices {
    /// Consecutive integers.
    case dense(first: Int64, count: Int)
    /// Integers that lie close.
    case marked(IndexMarks)
    /// Integers, by how far they are above one.
    case near(base: Int64, [UInt32])
    case listed(IndexColumn)

    /// - Parameter column: ascends strictly.
    init(_ column: IndexColumn) {
      guard case .integers(let values) = column, let first = values.first, let last = values.last,
        // Of numbers that are ordered the distance is below 2^64.
        UInt64(bitPattern: last &- first) <= UInt64(UInt32.max)
      else {
        self = .listed(column)
        return
      }
      let source = values.span
      if let marks = IndexMarks(source) {
        self = .marked(marks)
        return
      }
      self = .near(
        base: first,
        Array(capacity: source.count) { target in
          for row in source.indices {
            target.append(UInt32(truncatingIfNeeded: source[row] &- first))
          }
        })
    }

    var count: Int {
      switch self {
      case .dense(_, let count): count
      case .marked(let marks): marks.count
      case .near(_, let distances): distances.count
      case .listed(let column): column.count
      }
    }
  }

  /// What tiles of the same rows have in common.
  struct Key: Hashable {
    var source: Int
    var indexSet: IndexSetReference
    var rowCount: Int

    init(source: Int, indexSet: IndexSetReference, rowCount: Int) {
      self.source = source
      self.indexSet = indexSet
      self.rowCount = rowCount
    }

    init(_ number: TileNumber, _ entry: TileEntry) {
      self.init(
        source: Int(number.source), indexSet: entry.indexSet, rowCount: entry.rowCount)
    }
  }

  let key: Key
  private(set) var indices: Indices
  private(set) var rows: RowSelection
  private(set) var tiles: [TileNumber] = []
  /// Of a row: its index, and of strings also its share of the window's own rows.
  private let bytesOfIndex: Int
  /// Of a row.
  private var bytesOfValues = 0
  private var bitsOfPresence = 0
  private var fixedBytes = 0

  init(_ key: Key, _ indices: Indices, _ rows: RowSelection) {
    self.key = key
    self.indices = indices
    self.rows = rows
    switch indices {
    case .dense, .marked: bytesOfIndex = 0
    case .near: bytesOfIndex = 4
    case .listed(.integers): bytesOfIndex = 8
    case .listed(.strings(let column)):
      bytesOfIndex = 9 + 2 * column.bytes.count / max(1, column.count)
    }
  }

  var count: Int { indices.count }

  /// What its rows and tiles take: first indices, then places and values.
  var bytes: Int {
    let values = count * (bytesOfValues + (bitsOfPresence + 7) / 8)
    return fixedBytes + max(count * bytesOfIndex, bytesOfPlaces + values)
  }

  /// Of where its rows stand among the window's: at most a bit for each number between its ends.
  private var bytesOfPlaces: Int {
    switch indices {
    case .dense: 0
    case .marked(let marks): 8 * marks.words.count
    case .near(_, let distances):
      min(4 * distances.count, Int(distances[distances.count - 1] - distances[0]) / 8 + 1)
    case .listed: 4 * count
    }
  }

  /// The first and the last number; nil for strings.
  var ends: (first: Int64, last: Int64)? {
    guard count > 0, case .integer(let first) = self[0], case .integer(let last) = self[count - 1]
    else { return nil }
    return (first, last)
  }

  mutating func add(_ number: TileNumber, _ entry: TileEntry) {
    tiles.append(number)
    let cells = entry.columns.count
    // Sources take four bytes each where they are read.
    let width = (entry.valueType == .float64 ? 8 : 4) + (entry.sources == .none ? 0 : 4)
    bytesOfValues += (width * entry.statistics.pointCount + entry.rowCount - 1) / entry.rowCount
    if entry.statistics.pointCount < cells * entry.rowCount { bitsOfPresence += cells }
    fixedBytes += Self.fixedBytes(of: entry)
  }

  /// What a tile takes whatever its rows.
  static func fixedBytes(of entry: TileEntry) -> Int { 1024 + 64 * entry.columns.count }

  subscript(row: Int) -> InstanceIndex {
    switch indices {
    case .dense(let first, _): .integer(first + Int64(row))
    case .marked(let marks): .integer(marks[row])
    case .near(let base, let distances): .integer(base + Int64(distances[row]))
    case .listed(let column): column[row]
    }
  }

  /// Drops the rows that are not in a range.
  mutating func clip(to range: IndexRange) {
    if case .marked(let marks) = indices { return clip(marks, to: range) }
    let start = range.lower.map(lowerBound) ?? 0
    let end = max(start, range.upper.map(lowerBound) ?? count)
    guard start > 0 || end < count else { return }
    switch indices {
    case .dense(let first, _): indices = .dense(first: first + Int64(start), count: end - start)
    case .marked: break
    case .near(let base, let distances): indices = .near(base: base, Array(distances[start..<end]))
    case .listed(let column): indices = .listed(column.slice(start..<end))
    }
    clipRows(to: start..<end)
  }

  private mutating func clip(_ marks: IndexMarks, to range: IndexRange) {
    func bit(_ index: InstanceIndex) -> Int {
      // Integers come before strings.
      if case .integer(let value) = index { marks.bit(of: value) } else { 64 * marks.words.count }
    }
    let start = range.lower.map(bit) ?? 0
    let end = max(start, range.upper.map(bit) ?? 64 * marks.words.count)
    guard start > marks.ends.lowerBound || end <= marks.ends.upperBound else { return }
    let first = marks.count(in: 0..<start)
    let left = marks.clipped(to: start..<end)
    indices = left.map(Indices.marked) ?? .dense(first: 0, count: 0)
    clipRows(to: first..<first + count)
  }

  private mutating func clipRows(to part: Range<Int>) {
    let (start, end) = (part.lowerBound, part.upperBound)
    switch rows {
    case .all: rows = .range(start..<end)
    case .range(let range): rows = .range(range.lowerBound + start..<range.lowerBound + end)
    case .list(let list): rows = .list(Array(list[start..<end]))
    }
  }

  private func lowerBound(of index: InstanceIndex) -> Int {
    switch indices {
    case .listed(let column): return column.lowerBound(of: index)
    case .marked(let marks):
      guard case .integer(let value) = index else { return marks.count }
      return marks.count(in: 0..<marks.bit(of: value))
    case .dense(let first, let count):
      guard case .integer(let value) = index, value > first else { return 0 }
      // Of numbers that are ordered the distance is below 2^64.
      return Int(min(UInt64(count), UInt64(bitPattern: value &- first)))
    case .near(let base, let distances):
      guard case .integer(let value) = index, value > base else { return 0 }
      let distance = UInt64(bitPattern: value &- base)
      var (low, high) = (0, distances.count)
      while low < high {
        let middle = (low + high) / 2
        if UInt64(distances[middle]) < distance { low = middle + 1 } else { high = middle }
      }
      return low
    }
  }

  /// Forgets the indices: they are known as places among others.
  mutating func dropIndices() { indices = .dense(first: 0, count: 0) }

  /// The indices as a column.
  var column: IndexColumn {
    switch indices {
    case .dense(let first, let count): .integers((0..<Int64(count)).map { first + $0 })
    case .marked(let marks): .integers(marks.integers)
    case .near(let base, let distances): .integers(distances.map { base + Int64($0) })
    case .listed(let column): column
    }
  }
}

/// Where the rows of a part stand among those of its window.
enum PartPlaces {
  case run(first: Int, count: Int)
  /// Ascending strictly.
  case listed([Int32])
  /// Those marked, of the rows from the one on that bit 0 stands for, which may be before the first.
  case marked(origin: Int, IndexMarks)

  /// In as little memory as they need.
  ///
  /// - Parameter places: ascending strictly; at least one.
  init(_ places: [Int32]) {
    let first = places[0]
    let reach = Int(places[places.count - 1] - first) + 1
    if reach == places.count {
      self = .run(first: Int(first), count: reach)
    } else if reach < 32 * places.count {
      var words = [UInt64](repeating: 0, count: (reach + 63) / 64)
      for place in places { words[Int(place - first) >> 6] |= 1 &<< UInt64((place - first) & 63) }
      if let marks = IndexMarks(base: 0, words) {
        self = .marked(origin: Int(first), marks)
      } else {
        self = .listed(places)
      }
    } else {
      self = .listed(places)
    }
  }

  /// Of rows that are the candidates themselves.
  init(_ marks: IndexMarks, origin: Int) {
    self =
      marks.ends.count == marks.count
      ? .run(first: origin + marks.ends.lowerBound, count: marks.count)
      : .marked(origin: origin, marks)
  }

  var first: Int {
    switch self {
    case .run(let first, _): first
    case .marked(let origin, let marks): origin + marks.ends.lowerBound
    case .listed(let places): Int(places[0])
    }
  }

  var count: Int {
    switch self {
    case .run(_, let count): count
    case .marked(_, let marks): marks.count
    case .listed(let places): places.count
    }
  }
}
