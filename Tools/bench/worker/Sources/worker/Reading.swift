import TrackerCodec
import TrackerFile
import TrackerModel
import TrackerSystem

/// What a full read gives: a matrix, epoch by epoch, and which of its cells hold a point.
struct Matrix {
  var indices: [Int64] = []
  var steps: [Int64] = []
  var values: [Float] = []
  /// Empty where every cell holds a point.
  var mask: [UInt8] = []
}

/// The ways to read a whole file of one channel.
enum Reading {
  /// Tile by tile: what a reader does that wants columns and knows that the tiles are disjoint, as
  /// those of compacted files are.
  static func tiles(of reader: TrackerReader) throws -> Matrix {
    var matrix = Matrix()
    let tiles = reader.snapshot.tiles
    matrix.steps = Array(Set(tiles.flatMap { $0.columns.map(\.step) })).sorted()
    // Each block of rows once, in order; its tiles are those of one range of steps each.
    var rowsOf: [IndexSetKey: Int] = [:]
    for tile in tiles {
      let key = IndexSetKey(tile)
      guard rowsOf[key] == nil else { continue }
      rowsOf[key] = matrix.indices.count
      if case .integers(let rows) = try reader.indices(of: tile) {
        matrix.indices.append(contentsOf: rows)
      }
    }
    let width = matrix.indices.count
    let cells = width * matrix.steps.count
    matrix.values = [Float](repeating: 0, count: cells)
    let points = tiles.reduce(0) { $0 + $1.statistics.pointCount }
    if points < cells { matrix.mask = [UInt8](repeating: 0, count: cells) }
    let columnOf = Dictionary(uniqueKeysWithValues: matrix.steps.enumerated().map { ($1, $0) })
    var bits: [UInt64] = []
    for tile in tiles {
      let header = try reader.readTile(tile, into: &bits).header
      let firstRow = rowsOf[IndexSetKey(tile)] ?? 0
      let isFull = header.presence.words == nil
      var next = 0
      for (column, entry) in tile.columns.enumerated() {
        let base = (columnOf[entry.step] ?? 0) * width + firstRow
        if isFull {
          for row in 0..<tile.rowCount {
            matrix.values[base + row] = Float(
              bitPattern: UInt32(truncatingIfNeeded: bits[next + row]))
          }
          if !matrix.mask.isEmpty {
            for row in 0..<tile.rowCount { matrix.mask[base + row] = 1 }
          }
          next += tile.rowCount
        } else {
          for row in 0..<tile.rowCount where header.presence[column * tile.rowCount + row] {
            matrix.values[base + row] = Float(bitPattern: UInt32(truncatingIfNeeded: bits[next]))
            matrix.mask[base + row] = 1
            next += 1
          }
        }
      }
    }
    return matrix
  }

  /// Through the scan, which gives the rows in order however the file is tiled.
  static func scan(of reader: TrackerReader) throws -> Matrix {
    var matrix = Matrix()
    guard let channel = reader.snapshot.channels.first else { return matrix }
    let tiles = reader.snapshot.tiles
    matrix.steps = Array(Set(tiles.flatMap { $0.columns.map(\.step) })).sorted()
    let columnOf = Dictionary(uniqueKeysWithValues: matrix.steps.enumerated().map { ($1, $0) })
    // Rows come block by block: kept so first, then put in place, once their number is known.
    var blocks: [(columns: [Int], rowCount: Int, values: [Float], mask: [UInt8])] = []
    let scan = ChannelScan(reader, channel)
    while try scan.advance() {
      let count = scan.rows.count * scan.columns.count
      if case .integers(let rows) = scan.rows { matrix.indices.append(contentsOf: rows) }
      var values = [Float](repeating: 0, count: count)
      for cell in 0..<count {
        // The payload of a NaN is kept, which a conversion of the number would not do.
        values[cell] = Float(bitPattern: Widening.narrow(scan.block.bits[cell]) ?? 0)
      }
      blocks.append(
        (
          scan.columns.map { columnOf[$0.step] ?? 0 }, scan.rows.count, values,
          Array(scan.block.isFilled.prefix(count))
        ))
    }
    let width = matrix.indices.count
    matrix.values = [Float](repeating: 0, count: width * matrix.steps.count)
    matrix.mask = [UInt8](repeating: 0, count: width * matrix.steps.count)
    var firstRow = 0
    for block in blocks {
      for (position, column) in block.columns.enumerated() {
        let (from, to) = (position * block.rowCount, column * width + firstRow)
        for row in 0..<block.rowCount {
          matrix.values[to + row] = block.values[from + row]
          matrix.mask[to + row] = block.mask[from + row]
        }
      }
      firstRow += block.rowCount
    }
    return matrix
  }

  private struct IndexSetKey: Hashable {
    var indexSet: IndexSetReference
    var rowCount: Int

    init(_ tile: TileEntry) {
      indexSet = tile.indexSet
      rowCount = tile.rowCount
    }
  }

  /// The first place where a matrix is not the data set bit for bit; nil where there is none.
  static func difference(between matrix: Matrix, and set: DataSet) -> String? {
    guard matrix.steps == set.steps else { return "the steps differ" }
    // Instances without any point are in no file.
    var present = Array(set.indices.indices)
    if set.isMasked {
      present = present.filter { instance in
        (0..<set.epochCount).contains { set.mask[$0 * set.instanceCount + instance] == 1 }
      }
    }
    guard matrix.indices == present.map({ set.indices[$0] }) else { return "the indices differ" }
    for epoch in 0..<set.epochCount {
      for (row, instance) in present.enumerated() {
        let (here, there) = (
          epoch * matrix.indices.count + row, epoch * set.instanceCount + instance
        )
        let isFilled = set.isMasked ? set.mask[there] : 1
        guard (matrix.mask.isEmpty ? 1 : matrix.mask[here]) == isFilled else {
          return "presence differs at epoch \(epoch), instance \(instance)"
        }
        if isFilled == 1, matrix.values[here].bitPattern != set.values[there].bitPattern {
          return "the value differs at epoch \(epoch), instance \(instance)"
        }
      }
    }
    return nil
  }
}
