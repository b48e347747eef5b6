import TrackerModel

/// Points in the order in which they were recorded: keys and values of one channel and epoch.
///
/// Kept in blocks, so that growing neither copies nor over-allocates: 12 bytes a point of an int64
/// index and a float32 value. Keys are the integer indices, or the numbers of string indices.
struct PointRun: Sendable {
  private static let blockSize = 1 << 15

  let valueType: ValueType
  let indexType: IndexType
  private(set) var count = 0
  private var integerKeys: [[Int64]] = []
  private var numberKeys: [[UInt32]] = []
  private var narrowValues: [[UInt32]] = []
  private var wideValues: [[UInt64]] = []
  /// How long the run may become before repeated keys are dropped. Rarely reached: an epoch of four
  /// million points is as long as a large data set, or a small one that repeats.
  private var foldingCount = Self.firstFoldingCount
  private static let firstFoldingCount = 1 << 22

  init(indexType: IndexType, valueType: ValueType) {
    self.indexType = indexType
    self.valueType = valueType
  }

  /// Appends points; `bits` gives each value's bits in the value type.
  @inline(__always)
  mutating func append(_ keys: [Int64], bits: (_ position: Int) -> UInt64) {
    var start = 0
    while start < keys.count {
      if count % Self.blockSize == 0 { addBlock() }
      let end = min(keys.count, start + Self.blockSize - count % Self.blockSize)
      switch indexType {
      case .int64: Self.grow(&integerKeys, start..<end) { keys[$0] }
      case .string: Self.grow(&numberKeys, start..<end) { UInt32(truncatingIfNeeded: keys[$0]) }
      }
      switch valueType {
      case .float32:
        Self.grow(&narrowValues, start..<end) { UInt32(truncatingIfNeeded: bits($0)) }
      case .float64: Self.grow(&wideValues, start..<end, bits)
      }
      count += end - start
      start = end
    }
  }

  /// Appends to the last block, which is taken out meanwhile: checked once, not for every element.
  @inline(__always)
  private static func grow<Element>(
    _ blocks: inout [[Element]], _ positions: Range<Int>, _ element: (Int) -> Element
  ) {
    var block: [Element] = []
    swap(&block, &blocks[blocks.count - 1])
    for position in positions { block.append(element(position)) }
    swap(&block, &blocks[blocks.count - 1])
  }

  private mutating func addBlock() {
    // A first block grows as needed: many trackers are small.
    let capacity = count == 0 ? 0 : Self.blockSize
    func empty<Element>(_ type: Element.Type) -> [Element] {
      var block: [Element] = []
      block.reserveCapacity(capacity)
      return block
    }
    switch indexType {
    case .int64: integerKeys.append(empty(Int64.self))
    case .string: numberKeys.append(empty(UInt32.self))
    }
    switch valueType {
    case .float32: narrowValues.append(empty(UInt32.self))
    case .float64: wideValues.append(empty(UInt64.self))
    }
  }

  func key(at place: Int) -> Int64 {
    let (block, within) = place.quotientAndRemainder(dividingBy: Self.blockSize)
    return indexType == .int64 ? integerKeys[block][within] : Int64(numberKeys[block][within])
  }

  func bits(at place: Int) -> UInt64 {
    let (block, within) = place.quotientAndRemainder(dividingBy: Self.blockSize)
    return valueType == .float32 ? UInt64(narrowValues[block][within]) : wideValues[block][within]
  }

  mutating func append(contentsOf other: PointRun) {
    append((0..<other.count).map(other.key(at:))) { other.bits(at: $0) }
  }

  /// Whether so many points came that repeated keys may fill the memory.
  var wantsFolding: Bool { count >= foldingCount }

  /// Drops all but the last point of each key. Complexity: that of `PointOrder`.
  mutating func fold() {
    var folded = PointRun(indexType: indexType, valueType: valueType)
    // In key order, which later sorts are fastest on.
    let places = PointOrder.lastPlaces(of: self, then: nil, ranks: nil)
    folded.append(places.map { key(at: Int($0)) }) { bits(at: Int(places[$0])) }
    folded.foldingCount = max(Self.firstFoldingCount, 4 * folded.count)
    self = folded
  }
}
