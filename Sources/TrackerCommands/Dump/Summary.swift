import TrackerFile
import TrackerInterchange
import TrackerModel

/// What a person wants to know of a file first.
struct Summary {
  private let reader: TrackerReader
  private let snapshot: Snapshot
  let channels: [ChannelSummary]
  /// Of all channels, as the bytes are.
  private let points: Int
  private let keptSets: [KeptSets]

  init(_ reader: TrackerReader, _ filter: ChannelOptions) throws(TrackerError) {
    self.reader = reader
    snapshot = reader.snapshot
    keptSets = try reader.keptSets()
    var channels: [ChannelSummary] = []
    var points = 0
    for channel in snapshot.channels {
      let summary = try ChannelSummary(channel, of: [reader])
      points += summary.points
      if filter.includes(channel) { channels.append(summary) }
    }
    self.channels = channels
    self.points = points
    if channels.isEmpty, points > 0 {
      Console.shared.warn("no channel is what the filters ask for")
    }
  }

  private var bytesPerPoint: Double? {
    points == 0 ? nil : Double(reader.size) / Double(points)
  }

  private var unsealedPoints: Int { snapshot.unsealed.reduce(0) { $0 + $1.pointCount } }

  func write(to console: Console, _ format: OutputFormat) throws(TrackerError) {
    switch format {
    case .text: try writeText(console)
    case .json: try writeJSON(console, .pretty)
    case .ndjson: try writeJSON(console, .compact)
    case .csv: try writeCSV(console)
    }
  }

  // MARK: Text

  private func writeText(_ console: Console) throws(TrackerError) {
    var headline =
      "\(reader.name)   \(Numbers.bytes(reader.size)), \(Numbers.count(points, "point"))"
    if let bytesPerPoint { headline += ", \(Numbers.fixed(bytesPerPoint, 2)) bytes a point" }
    try console.print(headline)
    try console.print("")
    var lines = TextTable([("", .left), ("", .left)])
    for (label, text) in facts { lines.append([label, text]) }
    for line in lines.lines().dropFirst() { try console.print(line) }
    if !channels.isEmpty {
      try console.print("")
      for line in channelTable { try console.print(line) }
    }
  }

  private var facts: [(String, String)] {
    var facts: [(String, String)] = []
    if let parameters = snapshot.parameters {
      facts.append(("metrics", parameters.metricKeys.map(\.string).joined(separator: ", ")))
      facts.append(("indexed by", "\(parameters.indexKey) (\(reader.indexType))"))
      facts.append(("keeps", Self.keeps(parameters)))
      facts.append(("records", Self.records(parameters)))
      if let precision = parameters.precision {
        facts.append(("precision", precision.description))
      }
    } else {
      facts.append(("parameters", "none stored; indices are \(reader.indexType)"))
    }
    facts.append(("run", run))
    facts.append(("commits", commits))
    if let partition = snapshot.partition {
      let (lower, upper) = (partition.range.lower, partition.range.upper)
      facts.append(
        (
          "part",
          "\(partition)\(lower.map { ", from index \($0.printable)" } ?? "")"
            + (upper.map { " to before \($0.printable)" } ?? "")
        ))
    }
    if unsealedPoints > 0 {
      let groups = snapshot.unsealed.map {
        "\(Numbers.grouped($0.pointCount)) of \($0.channel) in epoch \($0.epoch)"
      }
      facts.append(
        (
          "unsealed",
          groups.prefix(4).joined(separator: "; ")
            + (groups.count > 4 ? "; and \(groups.count - 4) more epochs" : "")
        ))
    }
    if !keptSets.isEmpty {
      let count = keptSets.reduce(0) { $0 + $1.all.count }
      facts.append(("kept", "\(Numbers.grouped(count)) instances by the last selection (--kept)"))
    }
    if let tail = reader.tail {
      facts.append(
        ("damage", "\(Numbers.bytes(tail.length)) behind the last commit, at offset \(tail.offset)")
      )
    }
    return facts
  }

  private static func keeps(_ parameters: Parameters) -> String {
    var parts = ["\(parameters.maxToKeep) highest", "\(parameters.minToKeep) lowest"]
    if let list = parameters.listToKeep, !list.isEmpty {
      parts.append(
        list.count <= 8
          ? "listed \(list.map(\.description).joined(separator: ", "))"
          : "\(Numbers.grouped(list.count)) listed")
    }
    let name = parameters.outputName(for: parameters.metricKeys[0])
    return parts.joined(separator: ", ")
      + (parameters.metricKeys.count == 1 || parameters.customOutputName != nil
        ? ", as \(name)" : "")
  }

  private static func records(_ parameters: Parameters) -> String {
    var text = "modes \(parameters.modes)"
    if parameters.dsIDs != .all { text += ", data sets \(parameters.dsIDs)" }
    if parameters.epochFrequency > 1 { text += ", every \(parameters.epochFrequency) epochs" }
    return text
  }

  private var run: String {
    let identities = snapshot.identities
    guard let first = identities.first, let last = identities.last else {
      return "none: imported, or written without an identity"
    }
    if let identity = snapshot.commit?.identity {
      return "\(identity.runID), worker \(identity.rank) of \(identity.worldSize), generation"
        + " \(identity.generation)"
    }
    let ranks = Set(identities.map(\.rank)).sorted()
    let runs = Set(identities.map(\.runID))
    let shown = ranks.prefix(12).map(String.init).joined(separator: ", ")
    let generations =
      first.generation == last.generation
      ? "generation \(first.generation)"
      : "generations \(first.generation) to \(last.generation)"
    return (runs.count == 1 ? "\(first.runID)" : "\(runs.count) runs")
      + ", \(Numbers.count(ranks.count, "worker")) of \(last.worldSize) (rank \(shown)"
      + (ranks.count > 12 ? ", …" : "") + "), \(generations)"
  }

  private var commits: String {
    guard let commit = snapshot.commit else { return "none" }
    var text = Numbers.grouped(commit.sequence)
    if commit.depth != commit.sequence {
      text += " in the file, \(Numbers.grouped(commit.depth)) in this history"
    }
    if let step = commit.step { text += ", last at step \(step)" }
    if let epoch = commit.epoch { text += ", epoch \(epoch)" }
    if let time = commit.wallTime { text += ", \(Numbers.time(time))" }
    return text
  }

  private var channelTable: [String] { Self.table(of: channels) }

  static func table(of channels: [ChannelSummary]) -> [String] {
    var table = TextTable([
      ("channel", .left), ("instances", .right), ("points", .right), ("epochs", .right),
      ("steps", .left), ("type", .left), ("bytes a point", .right),
    ])
    for channel in channels {
      table.append([
        channel.channel.printable, Numbers.grouped(channel.instances),
        Numbers.grouped(channel.points),
        Numbers.grouped(channel.epochs), "\(channel.firstStep) to \(channel.lastStep)",
        "\(channel.valueType)",
        channel.points == 0
          ? "" : Numbers.fixed(Double(channel.bytes) / Double(channel.points), 2),
      ])
    }
    return table.lines()
  }

  // MARK: JSON and CSV

  private func writeJSON(_ console: Console, _ style: JSONWriter.Style) throws(TrackerError) {
    var json = JSONWriter(console.output, style: style)
    try write(to: &json)
    try json.endLine()
    try json.finish()
  }

  func write(to json: inout JSONWriter) throws(TrackerError) {
    try json.beginObject()
    try json.member("schema", 1)
    try json.member("file", reader.name)
    try json.member("file_bytes", reader.size)
    try json.member("points", points)
    json.name("bytes_per_point")
    if let bytesPerPoint { try json.double(bytesPerPoint) } else { try json.null() }
    try json.member("index_type", reader.indexType.description)
    try json.member("commits", snapshot.commit?.sequence ?? 0)
    json.name("commit")
    if let commit = snapshot.commit {
      try json.write(commit)
    } else {
      try json.null()
    }
    json.name("parameters")
    if let parameters = snapshot.parameters {
      try json.write(parameters)
    } else {
      try json.null()
    }
    json.name("run")
    try json.beginObject()
    json.name("identities")
    try json.beginArray()
    for identity in snapshot.identities { try json.write(identity) }
    try json.endArray()
    try json.endObject()
    try json.member("unsealed_points", unsealedPoints)
    json.name("unsealed")
    try json.beginArray()
    for group in snapshot.unsealed {
      try json.beginObject()
      try json.members(group.channel)
      try json.member("epoch", group.epoch)
      try json.member("points", group.pointCount)
      try json.endObject()
    }
    try json.endArray()
    try json.member("damaged_bytes", reader.tail?.length ?? 0)
    json.name("channels")
    try json.beginArray()
    for channel in channels { try channel.write(to: &json) }
    try json.endArray()
    try json.endObject()
  }

  private func writeCSV(_ console: Console) throws(TrackerError) {
    var csv = CSVWriter(console.output)
    for title in [
      "metric", "mode", "ds_id", "value_type", "instances", "points", "epochs", "first_step",
      "last_step", "bytes", "keep_mantissa_bits",
    ] { csv.text(title) }
    try csv.endRecord()
    for channel in channels {
      channel.write(to: &csv)
      csv.optional(snapshot.parameters?.keepMantissaBits.map { Int64($0) })
      try csv.endRecord()
    }
    try csv.finish()
  }
}
