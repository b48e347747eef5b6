import TrackerModel

/// The lowest or highest `limit` instances by (value, index), from a stream of them.
///
/// A heap whose root is the one to drop next. Complexity: O(log limit) an instance that enters, O(1)
/// for most.
struct Extremes {
  enum Side {
    case lowest
    case highest
  }

  private struct Candidate {
    var rank: UInt64
    var bits: UInt64
    var index: InstanceIndex
  }

  private let side: Side
  private let limit: Int
  private var heap: [Candidate] = []

  init(_ side: Side, limit: Int) {
    self.side = side
    self.limit = limit
  }

  /// The indices that remain, ascending.
  var indices: [InstanceIndex] { heap.map(\.index).sorted() }

  /// Those that remain with the bits of their values, in no order.
  var found: [(index: InstanceIndex, bits: UInt64)] { heap.map { ($0.index, $0.bits) } }

  /// - Parameter bits: the value's, as float64.
  mutating func add(_ bits: UInt64, _ index: @autoclosure () -> InstanceIndex) {
    let rank = ValueOrder.rank(bits)
    if heap.count < limit {
      heap.append(Candidate(rank: rank, bits: bits, index: index()))
      siftUp(heap.count - 1)
      return
    }
    guard let root = heap.first else { return }
    // Most values are no match for the root: decide without making an index.
    if side == .lowest ? rank > root.rank : rank < root.rank { return }
    let candidate = Candidate(rank: rank, bits: bits, index: index())
    guard isWorse(root, than: candidate) else { return }
    heap[0] = candidate
    siftDown(0)
  }

  /// Whether `left` would be dropped before `right`.
  private func isWorse(_ left: Candidate, than right: Candidate) -> Bool {
    let ascends = left.rank != right.rank ? left.rank < right.rank : left.index < right.index
    return side == .lowest ? !ascends && left.index != right.index : ascends
  }

  private mutating func siftUp(_ start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard isWorse(heap[child], than: heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  private mutating func siftDown(_ start: Int) {
    var parent = start
    while true {
      var worst = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && isWorse(heap[child], than: heap[worst]) {
        worst = child
      }
      if worst == parent { return }
      heap.swapAt(parent, worst)
      parent = worst
    }
  }
}
