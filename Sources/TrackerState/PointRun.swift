import TrackerModel

/// Points in the order in which they were recorded: keys and values of one channel and epoch.
///
/// Kept in blocks, so that growing neither copies nor over-allocates: 12 bytes a point of an int64
/// index and a float32 value. Keys are the integer indices, or the numbers of string indices.
struct PointRun {
  private static let blockSize = 1 << 15

  let valueType: ValueType
  let indexType: IndexType
  private(set) var count = 0
  private var integerKeys: [[Int64]] = []
  private var numberKeys: [[UInt32]] = []
  private var narrowValues: [[UInt32]] = []
  private var wideValues: [[UInt64]] = []
  /// How long the run was after repeated keys were last dropped.
  private var foldedCount = 0

  init(indexType: IndexType, valueType: ValueType) {
    self.indexType = indexType
    self.valueType = valueType
  }

  /// Appends a point; `bits` are in the value type.
  mutating func append(key: Int64, bits: UInt64) {
    if count % Self.blockSize == 0 { addBlock() }
    let block = count / Self.blockSize
    switch indexType {
    case .int64: integerKeys[block].append(key)
    case .string: numberKeys[block].append(UInt32(truncatingIfNeeded: key))
    }
    switch valueType {
    case .float32: narrowValues[block].append(UInt32(truncatingIfNeeded: bits))
    case .float64: wideValues[block].append(bits)
    }
    count += 1
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
    for place in 0..<other.count { append(key: other.key(at: place), bits: other.bits(at: place)) }
  }

  /// Whether so many points came since the last fold that repeated keys may fill the memory.
  var wantsFolding: Bool { count > 2 * foldedCount + 4 * Self.blockSize }

  /// Drops all but the last point of each key. Complexity: that of `PointOrder`.
  mutating func fold() {
    var folded = PointRun(indexType: indexType, valueType: valueType)
    // In key order, which later sorts are fastest on.
    for place in PointOrder.lastPlaces(of: self, then: nil, ranks: nil) {
      folded.append(key: key(at: Int(place)), bits: bits(at: Int(place)))
    }
    folded.foldedCount = folded.count
    self = folded
  }
}
