/// Integers near each other as a bit for each candidate: an eighth or less of what they take listed, and
/// sets unite without looking at any of them.
struct IndexMarks: Sendable {
  /// The integer that bit 0 stands for: a multiple of 64, so that words of one set are words of others.
  let base: Int64
  let words: [UInt64]
  /// How many bits are 1: at least one.
  let count: Int
  /// Which is the first of these, and the last.
  let ends: ClosedRange<Int>

  /// Nil where no bit is 1.
  ///
  /// - Parameter base: a multiple of 64.
  init?(base: Int64, _ words: [UInt64]) {
    guard let low = words.firstIndex(where: { $0 != 0 }),
      let high = words.lastIndex(where: { $0 != 0 })
    else { return nil }
    self.base = base
    self.words = words
    count = words.reduce(0) { $0 + $1.nonzeroBitCount }
    ends =
      64 * low + words[low].trailingZeroBitCount...64 * high + 63
      - words[high].leadingZeroBitCount
  }

  /// Nil where a bit for each candidate would take as much memory as the integers.
  ///
  /// - Parameter values: ascend strictly.
  init?(_ values: Span<Int64>) {
    guard values.count > 0, Self.fit(values[0], values[values.count - 1], count: values.count)
    else { return nil }
    let (first, last) = (values[0], values[values.count - 1])
    // Towards the lowest Int64, which is such a multiple itself.
    let base = first & ~63
    let reach = last &- base
    var words = [UInt64](repeating: 0, count: Int(reach) / 64 + 1)
    var marks = words.mutableSpan
    for place in values.indices {
      let bit = values[place] &- base
      marks[Int(bit >> 6)] |= 1 &<< UInt64(bit & 63)
    }
    self.base = base
    self.words = words
    count = values.count
    ends = Int(first - base)...Int(reach)
  }

  /// Whether so many integers from one to another are near each other.
  static func fit(_ first: Int64, _ last: Int64, count: Int) -> Bool {
    // Of numbers that are ordered the distance is below 2^64.
    UInt64(bitPattern: last &- (first & ~63)) < 32 * UInt64(count)
  }

  /// The bit of an integer; of those beyond the words the one before the first or behind the last.
  func bit(of value: Int64) -> Int {
    guard value > base else { return 0 }
    // Of numbers that are ordered the distance is below 2^64.
    return Int(min(UInt64(64 * words.count), UInt64(bitPattern: value &- base)))
  }

  /// The 64 bits of a word that are in a range.
  @inline(__always)
  static func part(_ word: UInt64, at place: Int, in range: Range<Int>) -> UInt64 {
    var rest = word
    if 64 * place < range.lowerBound {
      rest &= .max &<< UInt64(min(64, range.lowerBound - 64 * place) & 63)
      if range.lowerBound - 64 * place >= 64 { rest = 0 }
    }
    let room = range.upperBound - 64 * place
    if room < 64 { rest &= room > 0 ? (1 &<< UInt64(room)) &- 1 : 0 }
    return rest
  }

  /// How many of the bits in a range are 1.
  func count(in range: Range<Int>) -> Int {
    guard !range.isEmpty else { return 0 }
    let marks = words.span
    let (low, high) = (range.lowerBound / 64, (range.upperBound - 1) / 64)
    var found = Self.part(marks[low], at: low, in: range).nonzeroBitCount
    guard low < high else { return found }
    for place in low + 1..<high { found += marks[place].nonzeroBitCount }
    return found + Self.part(marks[high], at: high, in: range).nonzeroBitCount
  }

  /// Calls `body` with each bit of a range that is 1.
  @inline(__always)
  func forEach(in range: Range<Int>, _ body: (Int) -> Void) {
    guard !range.isEmpty else { return }
    let marks = words.span
    for place in range.lowerBound / 64...(range.upperBound - 1) / 64 {
      var rest = Self.part(marks[place], at: place, in: range)
      while rest != 0 {
        body(64 &* place &+ rest.trailingZeroBitCount)
        rest &= rest &- 1
      }
    }
  }

  func forEach(_ body: (Int) -> Void) { forEach(in: ends.lowerBound..<ends.upperBound + 1, body) }

  /// The bit of the row of a number. Complexity: O(words).
  func bit(ofRow row: Int) -> Int {
    if row == 0 { return ends.lowerBound }
    if row == count - 1 { return ends.upperBound }
    var (place, before) = (0, 0)
    while before + words[place].nonzeroBitCount <= row {
      before += words[place].nonzeroBitCount
      place += 1
    }
    var rest = words[place]
    for _ in before..<row { rest &= rest &- 1 }
    return 64 * place + rest.trailingZeroBitCount
  }

  /// The integer of a row. Complexity: O(words), but of the first and the last O(1).
  subscript(row: Int) -> Int64 { base &+ Int64(bit(ofRow: row)) }

  /// All of them, ascending.
  var integers: [Int64] {
    Array(capacity: count) { target in forEach { target.append(base &+ Int64($0)) } }
  }

  /// Those in a range of bits, in no more memory than they need; nil where there are none.
  func clipped(to range: Range<Int>) -> IndexMarks? {
    guard !range.isEmpty else { return nil }
    let places = range.lowerBound / 64...(range.upperBound - 1) / 64
    return IndexMarks(
      base: base &+ Int64(64 * places.lowerBound),
      places.map { Self.part(words[$0], at: $0, in: range) })
  }
}
