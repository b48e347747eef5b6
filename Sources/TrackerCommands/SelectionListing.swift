import TrackerChart
import TrackerInterchange
import TrackerModel
import TrackerSelection

/// Prints selections.
struct SelectionListing {
  private let selections: [ChannelSelection]
  private let criterion: Criterion

  init(_ selections: [ChannelSelection], by criterion: Criterion) {
    self.selections = selections
    self.criterion = criterion
  }

  /// Whether the score is another number than the last value, which is always shown.
  private var showsScores: Bool { criterion != .final }

  /// The type in which scores are printed.
  private func scoreType(_ selection: ChannelSelection) -> ValueType {
    criterion.isValue ? selection.valueType : .float64
  }

  private func sets(_ selection: ChannelSelection) -> [(name: String, indices: [InstanceIndex])] {
    [("max", selection.kept.max), ("min", selection.kept.min), ("list", selection.kept.list)]
  }

  func write(to console: Console, _ format: OutputFormat) throws(TrackerError) {
    switch format {
    case .text: try writeText(console)
    case .csv: try writeCSV(console)
    case .json, .ndjson: try writeJSON(console, format)
    }
  }

  private func writeText(_ console: Console) throws(TrackerError) {
    for (position, selection) in selections.enumerated() {
      if position > 0 { try console.print("") }
      try console.print(
        "\(selection.kept.channel.printable) (\(PrintableText.escape(selection.output)))")
      let score: [(String, TextTable.Alignment)] =
        showsScores ? [(criterion.rawValue, .right)] : []
      var table = TextTable(
        [("", .left), ("index", .right)] + score + [
          ("last value", .right), ("at step", .right), ("points", .right), ("history", .left),
        ])
      for (name, indices) in sets(selection) {
        // Those that matter most first: the highest from above, the lowest from below.
        let ranked = indices.sorted { left, right in
          let (a, b) = (rank(selection, left), rank(selection, right))
          if name == "list" { return left < right }
          return name == "max" ? (a, left) > (b, right) : (a, left) < (b, right)
        }
        for (place, index) in ranked.enumerated() {
          let history = selection.histories[index] ?? []
          let title = ["max": "highest", "min": "lowest", "list": "listed"][name] ?? name
          let score =
            showsScores
            ? [selection.scores[index].map { Numbers.short(Double(bitPattern: $0)) } ?? ""] : []
          table.append(
            [place == 0 ? title : "", index.printable] + score + [
              history.last.map { Numbers.short($0.value) } ?? "",
              history.last.map { "\($0.step)" } ?? "", "\(history.count)",
              Sparkline(history.map(\.value), width: 32).description,
            ])
        }
      }
      for line in table.lines(indent: "  ") { try console.print(line) }
      if !selection.kept.missing.isEmpty {
        try console.print(
          "  never seen: \(selection.kept.missing.map(\.printable).joined(separator: " "))")
      }
    }
  }

  private func rank(_ selection: ChannelSelection, _ index: InstanceIndex) -> UInt64 {
    ValueOrder.rank(selection.scores[index] ?? 0)
  }

  private func writeCSV(_ console: Console) throws(TrackerError) {
    var csv = CSVWriter(console.output)
    let scoreTitles = showsScores ? ["by", "score"] : []
    for title in ["metric", "mode", "ds_id", "set", "index", "step", "value"] + scoreTitles {
      csv.text(title)
    }
    try csv.endRecord()
    for selection in selections {
      for (name, indices) in sets(selection) + [("missing", selection.kept.missing)] {
        for index in indices {
          csv.members(selection.kept.channel)
          csv.text(name)
          csv.index(index)
          if let last = selection.histories[index]?.last {
            csv.integer(last.step)
            csv.value(last.valueBits, as: selection.valueType)
          } else {
            csv.absent()
            csv.absent()
          }
          if showsScores {
            csv.text(criterion.rawValue)
            if let score = selection.scores[index] {
              csv.value(score, as: scoreType(selection))
            } else {
              csv.absent()
            }
          }
          try csv.endRecord()
        }
      }
    }
    try csv.finish()
  }

  private func writeJSON(_ console: Console, _ format: OutputFormat) throws(TrackerError) {
    var listing = try JSONRows(console, format, named: "selections")
    for selection in selections {
      try listing.row { (json) throws(TrackerError) in try write(selection, to: &json) }
    }
    try listing.finish()
  }

  private func write(_ selection: ChannelSelection, to json: inout JSONWriter)
    throws(TrackerError)
  {
    try json.beginObject()
    try json.members(selection.kept.channel)
    try json.member("output", selection.output)
    if showsScores { try json.member("by", criterion.rawValue) }
    for (name, indices) in sets(selection) {
      json.name(name)
      try json.beginArray()
      for index in indices {
        let history = selection.histories[index] ?? []
        try json.beginObject()
        try json.member("index", index)
        json.name("value")
        if let last = history.last {
          try json.value(last.valueBits, as: selection.valueType)
        } else {
          try json.null()
        }
        if showsScores, let score = selection.scores[index] {
          try json.member("score", score, as: scoreType(selection))
        }
        json.name("history")
        try json.write(history, as: selection.valueType)
        try json.endObject()
      }
      try json.endArray()
    }
    json.name("missing")
    try json.write(selection.kept.missing)
    try json.endObject()
  }
}
