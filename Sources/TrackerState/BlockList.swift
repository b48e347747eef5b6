/// Elements in blocks of one size, so that growing neither copies nor over-allocates.
struct BlockList<Element: BitwiseCopyable & Sendable>: Sendable {
  private static var shift: Int { 15 }
  private static var blockSize: Int { 1 << shift }

  /// All of the same size, but for the last one; none is empty.
  private(set) var blocks: [[Element]] = []
  private(set) var count = 0

  subscript(place: Int) -> Element {
    blocks[place &>> Self.shift][place & (Self.blockSize - 1)]
  }

  /// Appends elements as they stand: a copy of whole blocks of memory.
  @inline(__always)
  mutating func append(contentsOf elements: [Element]) {
    guard elements.count <= room, !elements.isEmpty else { return appendInParts(elements) }
    blocks[blocks.count - 1].append(contentsOf: elements)
    count += elements.count
  }

  private mutating func appendInParts(_ elements: [Element]) {
    var start = 0
    while start < elements.count {
      let space = room > 0 ? room : addBlock()
      let end = min(elements.count, start + space)
      blocks[blocks.count - 1].append(contentsOf: elements[start..<end])
      count += end - start
      start = end
    }
  }

  /// Appends `more` elements: what `element` says of 0, 1 and so on.
  @inline(__always)
  mutating func append(_ more: Int, _ element: (_ position: Int) -> Element) {
    var start = 0
    while start < more {
      let space = room > 0 ? room : addBlock()
      let end = min(more, start + space)
      blocks[blocks.count - 1].append(addingCapacity: end - start) { output in
        for position in start..<end { output.append(element(position)) }
      }
      count += end - start
      start = end
    }
  }

  mutating func append(contentsOf other: BlockList) {
    for block in other.blocks { append(contentsOf: block) }
  }

  /// How many elements the last block has room for.
  private var room: Int {
    let filled = count & (Self.blockSize - 1)
    return filled == 0 ? 0 : Self.blockSize - filled
  }

  private mutating func addBlock() -> Int {
    var block: [Element] = []
    // A first block grows as needed: many trackers are small.
    if count > 0 { block.reserveCapacity(Self.blockSize) }
    blocks.append(block)
    return Self.blockSize
  }

  /// Calls `body` with the elements of a range, block by block.
  @inline(__always)
  func forEachPart(
    of range: Range<Int>, _ body: (_ block: [Element], _ places: Range<Int>) -> Void
  ) {
    var start = range.lowerBound
    while start < range.upperBound {
      let within = start & (Self.blockSize - 1)
      let count = min(range.upperBound - start, Self.blockSize - within)
      body(blocks[start &>> Self.shift], within..<within + count)
      start += count
    }
  }
}

/// One or two lists, as one.
struct JoinedLists<Element: BitwiseCopyable & Sendable> {
  private let first: BlockList<Element>
  private let second: BlockList<Element>

  init(_ lists: [BlockList<Element>]) {
    first = lists[0]
    second = lists.count > 1 ? lists[1] : BlockList()
  }

  subscript(place: Int) -> Element {
    place < first.count ? first[place] : second[place - first.count]
  }
}
