public import TrackerModel

/// Where a tile's rows are listed.
public enum IndexSetReference: Sendable, Hashable {
  /// Consecutive integers from `first` on.
  case dense(first: Int64)
  /// The index set record at this offset of the file.
  case record(offset: UInt64)
}

/// What a tile says of itself before its values.
public struct TileHeader: Sendable, Hashable {
  public var channel: Channel
  public var valueType: ValueType
  public var rowCount: Int
  public var columns: [TileColumn]
  public var indexSet: IndexSetReference
  public var presence: Presence
  public var sources: TileSources

  public init(
    channel: Channel, valueType: ValueType, rowCount: Int, columns: [TileColumn],
    indexSet: IndexSetReference, presence: Presence, sources: TileSources = .none
  ) {
    self.channel = channel
    self.valueType = valueType
    self.rowCount = rowCount
    self.columns = columns
    self.indexSet = indexSet
    self.presence = presence
    self.sources = sources
  }

  public var cellCount: Int { rowCount * columns.count }

  var cellRows: CellRows {
    CellRows(rowCount: rowCount, columnCount: columns.count, presence: presence)
  }
}

/// What a directory keeps of a tile's values.
public struct TileStatistics: Sendable, Hashable {
  public var pointCount = 0
  public var nanCount = 0
  /// The lowest and highest value that is not NaN, as float64 bits; nil where there is none.
  public var min: UInt64?
  public var max: UInt64?
  /// The sum of all values that are not NaN, in float64: of every fourth of the tile's, each sum added in
  /// their order, then the first two, the others, and both.
  public var sum: Double = 0

  public init() {}

  public init(_ values: ValueBuffer) {
    switch values.type {
    case .float32: add(values.float32Bits.span, .float32)
    case .float64: add(values.float64Bits.span, .float64)
    }
  }

  private mutating func add<Word: ValueWord>(_ values: Span<Word>, _ type: ValueType) {
    pointCount = values.count
    guard values.count > 0 else { return }
    // First as if no value were a NaN: those sort beyond the infinities.
    var (low, high) = (Word.max, Word.min)
    var sums = (0.0, 0.0, 0.0, 0.0)
    var place = 0
    // Four sums, so that additions do not wait for each other.
    while place &+ 4 <= values.count {
      let (a, b, c, d) = (
        values[place], values[place &+ 1], values[place &+ 2], values[place &+ 3]
      )
      sums.0 += Self.value(a)
      sums.1 += Self.value(b)
      sums.2 += Self.value(c)
      sums.3 += Self.value(d)
      let (ranks, others) = ((Self.rank(a), Self.rank(b)), (Self.rank(c), Self.rank(d)))
      low = Swift.min(Swift.min(low, ranks.0, ranks.1), Swift.min(others.0, others.1))
      high = Swift.max(Swift.max(high, ranks.0, ranks.1), Swift.max(others.0, others.1))
      place &+= 4
    }
    if place < values.count { sums.0 += Self.value(values[place]) }
    if place &+ 1 < values.count { sums.1 += Self.value(values[place &+ 1]) }
    if place &+ 2 < values.count { sums.2 += Self.value(values[place &+ 2]) }
    while place < values.count {
      low = Swift.min(low, Self.rank(values[place]))
      high = Swift.max(high, Self.rank(values[place]))
      place &+= 1
    }
    sum = (sums.0 + sums.1) + (sums.2 + sums.3)
    let (lowest, highest) = Self.infinities(type)
    if UInt64(low) < lowest || UInt64(high) > highest {
      (low, high) = addWithoutNaN(values)
    }
    // Opposite infinities sum to a NaN whose bits differ between processors.
    if sum.isNaN { sum = Double(bitPattern: 0x7FF8_0000_0000_0000) }
    guard nanCount < pointCount else { return }
    min = Self.float64Bits(OrderedInteger.unmap(UInt64(low), type), type)
    max = Self.float64Bits(OrderedInteger.unmap(UInt64(high), type), type)
  }

  @inline(__always)
  private static func value<Word: ValueWord>(_ bits: Word) -> Double {
    Word.bitWidth == 32
      ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
      : Double(bitPattern: UInt64(truncatingIfNeeded: bits))
  }

  /// The ordered integer.
  @inline(__always)
  private static func rank<Word: ValueWord>(_ bits: Word) -> Word {
    let sign: Word = 1 &<< Word(Word.bitWidth - 1)
    return bits & sign != 0 ? ~bits : bits | sign
  }

  private static func float64Bits(_ bits: UInt64, _ type: ValueType) -> UInt64 {
    type == .float64 ? bits : Widening.widen(UInt32(truncatingIfNeeded: bits))
  }

  /// The ranks of −∞ and ∞.
  private static func infinities(_ type: ValueType) -> (UInt64, UInt64) {
    type == .float32
      ? (OrderedInteger.map(0xFF80_0000, type), OrderedInteger.map(0x7F80_0000, type))
      : (
        OrderedInteger.map(0xFFF0_0000_0000_0000, type),
        OrderedInteger.map(0x7FF0_0000_0000_0000, type)
      )
  }

  /// Counts NaNs, and sums the others anew, as if NaNs were −0.0.
  private mutating func addWithoutNaN<Word: ValueWord>(_ values: Span<Word>)
    -> (low: Word, high: Word)
  {
    var (low, high) = (Word.max, Word.min)
    var sums = [0.0, 0.0, 0.0, 0.0]
    for place in values.indices {
      let value = Self.value(values[place])
      if value.isNaN {
        nanCount += 1
        continue
      }
      sums[place & 3] += value
      let rank = Self.rank(values[place])
      low = Swift.min(low, rank)
      high = Swift.max(high, rank)
    }
    sum = (sums[0] + sums[1]) + (sums[2] + sums[3])
    return (low, high)
  }
}
