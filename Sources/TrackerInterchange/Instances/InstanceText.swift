public import TrackerModel

/// Instances of one channel as lines of text: the channel, the index, how many points there are, and
/// the fields.
///
/// Values are the shortest text that reads back exactly (`ValueText`). Making text of one block does
/// not depend on others, so that it can be done on several cores.
public struct InstanceText: Sendable {
  private let format: TextFormat
  private let fields: [InstanceField]
  /// The text of a line up to the index.
  private let prefix: [UInt8]
  /// What stands before each field's value, if not a comma alone.
  private let separators: [[UInt8]]
  private let types: [ValueType]

  public init(_ format: TextFormat, _ channel: Channel, _ fields: [InstanceField]) {
    self.format = format
    self.fields = fields
    types = fields.map(\.type)
    prefix = format.prefix(of: channel)
    switch format {
    case .csv: separators = []
    case .ndjson:
      separators = fields.map {
        var text: [UInt8] = [UInt8(ascii: ",")]
        JSONWriter.append($0.name.utf8, to: &text)
        text.append(UInt8(ascii: ":"))
        return text
      }
    }
  }

  /// The line that names the fields, if the format has one.
  ///
  /// - Parameter fields: their names.
  public static func header(_ format: TextFormat, _ fields: [String]) -> [UInt8] {
    guard format == .csv else { return [] }
    let names = ["metric", "mode", "ds_id", "index", "points"] + fields
    return Array((names.joined(separator: ",") + "\n").utf8)
  }

  /// The lines of a block.
  public func text(of block: InstanceBlock) -> [UInt8] {
    if format == .csv, case .integers(let indices) = block.rows { return lines(block, indices) }
    var text: [UInt8] = []
    text.reserveCapacity(block.rows.count * (prefix.count + 24 + 20 * fields.count))
    // Row by row, as they are written: arrays in an array cost more than their numbers.
    var values = [UInt64](repeating: 0, count: block.rows.count * fields.count)
    for field in fields.indices {
      let column = block.values[field]
      for row in column.indices { values[row * fields.count + field] = column[row] }
    }
    switch block.rows {
    case .integers(let indices):
      for row in indices.indices where block.pointCounts[row] > 0 {
        text.append(contentsOf: prefix)
        switch format {
        case .csv: IntegerText.append(indices[row], to: &text)
        case .ndjson: JSONWriter.append(indices[row], to: &text)
        }
        append(block.pointCounts[row], values.span, row, to: &text)
      }
    case .strings(let indices):
      let bytes = indices.bytes.span
      for row in 0..<indices.count where block.pointCounts[row] > 0 {
        text.append(contentsOf: prefix)
        let index = bytes.extracting(indices.range(of: row))
        switch format {
        case .csv: CSVWriter.append(index, to: &text)
        case .ndjson: JSONWriter.append(index, to: &text)
        }
        append(block.pointCounts[row], values.span, row, to: &text)
      }
    }
    return text
  }

  /// The lines of a block that has integers for indices, as CSV: written in place.
  private func lines(_ block: InstanceBlock, _ indices: [Int64]) -> [UInt8] {
    // Integers take 20 bytes at most; commas and the line's end one each.
    let room = prefix.count + 42 + (ValueText.maxLength + 1) * fields.count
    var lines = [UInt8](
      repeating: 0, count: room * min(indices.count, Self.linesAtOnce) + IntegerText.slack)
    var text: [UInt8] = []
    for start in stride(from: 0, to: indices.count, by: Self.linesAtOnce) {
      let rows = start..<min(start + Self.linesAtOnce, indices.count)
      var target = lines.mutableSpan
      let end = write(rows, of: block, indices.span, to: &target)
      if start == 0 { text.reserveCapacity(end * (1 + indices.count / rows.count)) }
      text.append(contentsOf: lines[..<end])
    }
    return text
  }

  /// So many lines stay in a core's cache.
  private static let linesAtOnce = 256

  private func write(
    _ rows: Range<Int>, of block: InstanceBlock, _ indices: Span<Int64>,
    to text: inout MutableSpan<UInt8>
  ) -> Int {
    // Row by row, as they are written: arrays in an array cost more than their numbers.
    var values = [UInt64](repeating: 0, count: rows.count * fields.count)
    for field in fields.indices {
      let column = block.values[field]
      var place = field
      for row in rows {
        values[place] = column[row]
        place += fields.count
      }
    }
    let (prefix, types, numbers, counts) = (
      prefix.span, types.span, values.span, block.pointCounts.span
    )
    var place = 0
    var number = 0
    for row in rows {
      guard counts[row] > 0 else {
        number += types.count
        continue
      }
      for byte in prefix.indices { text[place + byte] = prefix[byte] }
      place = IntegerText.write(indices[row], to: &text, at: place + prefix.count)
      text[place] = UInt8(ascii: ",")
      place = IntegerText.write(Int64(counts[row]), to: &text, at: place + 1)
      for field in types.indices {
        text[place] = UInt8(ascii: ",")
        place = ValueText.write(numbers[number], as: types[field], to: &text, at: place + 1)
        number += 1
      }
      text[place] = UInt8(ascii: "\n")
      place += 1
    }
    return place
  }

  /// Appends the rest of a line, behind the index.
  private func append(
    _ pointCount: Int, _ values: Span<UInt64>, _ row: Int, to text: inout [UInt8]
  ) {
    switch format {
    case .csv: text.append(UInt8(ascii: ","))
    case .ndjson: text.append(contentsOf: ",\"points\":".utf8)
    }
    IntegerText.append(Int64(pointCount), to: &text)
    for field in fields.indices {
      let bits = values[row * fields.count + field]
      switch format {
      case .csv:
        text.append(UInt8(ascii: ","))
        ValueText.append(bits, as: types[field], to: &text)
      case .ndjson:
        text.append(contentsOf: separators[field])
        JSONWriter.append(bits, as: types[field], to: &text)
      }
    }
    if format == .ndjson { text.append(UInt8(ascii: "}")) }
    text.append(UInt8(ascii: "\n"))
  }
}

extension TextFormat {
  /// The text of a line about a channel, up to the index.
  func prefix(of channel: Channel) -> [UInt8] {
    var prefix: [UInt8] = []
    switch self {
    case .csv:
      CSVWriter.append(Array(channel.metric.utf8).span, to: &prefix)
      prefix.append(contentsOf: ",\(channel.mode.name),".utf8)
      if let dsID = channel.dsID { CSVWriter.append(Array(dsID.utf8).span, to: &prefix) }
      prefix.append(UInt8(ascii: ","))
    case .ndjson:
      prefix.append(contentsOf: "{\"metric\":".utf8)
      JSONWriter.append(channel.metric.utf8, to: &prefix)
      prefix.append(contentsOf: ",\"mode\":\"\(channel.mode.name)\",\"ds_id\":".utf8)
      if let dsID = channel.dsID {
        JSONWriter.append(dsID.utf8, to: &prefix)
      } else {
        prefix.append(contentsOf: "null".utf8)
      }
      prefix.append(contentsOf: ",\"index\":".utf8)
    }
    return prefix
  }
}
