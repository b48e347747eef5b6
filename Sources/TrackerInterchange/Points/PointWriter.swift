public import TrackerModel
public import TrackerSystem

/// Writes points as text that `PointReader` reads back exactly.
///
/// CSV begins with its header; NDJSON says null where there is no data set id or epoch.
public struct PointWriter {
  private let format: TextFormat
  private var output: TextOutput
  private var channel: Channel?
  /// The text of a row up to the index.
  private var prefix: [UInt8] = []

  public init(_ sink: any ByteSink, format: TextFormat) {
    self.format = format
    output = TextOutput(sink)
    if format == .csv {
      output.append(PointColumn.allCases.map(\.name).joined(separator: ","))
      output.append("\n")
    }
  }

  /// Sets the channel of the points that follow.
  ///
  /// - Throws: `invalidParameter` for an empty metric or data set id, which would read back as an
  ///   absent one.
  public mutating func beginChannel(_ channel: Channel) throws(TrackerError) {
    guard !channel.metric.utf8.isEmpty, channel.dsID?.utf8.isEmpty != true else {
      throw TrackerError(
        .invalidParameter, "export",
        "a metric or data set id is empty; text cannot tell it from none")
    }
    self.channel = channel
    prefix = format.prefix(of: channel)
  }

  /// Writes a point of an integer index. The bits are widened to float64 and printed as `type`.
  public mutating func write(
    index: Int64, epoch: Int64?, step: Int64, bits: UInt64, as type: ValueType
  ) throws(TrackerError) {
    beginRow()
    appendInteger(index)
    try endRow(epoch, step, bits, type)
  }

  /// Writes a point of a string index, given as UTF-8.
  public mutating func write(
    index: Span<UInt8>, epoch: Int64?, step: Int64, bits: UInt64, as type: ValueType
  ) throws(TrackerError) {
    beginRow()
    switch format {
    case .csv: CSVWriter.append(index, to: &output.bytes)
    case .ndjson: JSONWriter.append(index, to: &output.bytes)
    }
    try endRow(epoch, step, bits, type)
  }

  /// Writes a point, changing the channel where it is another one than before.
  public mutating func write(
    channel: Channel, index: InstanceIndex, epoch: Int64?, step: Int64, bits: UInt64,
    as type: ValueType
  ) throws(TrackerError) {
    if self.channel != channel { try beginChannel(channel) }
    switch index {
    case .integer(let value):
      try write(index: value, epoch: epoch, step: step, bits: bits, as: type)
    case .string(let name):
      let bytes = Array(name.utf8)
      try write(index: bytes.span, epoch: epoch, step: step, bits: bits, as: type)
    }
  }

  /// Hands on what is still held back.
  public mutating func finish() throws(TrackerError) { try output.flush() }

  // MARK: Rows

  private mutating func beginRow() {
    precondition(channel != nil, "points belong to a channel")
    output.bytes.append(contentsOf: prefix)
  }

  private mutating func endRow(
    _ epoch: Int64?, _ step: Int64, _ bits: UInt64, _ type: ValueType
  ) throws(TrackerError) {
    switch format {
    case .csv:
      output.bytes.append(UInt8(ascii: ","))
      if let epoch { IntegerText.append(epoch, to: &output.bytes) }
      output.bytes.append(UInt8(ascii: ","))
      IntegerText.append(step, to: &output.bytes)
      output.bytes.append(UInt8(ascii: ","))
      ValueText.append(bits, as: type, to: &output.bytes)
    case .ndjson:
      output.append(",\"epoch\":")
      if let epoch { appendInteger(epoch) } else { output.append("null") }
      output.append(",\"step\":")
      appendInteger(step)
      output.append(",\"value\":")
      JSONWriter.append(bits, as: type, to: &output.bytes)
      output.bytes.append(UInt8(ascii: "}"))
    }
    output.bytes.append(UInt8(ascii: "\n"))
    try output.flushIfFull()
  }

  private mutating func appendInteger(_ value: Int64) {
    switch format {
    case .csv: IntegerText.append(value, to: &output.bytes)
    case .ndjson: JSONWriter.append(value, to: &output.bytes)
    }
  }
}
