import TrackerFile
import TrackerInterchange
import TrackerModel

/// The points of a file, channel by channel, in the order of indices and steps.
struct PointListing {
  private let union: TrackerUnion
  private let filter: FilterOptions
  private let format: OutputFormat
  /// Whether it says of each point who recorded it.
  private let showsSources: Bool

  init(
    _ union: TrackerUnion, _ filter: FilterOptions, _ format: OutputFormat, showsSources: Bool
  ) {
    self.union = union
    self.filter = filter
    self.format = format
    self.showsSources = showsSources
  }

  func write(to console: Console) throws(TrackerError) {
    guard !showsSources || format == .text || format == .json else {
      throw TrackerError(
        .invalidParameter, "--sources", "sources are listed as text or json only")
    }
    switch format {
    case .csv: try TextExport(union, filter).write(to: console.output, .csv)
    case .ndjson: try TextExport(union, filter).write(to: console.output, .ndjson)
    case .text: try writeText(console)
    case .json: try writeJSON(console)
    }
  }

  private func writeText(_ console: Console) throws(TrackerError) {
    var current: (Channel, InstanceIndex)?
    try PointSelection(union, filter, tracksSources: showsSources).forEach {
      (channel, type, index, point, identities) throws(TrackerError) in
      if current?.0 != channel { try console.print(channel.printable) }
      if current?.0 != channel || current?.1 != index { try console.print("  \(index.printable)") }
      current = (channel, index)
      let epoch = point.epoch.map { ", epoch \($0)" } ?? ""
      try console.print(
        "    \(ValueText.text(point.valueBits, as: type)) at step \(point.step)\(epoch)"
          + (showsSources ? ", \(Self.text(identities))" : ""))
    }
  }

  private static func text(_ identities: [RunIdentity]) -> String {
    switch identities.count {
    case 0: "by nobody known"
    case 1: "by \(identities[0])"
    default: "by one of \(identities.count) workers"
    }
  }

  private func writeJSON(_ console: Console) throws(TrackerError) {
    var listing = try JSONRows(console, .json, named: "points")
    try PointSelection(union, filter, tracksSources: showsSources).forEach {
      (channel, type, index, point, identities) throws(TrackerError) in
      try listing.row { (json) throws(TrackerError) in
        try json.beginObject(onOneLine: true)
        try json.members(channel)
        try json.member("index", index)
        try json.member("epoch", point.epoch)
        try json.member("step", point.step)
        try json.member("value", point.valueBits, as: type)
        if showsSources {
          json.name("recorded_by")
          try json.beginArray(onOneLine: true)
          for identity in identities { try json.write(identity) }
          try json.endArray()
        }
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
  private let tracksSources: Bool

  init(_ union: TrackerUnion, _ filter: FilterOptions, tracksSources: Bool) {
    self.union = union
    self.filter = filter
    self.tracksSources = tracksSources
  }

  /// - Parameter body: called with each point and those who may have recorded it, sorted: none where
  ///   that is not known or sources are not tracked.
  func forEach(
    _ body: (Channel, ValueType, InstanceIndex, HistoryPoint, [RunIdentity]) throws(TrackerError) ->
      Void
  ) throws(TrackerError) {
    var left = filter.limit ?? .max
    for channel in union.channels where filter.channels.includes(channel) {
      guard left > 0 else { return }
      let scan = try FilteredScan(
        union, channel, filter, limit: left, tracksOrigins: tracksSources)
      while try scan.advance() {
        let block = scan.block
        for row in 0..<scan.rows.count {
          let index = scan.rows[row]
          for (position, column) in scan.columns.enumerated() {
            let cell = block.cell(row: row, column: position)
            guard block.hasPoint(cell) else { continue }
            let point = HistoryPoint(
              step: column.step, epoch: column.epoch, valueBits: block.bits(cell))
            let identities =
              tracksSources ? scan.identities(ofOrigin: block.origins[cell]) : []
            try body(channel, scan.valueType, index, point, identities)
            left -= 1
          }
        }
      }
    }
  }
}
