import TrackerFile
import TrackerInterchange
import TrackerModel

/// The summary of every file of several, and of what they hold together.
struct UnionSummary {
  private let readers: [TrackerReader]
  private let filter: ChannelOptions
  private let channels: [ChannelSummary]
  private let points: Int

  /// Reads index sets and presence of all files, to count what several of them hold once.
  init(_ union: TrackerUnion, _ filter: ChannelOptions) throws(TrackerError) {
    readers = union.readers
    self.filter = filter
    var channels: [ChannelSummary] = []
    var points = 0
    for channel in union.channels {
      let summary = try ChannelSummary(channel, of: readers)
      points += summary.points
      if filter.includes(channel) { channels.append(summary) }
    }
    self.channels = channels
    self.points = points
  }

  private var bytes: UInt64 { readers.reduce(0) { $0 + $1.size } }

  func write(to console: Console, _ format: OutputFormat) throws(TrackerError) {
    switch format {
    case .text: try writeText(console)
    case .json: try writeJSON(console)
    case .ndjson: try writeLines(console)
    case .csv: try writeCSV(console)
    }
  }

  private func writeText(_ console: Console) throws(TrackerError) {
    for reader in readers {
      try Summary(reader, filter).write(to: console, .text)
      try console.print("")
    }
    try console.print(
      "union of \(Numbers.count(readers.count, "file"))   \(Numbers.bytes(bytes)),"
        + " \(Numbers.count(points, "point"))")
    if !channels.isEmpty {
      try console.print("")
      for line in Summary.table(of: channels) { try console.print(line) }
    }
  }

  private func writeJSON(_ console: Console) throws(TrackerError) {
    var json = JSONWriter(console.output, style: .pretty)
    try json.beginObject()
    try json.member("schema", 1)
    json.name("files")
    try json.beginArray()
    for reader in readers { try Summary(reader, filter).write(to: &json) }
    try json.endArray()
    json.name("union")
    try writeUnion(to: &json)
    try json.endObject()
    try json.endLine()
    try json.finish()
  }

  private func writeLines(_ console: Console) throws(TrackerError) {
    var json = JSONWriter(console.output, style: .compact)
    for reader in readers {
      try Summary(reader, filter).write(to: &json)
      try json.endLine()
    }
    try writeUnion(to: &json)
    try json.endLine()
    try json.finish()
  }

  /// As a file's summary, with `union_of`, the number of files, in place of `file`.
  private func writeUnion(to json: inout JSONWriter) throws(TrackerError) {
    try json.beginObject()
    try json.member("schema", 1)
    try json.member("union_of", readers.count)
    try json.member("file_bytes", bytes)
    try json.member("points", points)
    json.name("channels")
    try json.beginArray()
    for channel in channels { try channel.write(to: &json) }
    try json.endArray()
    try json.endObject()
  }

  /// The union's rows have no file.
  private func writeCSV(_ console: Console) throws(TrackerError) {
    var csv = CSVWriter(console.output)
    for title in [
      "file", "metric", "mode", "ds_id", "value_type", "instances", "points", "epochs",
      "first_step", "last_step", "bytes",
    ] { csv.text(title) }
    try csv.endRecord()
    for reader in readers {
      for channel in try Summary(reader, filter).channels {
        csv.text(reader.name)
        channel.write(to: &csv)
        try csv.endRecord()
      }
    }
    for channel in channels {
      csv.absent()
      channel.write(to: &csv)
      try csv.endRecord()
    }
    try csv.finish()
  }
}
