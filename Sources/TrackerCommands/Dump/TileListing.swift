import TrackerCodec
import TrackerFile
import TrackerInterchange
import TrackerModel

/// The tiles of a file: where they are, how they are coded, and what their parts cost.
struct TileListing {
  private let reader: TrackerReader
  private let tiles: [TileEntry]
  private let format: OutputFormat

  init(_ reader: TrackerReader, _ filter: FilterOptions, _ format: OutputFormat)
    throws(TrackerError)
  {
    self.reader = reader
    self.format = format
    let indices = try filter.indices(of: reader.indexType)
    tiles = Array(
      reader.snapshot.tiles.filter { tile in
        filter.channels.includes(tile.channel) && tile.mayHold(anyOf: indices)
          && (filter.steps.map { $0.range.overlaps(tile.steps) } ?? true)
      }.prefix(filter.limit ?? .max))
  }

  private static let titles: [(title: String, alignment: TextTable.Alignment)] = [
    ("offset", .right), ("bytes", .right), ("metric", .left), ("mode", .left), ("ds_id", .left),
    ("type", .left), ("first_step", .right), ("last_step", .right), ("columns", .right),
    ("rows", .right), ("workers", .right), ("sources", .left), ("first_index", .right),
    ("last_index", .right), ("points", .right),
    ("mapping", .left), ("detail", .left), ("difference", .left), ("grouped", .left),
    ("symbol_bytes", .right), ("extra_bytes", .right), ("corrections", .right),
    ("exceptions", .right),
    ("bytes_per_point", .right), ("min", .right), ("max", .right), ("nan", .right),
  ]

  private func row(_ tile: TileEntry, _ coding: ValueCoding) -> [String] {
    let statistics = tile.statistics
    func text(_ bits: UInt64?) -> String {
      bits.map { ValueText.text($0, as: .float64) } ?? ""
    }
    return [
      "\(tile.offset)", "\(tile.recordLength)", tile.channel.metric.string,
      tile.channel.mode.name, tile.channel.dsID?.string ?? "", "\(tile.valueType)",
      "\(tile.steps.lowerBound)", "\(tile.steps.upperBound)", "\(tile.columns.count)",
      "\(tile.rowCount)", "\(tile.identities.count)",
      tile.sources == .none ? "no" : "yes", "\(tile.firstIndex)", "\(tile.lastIndex)",
      "\(statistics.pointCount)",
      "\(coding.mapping)", coding.detail, "\(coding.difference)",
      coding.isGrouped ? "yes" : "no", "\(coding.symbolBytes)", "\(coding.extraBytes)",
      "\(coding.corrections)", "\(coding.exceptions)",
      Numbers.fixed(Double(tile.recordLength) / Double(max(1, statistics.pointCount)), 3),
      text(statistics.min), text(statistics.max), "\(statistics.nanCount)",
    ]
  }

  func write(to console: Console) throws(TrackerError) {
    var rows: [[String]] = []
    for tile in tiles { rows.append(row(tile, try reader.readTile(tile).coding)) }
    switch format {
    case .text:
      // A person sees fewer columns: what does not vary within a file is left out.
      var table = TextTable(Self.titles)
      for row in rows { table.append(row) }
      for line in table.lines() { try console.print(line) }
    case .csv:
      var csv = CSVWriter(console.output)
      for (title, _) in Self.titles { csv.text(title) }
      try csv.endRecord()
      for row in rows {
        for text in row { csv.text(text) }
        try csv.endRecord()
      }
      try csv.finish()
    case .json, .ndjson:
      try writeJSON(console, rows)
    }
  }

  private func writeJSON(_ console: Console, _ rows: [[String]]) throws(TrackerError) {
    var listing = try JSONRows(console, format, named: "tiles")
    for (tile, row) in zip(tiles, rows) {
      try listing.row { (json) throws(TrackerError) in try write(tile, row, to: &json) }
    }
    try listing.finish()
  }

  private func write(_ tile: TileEntry, _ row: [String], to json: inout JSONWriter)
    throws(TrackerError)
  {
    try json.beginObject(onOneLine: true)
    for ((title, alignment), text) in zip(Self.titles, row) {
      json.name(title)
      switch title {
      case "ds_id" where tile.channel.dsID == nil: try json.null()
      case "first_index": try json.value(tile.firstIndex)
      case "last_index": try json.value(tile.lastIndex)
      case "min", "max":
        if let bits = title == "min" ? tile.statistics.min : tile.statistics.max {
          try json.value(bits, as: .float64)
        } else {
          try json.null()
        }
      case "bytes_per_point":
        try json.double(Double(tile.recordLength) / Double(max(1, tile.statistics.pointCount)))
      default:
        if alignment == .right, let number = Int64(text) {
          try json.integer(number)
        } else {
          try json.string(text)
        }
      }
    }
    try json.endObject()
  }
}
