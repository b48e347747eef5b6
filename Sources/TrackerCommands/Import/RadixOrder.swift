/// Sorts positions by unsigned keys without comparing them.
///
/// A run has millions of points with keys of few different bits: a pass for every eleven bits that
/// differ is several times as fast as a comparison sort.
struct RadixOrder {
  /// The positions in the order reached so far.
  private(set) var order: [UInt32]
  private var scratch: [UInt32]

  private static let digitBits: UInt64 = 11
  private static let mask: UInt64 = (1 << digitBits) - 1

  /// The order in which `count` positions came.
  init(count: Int) {
    order = Array(0..<UInt32(count))
    scratch = Array(repeating: 0, count: count)
  }

  /// Sorts by `key`; positions of equal keys stay in the order reached before.
  ///
  /// So sorting by several keys begins with the least significant one.
  @inline(__always)
  mutating func sort(by key: (Int) -> UInt64) {
    guard order.count > 1 else { return }
    let first = key(0)
    var differing: UInt64 = 0
    for position in 1..<order.count { differing |= key(position) ^ first }
    var shift: UInt64 = 0
    while shift < 64, differing >> shift != 0 {
      if differing >> shift & Self.mask != 0 { pass(shift, key) }
      shift += Self.digitBits
    }
  }

  /// The order, which is then nowhere else: it can be changed in place.
  consuming func takeOrder() -> [UInt32] { order }

  @inline(__always)
  private mutating func pass(_ shift: UInt64, _ key: (Int) -> UInt64) {
    var places = [Int](repeating: 0, count: 1 << Int(Self.digitBits))
    for position in 0..<order.count { places[Int(key(position) >> shift & Self.mask)] += 1 }
    var next = 0
    for digit in places.indices {
      let count = places[digit]
      places[digit] = next
      next += count
    }
    for position in order {
      let digit = Int(key(Int(position)) >> shift & Self.mask)
      scratch[places[digit]] = position
      places[digit] += 1
    }
    swap(&order, &scratch)
  }
}
