import TrackerFile
import TrackerModel

/// One channel of a run, block by block.
final class PointRunScan: HistorySource {
  let channel: Channel
  let valueType: ValueType
  private(set) var rows: IndexColumn
  private(set) var columns: [TileColumn] = []
  private(set) var block = CellBlock()

  private let run: PointRun
  private var places: Range<Int>

  private static let maxRows = 8192
  private static let maxCells = 1 << 22

  /// - Parameter number: the channel's place in the run's channels.
  init(_ run: PointRun, channel number: Int, valueType: ValueType) {
    self.run = run
    self.valueType = valueType
    channel = run.channelNames[number]
    places = run.places(ofChannel: number)
    rows = IndexColumn(type: run.indexType)
  }

  /// The channels of a run that have points.
  static func all(of run: PointRun, valueType: ValueType) -> [PointRunScan] {
    run.channelNames.indices.map { PointRunScan(run, channel: $0, valueType: valueType) }
      .filter { !$0.places.isEmpty }
  }

  func advance() throws(TrackerError) -> Bool {
    guard !places.isEmpty else { return false }
    var columnPlaces: [Int32] = []
    swap(&columnPlaces, &run.columnPlaces)
    defer { swap(&columnPlaces, &run.columnPlaces) }
    var rowStarts: [Int] = []
    var found: [Int] = []
    var end = places.lowerBound
    while end < places.upperBound, rowStarts.count < Self.maxRows {
      let start = end
      let key = run.key(at: start)
      let foundBefore = found.count
      while end < places.upperBound, run.key(at: end) == key {
        let column = run.column(at: end)
        if columnPlaces[column] < 0 {
          columnPlaces[column] = 0
          found.append(column)
        }
        end += 1
      }
      // Rows that share few columns would make the block huge: take fewer of them.
      if !rowStarts.isEmpty, (rowStarts.count + 1) * found.count > Self.maxCells {
        for column in found[foundBefore...] { columnPlaces[column] = -1 }
        found.removeLast(found.count - foundBefore)
        end = start
        break
      }
      rowStarts.append(start)
    }
    found.sort()
    for (place, column) in found.enumerated() { columnPlaces[column] = Int32(place) }
    columns = found.map { run.columnTable[$0] }
    fill(rowStarts, end: end, columnPlaces)
    for column in found { columnPlaces[column] = -1 }
    places = end..<places.upperBound
    return true
  }

  private func fill(_ rowStarts: [Int], end: Int, _ columnPlaces: [Int32]) {
    block.reset(rowCount: rowStarts.count, columnCount: columns.count, valueType)
    rows = run.indices(ofKeys: rowStarts.map { run.key(at: $0) })
    for (row, start) in rowStarts.enumerated() {
      for place in start..<(row + 1 < rowStarts.count ? rowStarts[row + 1] : end) {
        let cell = block.cell(row: row, column: Int(columnPlaces[run.column(at: place)]))
        block.set(cell, to: run.bits(at: place))
      }
    }
    block.settle()
  }
}
