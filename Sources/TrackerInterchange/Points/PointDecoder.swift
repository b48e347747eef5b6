import TrackerModel

/// Turns the records of one format into columns.
struct PointDecoder<Rows: PointRows>: PointBatching {
  private var rows: Rows
  private let options: PointReader.Options
  private var table = ChannelTable()

  init(_ rows: Rows, _ options: PointReader.Options) {
    self.rows = rows
    self.options = options
  }

  var channels: [Channel] { table.channels }
  var bytesRead: UInt64 { rows.bytesRead }

  mutating func fill(_ batch: inout PointBatch) throws(TrackerError) {
    while batch.count < PointReader.batchSize, try rows.readRow() {
      try append(to: &batch)
    }
  }

  private mutating func append(to batch: inout PointBatch) throws(TrackerError) {
    let fields = rows.fields
    let (metric, mode, dsID) = (
      try optional(fields, .metric), try optional(fields, .mode), try optional(fields, .dsID)
    )
    let channel =
      if let known = table.last(rows.bytes, metric, mode, dsID) { known } else {
        try addChannel(metric, mode, dsID)
      }
    try appendIndex(fields, to: &batch)
    let step = try integer(fields, .step)
    let epochField = try optional(fields, .epoch)
    batch.epochs.append(epochField.isEmpty ? nil : try integer(fields, .epoch))
    batch.steps.append(step)
    batch.valueBits.append(try value(fields))
    batch.channels.append(channel)
    batch.lines.append(rows.line)
  }

  // MARK: Columns

  /// The range of a column that may be absent or empty, which are the same.
  private func optional(_ fields: PointFields, _ column: PointColumn) throws(TrackerError)
    -> Range<Int>
  {
    let field = fields[column]
    switch field.kind {
    case .absent: return 0..<0
    case .text: return field.range
    case .wrong: throw wrongKind(column)
    }
  }

  private func required(_ fields: PointFields, _ column: PointColumn) throws(TrackerError)
    -> Range<Int>
  {
    let field = fields[column]
    switch field.kind {
    case .absent: throw rows.error("expected a value for '\(column.name)', found none", remedy: nil)
    case .text: return field.range
    case .wrong: throw wrongKind(column)
    }
  }

  private func wrongKind(_ column: PointColumn) -> TrackerError {
    rows.error(
      "expected a number or a string for '\(column.name)', found something else", remedy: nil)
  }

  private func integer(_ fields: PointFields, _ column: PointColumn) throws(TrackerError) -> Int64 {
    let text = rows.bytes.extracting(try required(fields, column))
    guard let value = IntegerText.parse(text) else {
      throw rows.error(
        "expected an integer of 64 bits for '\(column.name)', found \(UTF8Text.shown(text))",
        remedy: nil)
    }
    return value
  }

  private func value(_ fields: PointFields) throws(TrackerError) -> UInt64 {
    let text = rows.bytes.extracting(try required(fields, .value))
    do {
      return try ValueText.parse(text, as: options.valueType)
    } catch {
      throw failure(error, text)
    }
  }

  private func failure(_ failure: ValueText.Failure, _ text: Span<UInt8>) -> TrackerError {
    let shown = UTF8Text.shown(text)
    return switch failure {
    case .notANumber: rows.error("expected a number for 'value', found \(shown)", remedy: nil)
    case .outOfRange:
      rows.error(
        "the value \(shown) is beyond the largest \(options.valueType)",
        remedy: options.valueType == .float32 ? "import as float64, or write inf" : "write inf")
    case .notANaN:
      rows.error(
        "expected the bits of a \(options.valueType) NaN for 'value', found \(shown)", remedy: nil)
    }
  }

  private func appendIndex(_ fields: PointFields, to batch: inout PointBatch) throws(TrackerError) {
    let text = rows.bytes.extracting(try required(fields, .index))
    switch options.indexType {
    case .int64:
      guard let index = IntegerText.parseCanonical(text) else {
        throw rows.error(
          "expected an integer of 64 bits for 'index', found \(UTF8Text.shown(text))",
          remedy: "import with string indices")
      }
      batch.integers.append(index)
    case .string:
      guard text.count <= Limits.maxIndexBytes else {
        throw rows.error(
          "an index has at most \(Limits.maxIndexBytes) bytes, found \(text.count)", remedy: nil)
      }
      guard UTF8Text.isValid(text) else {
        throw rows.error("the index \(UTF8Text.shown(text)) is not valid UTF-8", remedy: nil)
      }
      for position in text.indices { batch.stringBytes.append(text[position]) }
      batch.stringEnds.append(batch.stringBytes.count)
    }
  }

  // MARK: Channels

  private mutating func addChannel(_ metric: Range<Int>, _ mode: Range<Int>, _ dsID: Range<Int>)
    throws(TrackerError) -> Int32
  {
    let channel = Channel(
      metric: metric.isEmpty ? options.defaultMetric : try name(metric, .metric),
      mode: mode.isEmpty ? options.defaultMode : try self.mode(mode),
      dsID: dsID.isEmpty ? options.defaultDSID : try name(dsID, .dsID))
    guard let number = table.add(channel, key(metric, mode, dsID)) else {
      throw rows.error(
        "the text holds more than \(InterchangeLimits.maxChannels) channels", remedy: nil)
    }
    return number
  }

  /// The three texts with bytes between them that UTF-8 does not use.
  private func key(_ metric: Range<Int>, _ mode: Range<Int>, _ dsID: Range<Int>) -> [UInt8] {
    var key: [UInt8] = []
    let bytes = rows.bytes
    for range in [metric, mode, dsID] {
      for position in range { key.append(bytes[position]) }
      key.append(0xFF)
    }
    return key
  }

  private func name(_ range: Range<Int>, _ column: PointColumn) throws(TrackerError) -> Name {
    let text = rows.bytes.extracting(range)
    guard text.count <= Limits.maxNameBytes else {
      throw rows.error(
        "a \(column.name) has at most \(Limits.maxNameBytes) bytes, found \(text.count)",
        remedy: nil)
    }
    guard let string = UTF8Text.string(text) else {
      throw rows.error(
        "the \(column.name) \(UTF8Text.shown(text)) is not valid UTF-8", remedy: nil)
    }
    return Name(string)
  }

  private func mode(_ range: Range<Int>) throws(TrackerError) -> Mode {
    let text = rows.bytes.extracting(range)
    guard let string = UTF8Text.string(text), let mode = Mode(name: string) else {
      throw rows.error(
        "expected a mode (train, eval, test or infer), found \(UTF8Text.shown(text))", remedy: nil)
    }
    return mode
  }
}

/// The channels of a text, numbered as they appear.
struct ChannelTable {
  private(set) var channels: [Channel] = []
  private var numbers: [[UInt8]: Int32] = [:]
  private var channelNumbers: [Channel: Int32] = [:]
  /// The key of the row before: most rows are of the same channel as that one.
  private var lastKey: [UInt8] = []
  private var lastNumber: Int32 = -1

  /// The channel's number where these are the texts of the row before.
  func last(
    _ bytes: Span<UInt8>, _ metric: Range<Int>, _ mode: Range<Int>, _ dsID: Range<Int>
  ) -> Int32? {
    guard lastNumber >= 0, lastKey.count == metric.count + mode.count + dsID.count + 3 else {
      return nil
    }
    var place = 0
    guard matches(bytes, metric, &place), matches(bytes, mode, &place),
      matches(bytes, dsID, &place)
    else { return nil }
    return lastNumber
  }

  private func matches(_ bytes: Span<UInt8>, _ range: Range<Int>, _ place: inout Int) -> Bool {
    for position in range {
      if lastKey[place] != bytes[position] { return false }
      place += 1
    }
    defer { place += 1 }
    return lastKey[place] == 0xFF
  }

  /// The number of a channel written as `key`, or nil where there are too many.
  ///
  /// Two keys may be one channel: a default is as good as its text.
  mutating func add(_ channel: Channel, _ key: [UInt8]) -> Int32? {
    if let number = numbers[key] ?? channelNumbers[channel] {
      (lastKey, lastNumber) = (key, number)
      numbers[key] = number
      return number
    }
    guard channels.count < InterchangeLimits.maxChannels else { return nil }
    let number = Int32(channels.count)
    channels.append(channel)
    channelNumbers[channel] = number
    numbers[key] = number
    (lastKey, lastNumber) = (key, number)
    return number
  }
}
