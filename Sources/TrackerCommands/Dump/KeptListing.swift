import TrackerFile
import TrackerInterchange
import TrackerModel

/// The kept sets of a file: what its last selection kept.
struct KeptListing {
  private let sets: [KeptSets]
  private let format: OutputFormat

  init(_ reader: TrackerReader, _ filter: ChannelOptions, _ format: OutputFormat)
    throws(TrackerError)
  {
    sets = try reader.keptSets().filter { filter.includes($0.channel) }
    self.format = format
  }

  private static func parts(_ set: KeptSets) -> [(String, [InstanceIndex])] {
    [("max", set.max), ("min", set.min), ("list", set.list), ("missing", set.missing)]
  }

  func write(to console: Console) throws(TrackerError) {
    switch format {
    case .text:
      if sets.isEmpty { console.say("no selection was stored in this file") }
      for set in sets {
        try console.print(set.channel.printable)
        for (name, indices) in Self.parts(set) where !indices.isEmpty {
          try console.print("  \(name)  \(indices.map(\.printable).joined(separator: " "))")
        }
      }
    case .csv:
      var csv = CSVWriter(console.output)
      for title in ["metric", "mode", "ds_id", "set", "index"] { csv.text(title) }
      try csv.endRecord()
      for set in sets {
        for (name, indices) in Self.parts(set) {
          for index in indices {
            csv.members(set.channel)
            csv.text(name)
            csv.index(index)
            try csv.endRecord()
          }
        }
      }
      try csv.finish()
    case .json, .ndjson:
      var rows = try JSONRows(console, format, named: "kept")
      for set in sets {
        try rows.row { (json) throws(TrackerError) in
          try json.beginObject()
          try json.members(set.channel)
          for (name, indices) in Self.parts(set) {
            json.name(name)
            try json.write(indices)
          }
          try json.endObject()
        }
      }
      try rows.finish()
    }
  }
}
