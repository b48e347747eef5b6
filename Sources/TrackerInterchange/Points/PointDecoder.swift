import TrackerModel

/// What is wrong with a point.
struct PointFault: Error {
  var detail: String
  var remedy: String? = nil
}

/// Turns records, of whatever format, into columns.
struct PointDecoder {
  private let options: PointReader.Options
  private var table = ChannelTable()

  init(_ options: PointReader.Options) { self.options = options }

  var channels: [Channel] { table.channels }

  mutating func append(
    _ bytes: Span<UInt8>, _ fields: PointFields, line: UInt64, to batch: inout PointBatch
  ) throws(PointFault) {
    let texts = ChannelTexts(
      metric: try optional(fields, .metric), mode: try optional(fields, .mode),
      dsID: try optional(fields, .dsID))
    let channel =
      if let known = table.last(bytes, texts) { known } else { try channelNumber(bytes, texts) }
    try appendIndex(bytes, fields, to: &batch)
    let step = try integer(bytes, fields, .step)
    let hasEpoch = try !optional(fields, .epoch).isEmpty
    batch.epochs.append(hasEpoch ? try integer(bytes, fields, .epoch) : nil)
    batch.steps.append(step)
    batch.valueBits.append(try value(bytes, fields))
    batch.channels.append(channel)
    batch.lines.append(line)
  }

  // MARK: Columns

  /// The range of a column that may be absent or empty, which are the same.
  private func optional(_ fields: PointFields, _ column: PointColumn) throws(PointFault)
    -> Range<Int>
  {
    let field = fields[column]
    switch field.kind {
    case .absent: return 0..<0
    case .text: return field.range
    case .wrong: throw wrongKind(column)
    }
  }

  private func required(_ fields: PointFields, _ column: PointColumn) throws(PointFault)
    -> Range<Int>
  {
    let field = fields[column]
    switch field.kind {
    case .absent:
      throw PointFault(
        detail: "expected a value for '\(column.name)', found none")
    case .text: return field.range
    case .wrong: throw wrongKind(column)
    }
  }

  private func wrongKind(_ column: PointColumn) -> PointFault {
    PointFault(
      detail: "expected a number or a string for '\(column.name)', found something else")
  }

  private func integer(
    _ bytes: Span<UInt8>, _ fields: PointFields, _ column: PointColumn
  ) throws(PointFault) -> Int64 {
    let text = bytes.extracting(try required(fields, column))
    guard let value = IntegerText.parse(text) else {
      throw PointFault(
        detail:
          "expected an integer of 64 bits for '\(column.name)', found \(UTF8Text.shown(text))")
    }
    return value
  }

  private func value(_ bytes: Span<UInt8>, _ fields: PointFields) throws(PointFault) -> UInt64 {
    let text = bytes.extracting(try required(fields, .value))
    do {
      return try ValueText.parse(text, as: options.valueType)
    } catch {
      throw failure(error, text)
    }
  }

  private func failure(_ failure: ValueText.Failure, _ text: Span<UInt8>) -> PointFault {
    let shown = UTF8Text.shown(text)
    return switch failure {
    case .notANumber:
      PointFault(
        detail: "expected a number for 'value', found \(shown)")
    case .outOfRange:
      PointFault(
        detail: "the value \(shown) is beyond the largest \(options.valueType)",
        remedy: options.valueType == .float32 ? "import as float64, or write inf" : "write inf")
    case .notANaN:
      PointFault(
        detail: "expected the bits of a \(options.valueType) NaN for 'value', found \(shown)")
    }
  }

  private func appendIndex(
    _ bytes: Span<UInt8>, _ fields: PointFields, to batch: inout PointBatch
  ) throws(PointFault) {
    let text = bytes.extracting(try required(fields, .index))
    switch options.indexType {
    case .int64:
      guard let index = IntegerText.parseCanonical(text) else {
        throw PointFault(
          detail: "expected an integer of 64 bits for 'index', found \(UTF8Text.shown(text))",
          remedy: "import with string indices")
      }
      batch.integers.append(index)
    case .string:
      guard text.count <= Limits.maxIndexBytes else {
        throw PointFault(
          detail: "an index has at most \(Limits.maxIndexBytes) bytes, found \(text.count)")
      }
      guard UTF8Text.isValid(text) else {
        throw PointFault(
          detail: "the index \(UTF8Text.shown(text)) is not valid UTF-8")
      }
      for position in text.indices { batch.stringBytes.append(text[position]) }
      batch.stringEnds.append(batch.stringBytes.count)
    }
  }

  // MARK: Channels

  private mutating func channelNumber(_ bytes: Span<UInt8>, _ texts: ChannelTexts)
    throws(PointFault) -> Int32
  {
    let key = texts.key(bytes)
    if let number = table.number(of: key) { return number }
    let channel = Channel(
      metric: texts.metric.isEmpty
        ? options.defaultMetric : try name(bytes.extracting(texts.metric), .metric),
      mode: texts.mode.isEmpty ? options.defaultMode : try mode(bytes.extracting(texts.mode)),
      dsID: texts.dsID.isEmpty
        ? options.defaultDSID : try name(bytes.extracting(texts.dsID), .dsID))
    guard let number = table.add(channel, key) else {
      throw PointFault(
        detail: "the text holds more than \(InterchangeLimits.maxChannels) channels")
    }
    return number
  }

  private func name(_ text: Span<UInt8>, _ column: PointColumn) throws(PointFault) -> Name {
    guard text.count <= Limits.maxNameBytes else {
      throw PointFault(
        detail: "a \(column.name) has at most \(Limits.maxNameBytes) bytes, found \(text.count)")
    }
    guard let string = UTF8Text.string(text) else {
      throw PointFault(
        detail: "the \(column.name) \(UTF8Text.shown(text)) is not valid UTF-8")
    }
    return Name(string)
  }

  private func mode(_ text: Span<UInt8>) throws(PointFault) -> Mode {
    guard let string = UTF8Text.string(text), let mode = Mode(name: string) else {
      throw PointFault(
        detail: "expected a mode (train, eval, test or infer), found \(UTF8Text.shown(text))")
    }
    return mode
  }
}
