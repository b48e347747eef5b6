public import TrackerModel
public import TrackerSystem

/// Writes comma-separated values field by field, quoting only what needs it; lines end in LF.
public struct CSVWriter {
  private var output: TextOutput
  private var isFirst = true

  public init(_ sink: any ByteSink) { output = TextOutput(sink) }

  private mutating func separate() {
    if !isFirst { output.bytes.append(UInt8(ascii: ",")) }
    isFirst = false
  }

  /// A field for which there is nothing to say.
  public mutating func absent() { separate() }

  /// A text. An empty one is written as `""`, which readers can tell from an absent one.
  public mutating func text(_ text: Span<UInt8>) {
    separate()
    Self.append(text, to: &output.bytes)
  }

  public mutating func text(_ text: String) {
    self.text(Array(text.utf8).span)
  }

  public mutating func integer(_ value: Int64) {
    separate()
    IntegerText.append(value, to: &output.bytes)
  }

  /// A value as `ValueText` prints it; the bits are widened to float64.
  public mutating func value(_ bits: UInt64, as type: ValueType) {
    separate()
    ValueText.append(bits, as: type, to: &output.bytes)
  }

  public mutating func endRecord() throws(TrackerError) {
    output.bytes.append(UInt8(ascii: "\n"))
    isFirst = true
    try output.flushIfFull()
  }

  /// Hands on what is still held back.
  public mutating func finish() throws(TrackerError) { try output.flush() }

  /// Appends a text as a field.
  static func append(_ text: Span<UInt8>, to bytes: inout [UInt8]) {
    var needsQuotes = text.count == 0
    for position in text.indices {
      switch text[position] {
      case UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        needsQuotes = true
      default: break
      }
    }
    if needsQuotes { bytes.append(UInt8(ascii: "\"")) }
    for position in text.indices {
      if text[position] == UInt8(ascii: "\"") { bytes.append(UInt8(ascii: "\"")) }
      bytes.append(text[position])
    }
    if needsQuotes { bytes.append(UInt8(ascii: "\"")) }
  }
}
