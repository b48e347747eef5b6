import TrackerModel

/// Points in the order in which they were recorded: keys and values of one channel and epoch.
///
/// 12 bytes a point of an int64 index and a float32 value. Keys are the integer indices, or the
/// numbers of string indices.
struct PointRun: Sendable {
  let valueType: ValueType
  let indexType: IndexType
  private(set) var count = 0
  private(set) var integerKeys = BlockList<Int64>()
  private(set) var numberKeys = BlockList<UInt32>()
  // Numbers as they come: copying them keeps every bit.
  private(set) var narrowValues = BlockList<Float>()
  private(set) var wideValues = BlockList<Double>()
  /// How long the run may become before repeated keys are dropped. Rarely reached: an epoch of four
  /// million points is as long as a large data set, or a small one that repeats.
  private var foldingCount = Self.firstFoldingCount
  private static let firstFoldingCount = 1 << 22

  init(indexType: IndexType, valueType: ValueType) {
    self.indexType = indexType
    self.valueType = valueType
  }

  /// Appends a batch.
  ///
  /// - Parameters:
  ///   - places: where the keys' values stand among `values`; nil where they stand as the keys do.
  ///   - precision: in which values are rounded; nil for not at all.
  /// - Precondition: the values are exact in the run's type.
  @inline(__always)
  mutating func append(
    _ keys: [Int64], _ values: MetricValues, at places: [Int]?, rounding precision: Precision?
  ) {
    switch values {
    case .float(let values) where valueType == .float32 && places == nil && precision == nil:
      append(keys: keys)
      narrowValues.append(contentsOf: values)
    case .double(let values) where valueType == .float64 && places == nil && precision == nil:
      append(keys: keys)
      wideValues.append(contentsOf: values)
    case .bool(let values) where valueType == .float32 && places == nil:
      // As they are in any precision.
      append(keys: keys)
      narrowValues.append(values.count) { values[$0] ? 1 : 0 }
    default:
      appendConverted(keys, values, at: places, rounding: precision)
    }
  }

  private mutating func appendConverted(
    _ keys: [Int64], _ values: MetricValues, at places: [Int]?, rounding precision: Precision?
  ) {
    let type = valueType
    if let precision {
      append(keys) { precision.rounded(values.bits(at: places?[$0] ?? $0, in: type) ?? 0, type) }
    } else {
      append(keys) { values.bits(at: places?[$0] ?? $0, in: type) ?? 0 }
    }
  }

  /// Appends points; `bits` gives each value's bits in the value type.
  @inline(__always)
  mutating func append(_ keys: [Int64], bits: (_ position: Int) -> UInt64) {
    append(keys: keys)
    switch valueType {
    case .float32:
      narrowValues.append(keys.count) {
        Float(bitPattern: UInt32(truncatingIfNeeded: bits($0)))
      }
    case .float64: wideValues.append(keys.count) { Double(bitPattern: bits($0)) }
    }
  }

  /// Values follow.
  @inline(__always)
  private mutating func append(keys: [Int64]) {
    switch indexType {
    case .int64: integerKeys.append(contentsOf: keys)
    case .string: numberKeys.append(keys.count) { UInt32(truncatingIfNeeded: keys[$0]) }
    }
    count += keys.count
  }

  mutating func append(contentsOf other: PointRun) {
    integerKeys.append(contentsOf: other.integerKeys)
    numberKeys.append(contentsOf: other.numberKeys)
    narrowValues.append(contentsOf: other.narrowValues)
    wideValues.append(contentsOf: other.wideValues)
    count += other.count
  }

  /// Calls `body` with each key, as recorded.
  @inline(__always)
  func forEachKey(_ body: (Int64) -> Void) {
    for block in integerKeys.blocks { for key in block { body(key) } }
    for block in numberKeys.blocks { for key in block { body(Int64(key)) } }
  }

  /// Appends the points of some places to others.
  func append(_ places: Range<Int>, to keys: inout [Int64], _ bits: inout [UInt64]) {
    integerKeys.forEachPart(of: indexType == .int64 ? places : 0..<0) { block, part in
      keys.append(contentsOf: block[part])
    }
    numberKeys.forEachPart(of: indexType == .string ? places : 0..<0) { block, part in
      for place in part { keys.append(Int64(block[place])) }
    }
    narrowValues.forEachPart(of: valueType == .float32 ? places : 0..<0) { block, part in
      bits.append(addingCapacity: part.count) { bits in
        for place in part { bits.append(UInt64(block[place].bitPattern)) }
      }
    }
    wideValues.forEachPart(of: valueType == .float64 ? places : 0..<0) { block, part in
      bits.append(addingCapacity: part.count) { bits in
        for place in part { bits.append(block[place].bitPattern) }
      }
    }
  }

  func key(at place: Int) -> Int64 {
    indexType == .int64 ? integerKeys[place] : Int64(numberKeys[place])
  }

  func bits(at place: Int) -> UInt64 {
    valueType == .float32
      ? UInt64(narrowValues[place].bitPattern) : wideValues[place].bitPattern
  }

  /// Whether so many points came that repeated keys may fill the memory.
  var wantsFolding: Bool { count >= foldingCount }

  /// Drops all but the last point of each key. Complexity: that of `PointOrder`.
  mutating func fold() {
    var folded = PointRun(indexType: indexType, valueType: valueType)
    // In key order, which later sorts are fastest on.
    var points = OrderedPoints([self], ranks: nil)
    while points.remaining > 0 {
      var bits: [UInt64] = []
      let keys = points.next(min(1 << 16, points.remaining), into: &bits).listed
      folded.append(keys) { bits[$0] }
    }
    folded.foldingCount = max(Self.firstFoldingCount, 4 * folded.count)
    self = folded
  }
}
