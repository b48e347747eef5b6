import TrackerFile
import TrackerInterchange
import TrackerModel

/// The commits of a file in their order, those that were rewound past included.
struct CommitListing {
  private let commits: [CommitSummary]
  private let current: Set<UInt64>
  private let format: OutputFormat

  init(_ reader: TrackerReader, _ format: OutputFormat, limit: Int?) throws(TrackerError) {
    // Those written after the commit that is looked at are not there yet.
    let last = reader.snapshot.commit?.sequence ?? 0
    let all = try reader.commits().filter { $0.sequence <= last }
    commits = Array(all.suffix(limit ?? .max))
    current = Set(reader.snapshot.ancestry.map(\.offset))
    self.format = format
  }

  func write(to console: Console) throws(TrackerError) {
    switch format {
    case .text:
      var table = TextTable([
        ("commit", .right), ("depth", .right), ("step", .right), ("epoch", .right),
        ("offset", .right), ("worker", .left), ("time", .left), ("", .left),
      ])
      for commit in commits {
        table.append([
          "\(commit.sequence)", "\(commit.depth)", commit.step.map(String.init) ?? "",
          commit.epoch.map(String.init) ?? "", "\(commit.offset)",
          commit.identity.map { "\($0.rank) of \($0.worldSize), generation \($0.generation)" }
            ?? "",
          commit.wallTime.map(Numbers.time) ?? "",
          current.contains(commit.offset) ? "" : "not in this history",
        ])
      }
      for line in table.lines() { try console.print(line) }
    case .csv:
      var csv = CSVWriter(console.output)
      for title in [
        "sequence", "depth", "step", "epoch", "offset", "run_id", "generation", "rank",
        "world_size", "wall_time_us", "in_history",
      ] { csv.text(title) }
      try csv.endRecord()
      for commit in commits {
        csv.integer(Int64(commit.sequence))
        csv.integer(Int64(commit.depth))
        csv.optional(commit.step)
        csv.optional(commit.epoch)
        csv.integer(Int64(commit.offset))
        if let identity = commit.identity {
          csv.text(identity.runID.string)
          csv.integer(Int64(identity.generation))
          csv.integer(Int64(identity.rank))
          csv.integer(Int64(identity.worldSize))
        } else {
          for _ in 0..<4 { csv.absent() }
        }
        csv.optional(commit.wallTime.map { Int64(clamping: $0) })
        csv.text(current.contains(commit.offset) ? "true" : "false")
        try csv.endRecord()
      }
      try csv.finish()
    case .json, .ndjson:
      var rows = try JSONRows(console, format, named: "commits")
      for commit in commits {
        try rows.row { (json) throws(TrackerError) in
          try json.write(commit, inHistory: current.contains(commit.offset))
        }
      }
      try rows.finish()
    }
  }
}
