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

  public init(
    channel: Channel, valueType: ValueType, rowCount: Int, columns: [TileColumn],
    indexSet: IndexSetReference, presence: Presence
  ) {
    self.channel = channel
    self.valueType = valueType
    self.rowCount = rowCount
    self.columns = columns
    self.indexSet = indexSet
    self.presence = presence
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
  /// The sum of all values that are not NaN, added in the tile's order in float64.
  public var sum: Double = 0

  public init() {}

  /// - Parameter values: bits in `type`.
  public init(_ values: Span<UInt64>, type: ValueType) {
    pointCount = values.count
    var (low, high) = (UInt64.max, UInt64.min)
    var (lowBits, highBits): (UInt64?, UInt64?)
    for row in values.indices {
      let bits =
        type == .float64 ? values[row] : Widening.widen(UInt32(truncatingIfNeeded: values[row]))
      let value = Double(bitPattern: bits)
      if value.isNaN {
        nanCount += 1
        continue
      }
      sum += value
      let rank = OrderedInteger.map(bits, .float64)
      if rank <= low {
        low = rank
        lowBits = bits
      }
      if rank >= high {
        high = rank
        highBits = bits
      }
    }
    // Opposite infinities sum to a NaN whose bits differ between processors.
    if sum.isNaN { sum = Double(bitPattern: 0x7FF8_0000_0000_0000) }
    min = lowBits
    max = highBits
  }
}
