import TrackerCodec
import TrackerFile
import TrackerInterchange
import TrackerModel

/// The digest of what a tracker, or several together, hold.
struct DigestListing {
  private let union: TrackerUnion
  private let digest: ContentDigest
  /// Of one file that holds parameters.
  private let parameters: Parameters?
  private let format: OutputFormat

  /// Reads all points that the filter lets through.
  init(_ union: TrackerUnion, _ filter: FilterOptions, _ format: OutputFormat)
    throws(TrackerError)
  {
    guard filter.limit == nil else {
      throw TrackerError(.invalidParameter, "--limit", "a digest is of all points")
    }
    self.union = union
    self.format = format
    parameters = union.readers.count == 1 ? union.readers[0].snapshot.parameters : nil
    var digest = ContentDigest(indexType: union.indexType)
    let progress = Progress(.shared, "read")
    let total = union.tiles(filter.channels).pointCount
    for channel in union.channels where filter.channels.includes(channel) {
      let scan = try FilteredScan(union, channel, filter, limit: .max)
      try digest.add(scan) { progress.update($0, of: total) }
    }
    progress.finish()
    self.digest = digest
    Console.shared.reportUnsealed(
      union.unsealedPoints(filter.channels), verb: "they are not part of the digest")
  }

  func write(to console: Console) throws(TrackerError) {
    switch format {
    case .text:
      var table = TextTable([("", .left), ("", .left), ("", .right)])
      table.append(row("points", digest.points, digest.pointCount))
      for part in digest.parts {
        table.append(row("  " + part.channel.printable, part.digest, part.pointCount))
      }
      if let parameters {
        table.append(["and parameters", digest.points(with: parameters).hexadecimal, ""])
      }
      for line in table.lines().dropFirst() { try console.print(line) }
    case .csv:
      var csv = CSVWriter(console.output)
      for title in ["metric", "mode", "ds_id", "points", "digest"] { csv.text(title) }
      try csv.endRecord()
      for part in digest.parts {
        csv.members(part.channel)
        csv.integer(Int64(part.pointCount))
        csv.text(part.digest.hexadecimal)
        try csv.endRecord()
      }
      for _ in 0..<3 { csv.absent() }
      csv.integer(Int64(digest.pointCount))
      csv.text(digest.points.hexadecimal)
      try csv.endRecord()
      try csv.finish()
    case .json, .ndjson:
      var json = JSONWriter(console.output, style: format == .json ? .pretty : .compact)
      try write(to: &json)
      try json.endLine()
      try json.finish()
    }
  }

  private func row(_ name: String, _ digest: BLAKE2b.Digest, _ points: Int) -> [String] {
    [name, digest.hexadecimal, Numbers.count(points, "point")]
  }

  private func write(to json: inout JSONWriter) throws(TrackerError) {
    try json.beginObject()
    try json.member("schema", 1)
    try json.member("digest", digest.points.hexadecimal)
    try json.member(
      "digest_with_parameters", parameters.map { digest.points(with: $0).hexadecimal })
    try json.member("index_type", digest.indexType.description)
    try json.member("points", digest.pointCount)
    json.name("channels")
    try json.beginArray()
    for part in digest.parts {
      try json.beginObject()
      try json.members(part.channel)
      try json.member("points", part.pointCount)
      try json.member("digest", part.digest.hexadecimal)
      try json.endObject()
    }
    try json.endArray()
    try json.endObject()
  }
}
