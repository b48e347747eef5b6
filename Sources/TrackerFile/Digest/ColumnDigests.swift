import TrackerCodec
import TrackerModel

/// The hashes of a channel's columns while its rows pass.
struct ColumnDigests {
  private struct State {
    var hash = BLAKE2b()
    var pointCount = 0
  }

  private(set) var pointCount = 0
  private var states: [TileColumn: State] = [:]
  private var words: [UInt64] = []

  /// Adds a block of rows, which come after all before.
  mutating func add(_ block: CellBlock, _ rows: IndexColumn, _ columns: [TileColumn]) {
    for (place, column) in columns.enumerated() {
      let cells = block.cells(ofColumn: place)
      words.removeAll(keepingCapacity: true)
      let count = gather(block, cells, rows)
      guard count > 0 else { continue }
      // Out of the dictionary, so that it is changed in place.
      var state = states.removeValue(forKey: column) ?? State()
      state.hash.append(words.span)
      state.pointCount += count
      states[column] = state
      pointCount += count
    }
  }

  /// Puts the index and the value of each point of a column into `words`, and returns how many points
  /// there are.
  private mutating func gather(_ block: CellBlock, _ cells: Range<Int>, _ rows: IndexColumn) -> Int
  {
    var count = 0
    // Out of the value while it grows, so that it is not copied.
    var gathered = exchange(&words, with: [])
    defer { words = gathered }
    switch rows {
    case .integers(let indices):
      gathered.reserveCapacity(2 * cells.count)
      let indices = indices.span
      for row in indices.indices {
        let cell = cells.lowerBound + row
        guard block.hasPoint(cell) else { continue }
        gathered.append(UInt64(bitPattern: indices[row]))
        gathered.append(block.bits(cell))
        count += 1
      }
    case .strings(let indices):
      for row in 0..<indices.count {
        let cell = cells.lowerBound + row
        guard block.hasPoint(cell) else { continue }
        DigestMessage.append(indices.bytes[indices.range(of: row)], to: &gathered)
        gathered.append(block.bits(cell))
        count += 1
      }
    }
    return count
  }

  /// The digest of the channel: of its columns, ascending.
  consuming func finish() -> BLAKE2b.Digest {
    var message = DigestMessage()
    for (column, state) in states.sorted(by: { $0.key < $1.key }) {
      message.append(UInt64(bitPattern: column.step))
      message.append(column.epoch == nil ? 0 : 1)
      message.append(UInt64(bitPattern: column.epoch ?? 0))
      message.append(UInt64(state.pointCount))
      message.append(state.hash.finish())
    }
    return message.finish()
  }
}
