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
    guard values.count > 0 else { return }
    // First as if no value were a NaN: those sort beyond the infinities.
    var (low, high) = (UInt64.max, UInt64.min)
    if type == .float32 {
      for row in values.indices {
        let rank = OrderedInteger.map(values[row], .float32)
        low = Swift.min(low, rank)
        high = Swift.max(high, rank)
        sum += Double(Float(bitPattern: UInt32(truncatingIfNeeded: values[row])))
      }
    } else {
      for row in values.indices {
        let rank = OrderedInteger.map(values[row], .float64)
        low = Swift.min(low, rank)
        high = Swift.max(high, rank)
        sum += Double(bitPattern: values[row])
      }
    }
    let (lowest, highest) = Self.infinities(type)
    if low < lowest || high > highest {
      (low, high) = addWithoutNaN(values, type)
    }
    // Opposite infinities sum to a NaN whose bits differ between processors.
    if sum.isNaN { sum = Double(bitPattern: 0x7FF8_0000_0000_0000) }
    guard nanCount < pointCount else { return }
    min = Self.float64Bits(OrderedInteger.unmap(low, type), type)
    max = Self.float64Bits(OrderedInteger.unmap(high, type), type)
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

  /// Counts NaNs, and sums the others anew.
  private mutating func addWithoutNaN(_ values: Span<UInt64>, _ type: ValueType)
    -> (low: UInt64, high: UInt64)
  {
    sum = 0
    var (low, high) = (UInt64.max, UInt64.min)
    for row in values.indices {
      let value = Double(bitPattern: Self.float64Bits(values[row], type))
      if value.isNaN {
        nanCount += 1
        continue
      }
      sum += value
      let rank = OrderedInteger.map(values[row], type)
      low = Swift.min(low, rank)
      high = Swift.max(high, rank)
    }
    return (low, high)
  }
}
