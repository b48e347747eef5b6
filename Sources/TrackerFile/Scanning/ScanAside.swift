import TrackerCodec
import TrackerModel
import TrackerSystem

/// What a scan decoded and needs only in later windows: it waits in a temporary file, as to read it
/// there costs far less than to decode it again.
///
/// Where there is no more room, nothing more is kept, and tiles are decoded in each window. One owner.
final class ScanAside {
  private let file: TemporaryFile
  /// Words that the file may have.
  private let limit: Int
  private var isFull = false
  private var tiles: [TileNumber: Rows] = [:]
  private var sets: [WindowPart.Key: Bits] = [:]
  private var words: [UInt64] = []

  /// The last rows of a tile, all of whose cells hold a point: column by column, each in whole words.
  private struct Rows {
    var place: Int
    var first: Int
    var count: Int
  }

  /// An index set as a bit for each integer.
  private struct Bits {
    var place: Int
    var base: Int64
    var wordCount: Int
    /// A word that no later window begins before, and the rows before it.
    var passed = 0
    var rows = 0

    /// The place of an index among the bits, or of the next.
    func bit(of index: InstanceIndex) -> Int {
      guard case .integer(let value) = index, value > base else { return 0 }
      // Of numbers that are ordered the distance is below 2^64.
      return Int(min(UInt64(64 * wordCount), UInt64(bitPattern: value &- base)))
    }
  }

  /// Nil where no such file can be made.
  ///
  /// - Parameter limit: bytes that the file may take.
  init?(inFolder folder: String, limit: Int) {
    guard let file = try? TemporaryFile(inFolder: folder) else { return nil }
    self.file = file
    self.limit = limit / 8
  }

  private func keepWords() -> Int? {
    guard !isFull, file.wordCount + words.count <= limit else { return nil }
    // Taken out, as a span of it borrows all of self.
    let held = exchange(&words, with: [])
    defer { words = held }
    do {
      return try file.append(held.span)
    } catch {
      // The file system is full, say: what was written stays.
      isFull = true
      return nil
    }
  }

  private func read(_ range: Range<Int>, at place: Int) throws(TrackerError) {
    var held = exchange(&words, with: [])
    defer { words = held }
    held.removeAll(keepingCapacity: true)
    held.append(contentsOf: repeatElement(0, count: range.count))
    var target = held.mutableSpan
    try file.read(at: place + range.lowerBound, into: &target)
  }

  // MARK: Tiles

  /// Whether rows of a tile can be kept, where there is room.
  static func canKeepRows(_ entry: TileEntry, _ origins: OriginTracking) -> Bool {
    entry.statistics.pointCount == entry.rowCount * entry.columns.count
      && (origins == .none || entry.sources == .none)
  }

  /// Whether all of a tile can be kept.
  static func canKeep(_ entry: TileEntry, _ origins: OriginTracking) -> Bool {
    guard canKeepRows(entry, origins) else { return false }
    guard case .record = entry.indexSet else { return true }
    guard case .integer(let first) = entry.firstIndex, case .integer(let last) = entry.lastIndex
    else { return false }
    return IndexMarks.fit(first, last, count: entry.rowCount)
  }

  func mayKeep(_ entry: TileEntry, _ origins: OriginTracking) -> Bool {
    !isFull && Self.canKeepRows(entry, origins)
  }

  func hasRows(of tile: TileNumber) -> Bool { tiles[tile] != nil }

  /// Keeps all but the first rows of what was decoded of a tile.
  ///
  /// - Parameter first: the row of the tile that the decoded ones begin with.
  func keep(_ content: DecodedTile, of tile: TileNumber, from first: Int, allBut count: Int) {
    let rest = count..<content.rowCount
    words.removeAll(keepingCapacity: true)
    for start in content.starts {
      content.values.appendWords(start + rest.lowerBound..<start + rest.upperBound, to: &words)
    }
    guard let place = keepWords() else { return }
    tiles[tile] = Rows(place: place, first: first + count, count: rest.count)
  }

  /// Some rows of a tile that were kept.
  func rows(_ rows: Range<Int>, of tile: TileNumber, _ entry: TileEntry) throws(TrackerError)
    -> DecodedTile?
  {
    guard let kept = tiles[tile] else { return nil }
    let width = entry.valueType == .float64 ? 1 : 2
    let part = rows.lowerBound - kept.first..<rows.upperBound - kept.first
    let wordsOfColumn = (kept.count + width - 1) / width
    var values = ValueBuffer(entry.valueType)
    values.reserveCapacity(rows.count * entry.columns.count)
    for column in entry.columns.indices {
      let first = part.lowerBound / width
      try read(
        first..<(part.upperBound + width - 1) / width, at: kept.place + column * wordsOfColumn)
      let held = exchange(&words, with: [])
      values.append(held.span, from: part.lowerBound - first * width, count: part.count)
      words = held
    }
    return DecodedTile(full: values, rowCount: rows.count, columnCount: entry.columns.count)
  }

  // MARK: Index sets

  /// Keeps the rows of some tiles, all that they have, where these are near each other.
  func keep(_ indices: WindowPart.Indices, of key: WindowPart.Key) {
    guard !isFull, case .marked(let marks) = indices else { return }
    words.removeAll(keepingCapacity: true)
    words.append(contentsOf: marks.words)
    guard let place = keepWords() else { return }
    sets[key] = Bits(place: place, base: marks.base, wordCount: marks.words.count)
  }

  /// Those rows of a kept set that are in a range, and the number of the first; nil where it was not
  /// kept, or has none there.
  ///
  /// - Parameter range: does not begin before those asked for earlier.
  func part(of key: WindowPart.Key, in range: IndexRange) throws(TrackerError)
    -> (indices: WindowPart.Indices, first: Int)?
  {
    guard var kept = sets[key] else { return nil }
    let lower = range.lower.map { kept.bit(of: $0) } ?? 0
    let upper = range.upper.map { kept.bit(of: $0) } ?? 64 * kept.wordCount
    guard lower < upper else { return nil }
    let (before, start) = (kept.passed, lower / 64)
    try read(before..<(upper + 63) / 64, at: kept.place)
    for word in 0..<start - before { kept.rows += words[word].nonzeroBitCount }
    kept.passed = start
    sets[key] = kept
    // The part's own memory, and no more than it needs.
    var marks = Array(words[(start - before)...])
    let skipped = marks[0] & ((1 &<< UInt64(lower & 63)) &- 1)
    marks[0] ^= skipped
    marks[marks.count - 1] = IndexMarks.part(
      marks[marks.count - 1], at: marks.count - 1, in: 0..<upper - 64 * start)
    guard let found = IndexMarks(base: kept.base &+ Int64(64 * start), marks) else { return nil }
    return (.marked(found), kept.rows + skipped.nonzeroBitCount)
  }

  func hasSet(_ key: WindowPart.Key) -> Bool { sets[key] != nil }
}

extension ValueBuffer {
  /// Appends some values as words, two float32 in one; the last may be half empty.
  fileprivate func appendWords(_ places: Range<Int>, to words: inout [UInt64]) {
    if type == .float64 {
      words.append(contentsOf: float64Bits[places])
      return
    }
    let source = float32Bits.span.extracting(places)
    words.reserveCapacity(words.count + (source.count + 1) / 2)
    var place = 0
    while place + 1 < source.count {
      words.append(UInt64(source[place]) | UInt64(source[place + 1]) &<< 32)
      place += 2
    }
    if place < source.count { words.append(UInt64(source[place])) }
  }

  /// Appends values from such words.
  fileprivate mutating func append(_ words: Span<UInt64>, from first: Int, count: Int) {
    if type == .float64 {
      for place in first..<first + count { append(words[place]) }
      return
    }
    var bits = takeFloat32Bits()
    let start = bits.count
    bits.append(contentsOf: repeatElement(0, count: count))
    var target = bits.mutableSpan
    var (place, next) = (start, first)
    if next & 1 == 1, place < target.count {
      target[place] = UInt32(truncatingIfNeeded: words[next >> 1] &>> 32)
      place += 1
      next += 1
    }
    let pairs = words.extracting((next >> 1)...)
    var pair = 0
    while place + 1 < target.count {
      let word = pairs[pair]
      target[place] = UInt32(truncatingIfNeeded: word)
      target[place + 1] = UInt32(truncatingIfNeeded: word &>> 32)
      place += 2
      pair += 1
    }
    if place < target.count { target[place] = UInt32(truncatingIfNeeded: pairs[pair]) }
    self = ValueBuffer(float32Bits: bits)
  }
}
