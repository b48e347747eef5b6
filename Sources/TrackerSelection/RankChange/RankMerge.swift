import TrackerModel
import TrackerSystem

/// The values of one step in ascending order, each with its row: sorted parts, merged.
struct RankMerge {
  /// How many values there are.
  let count: Int
  private let words: RankWords
  private let file: TemporaryFile?
  private var parts: [Part]
  /// Parts that have values left, that of the lowest first: a heap by (key, part).
  private var heap: [Head] = []

  private struct Head {
    var key: UInt64
    var part: Int

    func precedes(_ other: Head) -> Bool {
      key != other.key ? key < other.key : part < other.part
    }
  }

  /// A sorted part, of which some words are in memory.
  private struct Part {
    var held: [UInt64]
    var position = 0
    /// Where the words that follow stand in the file.
    var rest: Range<Int>
  }

  /// Of one part that is in memory.
  init(_ words: RankWords, _ held: [UInt64]) {
    self.words = words
    file = nil
    count = held.count / words.stride
    parts = [Part(held: held, rest: 0..<0)]
    if count > 0 { heap = [Head(key: words.key(held.span, at: 0), part: 0)] }
  }

  /// Of parts in a file.
  ///
  /// - Parameter memory: a quarter of it is for what is read ahead.
  init(_ words: RankWords, _ file: TemporaryFile, _ ranges: [Range<Int>], memory: Int)
    throws(TrackerError)
  {
    self.words = words
    self.file = file
    count = ranges.reduce(0) { $0 + $1.count } / words.stride
    parts = ranges.map { Part(held: [], rest: $0) }
    room = max(Self.leastRoom, memory / 32 / max(1, ranges.count)) / 2 * 2
    for part in parts.indices where !parts[part].rest.isEmpty {
      try refill(part)
      heap.append(Head(key: words.key(parts[part].held, at: 0), part: part))
      siftUp(heap.count - 1)
    }
  }

  /// Words that are read of a part at a time.
  private var room = 0
  private static let leastRoom = 512

  private mutating func refill(_ part: Int) throws(TrackerError) {
    guard let file else { return }
    let range = parts[part].rest
    let read = range.prefix(room)
    var held = exchange(&parts[part].held, with: [])
    if held.count < read.count {
      held.append(contentsOf: repeatElement(0, count: read.count - held.count))
    } else {
      held.removeLast(held.count - read.count)
    }
    var target = held.mutableSpan
    try file.read(at: read.lowerBound, into: &target)
    parts[part].held = held
    parts[part].position = 0
    parts[part].rest = read.upperBound..<range.upperBound
  }

  /// The next value's key and row; nil at the end.
  mutating func next() throws(TrackerError) -> (key: UInt64, row: UInt32)? {
    guard let first = heap.first else { return nil }
    let part = first.part
    let row = words.row(parts[part].held, at: parts[part].position)
    parts[part].position += words.stride
    if parts[part].position == parts[part].held.count {
      if parts[part].rest.isEmpty {
        let last = heap.removeLast()
        if heap.isEmpty { return (first.key, row) }
        heap[0] = last
        siftDown()
        return (first.key, row)
      }
      try refill(part)
    }
    heap[0].key = words.key(parts[part].held, at: parts[part].position)
    if heap.count > 1 { siftDown() }
    return (first.key, row)
  }

  private mutating func siftUp(_ start: Int) {
    var child = start
    while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  private mutating func siftDown() {
    var parent = 0
    while true {
      var first = parent
      for child in 2 * parent + 1...2 * parent + 2
      where child < heap.count && heap[child].precedes(heap[first]) {
        first = child
      }
      if first == parent { return }
      heap.swapAt(parent, first)
      parent = first
    }
  }
}
