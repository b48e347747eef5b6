import TrackerFile
import TrackerInterchange
import TrackerModel
import TrackerSystem

/// Writes points as text, in the order of channels, indices and steps.
struct TextExport {
  private let union: TrackerUnion
  private let filter: FilterOptions

  init(_ union: TrackerUnion, _ filter: FilterOptions) {
    self.union = union
    self.filter = filter
  }

  /// Memory holds one block of rows.
  ///
  /// - Parameter progress: called with the points written so far.
  /// - Returns: how many points were written.
  @discardableResult
  func write(to sink: any ByteSink, _ format: TextFormat, progress: (Int) -> Void = { _ in })
    throws(TrackerError) -> Int
  {
    var writer = PointWriter(sink, format: format)
    var count = 0
    for channel in union.channels where filter.channels.includes(channel) {
      let limit = filter.limit.map { $0 - count } ?? .max
      guard limit > 0 else { break }
      let scan = try FilteredScan(union, channel, filter, limit: limit)
      try writer.beginChannel(channel)
      while try scan.advance() {
        count += try write(scan, to: &writer)
        progress(count)
      }
    }
    try writer.finish()
    return count
  }

  /// Writes the current block.
  private func write(_ scan: FilteredScan, to writer: inout PointWriter) throws(TrackerError) -> Int
  {
    let (block, columns, type) = (scan.block, scan.columns, scan.valueType)
    var count = 0
    switch scan.rows {
    case .integers(let indices):
      for row in indices.indices {
        for column in columns.indices {
          let cell = block.cell(row: row, column: column)
          guard block.hasPoint(cell) else { continue }
          try writer.write(
            index: indices[row], epoch: columns[column].epoch, step: columns[column].step,
            bits: block.bits(cell), as: type)
          count += 1
        }
      }
    case .strings(let indices):
      let bytes = indices.bytes.span
      for row in 0..<indices.count {
        let index = bytes.extracting(indices.range(of: row))
        for column in columns.indices {
          let cell = block.cell(row: row, column: column)
          guard block.hasPoint(cell) else { continue }
          try writer.write(
            index: index, epoch: columns[column].epoch, step: columns[column].step,
            bits: block.bits(cell), as: type)
          count += 1
        }
      }
    }
    return count
  }
}
