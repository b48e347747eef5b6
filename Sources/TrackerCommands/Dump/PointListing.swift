import TrackerFile
import TrackerInterchange
import TrackerModel

/// The points of a file, channel by channel, in the order of indices and steps.
struct PointListing {
  private let union: TrackerUnion
  private let filter: FilterOptions
  private let format: OutputFormat

  init(_ union: TrackerUnion, _ filter: FilterOptions, _ format: OutputFormat) {
    self.union = union
    self.filter = filter
    self.format = format
  }

  func write(to console: Console) throws(TrackerError) {
    switch format {
    case .csv: try TextExport(union, filter).write(to: console.output, .csv)
    case .ndjson: try TextExport(union, filter).write(to: console.output, .ndjson)
    case .text: try writeText(console)
    case .json: try writeJSON(console)
    }
  }

  private func writeText(_ console: Console) throws(TrackerError) {
    var current: (Channel, InstanceIndex)?
    try PointSelection(union, filter).forEach {
      (channel, type, index, point) throws(TrackerError) in
      if current?.0 != channel { try console.print(channel.printable) }
      if current?.0 != channel || current?.1 != index { try console.print("  \(index.printable)") }
      current = (channel, index)
      let epoch = point.epoch.map { ", epoch \($0)" } ?? ""
      try console.print(
        "    \(ValueText.text(point.valueBits, as: type)) at step \(point.step)\(epoch)")
    }
  }

  private func writeJSON(_ console: Console) throws(TrackerError) {
    var listing = try JSONRows(console, .json, named: "points")
    try PointSelection(union, filter).forEach {
      (channel, type, index, point) throws(TrackerError) in
      try listing.row { (json) throws(TrackerError) in
        try json.beginObject(onOneLine: true)
        try json.members(channel)
        try json.member("index", index)
        try json.member("epoch", point.epoch)
        try json.member("step", point.step)
        try json.member("value", point.valueBits, as: type)
        try json.endObject()
      }
    }
    try listing.finish()
  }
}

/// The points that a filter lets through, in the order of channels, indices and steps.
struct PointSelection {
  private let union: TrackerUnion
  private let filter: FilterOptions

  init(_ union: TrackerUnion, _ filter: FilterOptions) {
    self.union = union
    self.filter = filter
  }

  /// - Parameter progress: called with points passed so far.
  func forEach(
    progress: (Int) -> Void = { _ in },
    _ body: (Channel, ValueType, InstanceIndex, HistoryPoint) throws(TrackerError) -> Void
  ) throws(TrackerError) {
    var left = filter.limit ?? .max
    var passed = 0
    for channel in union.channels where filter.channels.includes(channel) {
      guard left > 0 else { return }
      let scan = try FilteredScan(union, channel, filter, limit: left)
      while try scan.advance() {
        for row in 0..<scan.rows.count {
          let index = scan.rows[row]
          for point in scan.history(ofRow: row) {
            try body(channel, scan.valueType, index, point)
            left -= 1
            passed += 1
          }
        }
        progress(passed)
      }
    }
  }
}
