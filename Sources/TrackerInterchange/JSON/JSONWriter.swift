public import TrackerModel
public import TrackerSystem

/// Writes JSON as a stream: nothing is held but one block of text.
///
/// Non-finite values are written as the strings of `ValueText`, integers beyond ±2⁵³ as strings of
/// digits, because many readers hold every number as a float64.
///
/// A caller that closes what it did not open, or leaves out a name in an object, traps.
public struct JSONWriter {
  public enum Style: Sendable {
    /// Two spaces a level, a member or element a line.
    case pretty
    /// No space at all: for one value a line.
    case compact
  }

  private struct Level {
    var isObject: Bool
    var isOneLine: Bool
    var count = 0
  }

  private var output: TextOutput
  private let style: Style
  private var levels: [Level] = []
  private var awaitsValue = false

  public init(_ sink: any ByteSink, style: Style) {
    output = TextOutput(sink)
    self.style = style
  }

  // MARK: Structure

  /// - Parameter onOneLine: whether a pretty text keeps it on one line, as short pairs look best.
  public mutating func beginObject(onOneLine: Bool = false) throws(TrackerError) {
    try begin("{", isObject: true, onOneLine)
  }

  public mutating func endObject() throws(TrackerError) { try end("}", isObject: true) }

  public mutating func beginArray(onOneLine: Bool = false) throws(TrackerError) {
    try begin("[", isObject: false, onOneLine)
  }

  public mutating func endArray() throws(TrackerError) { try end("]", isObject: false) }

  /// The name of the member whose value comes next.
  public mutating func name(_ name: String) {
    precondition(levels.last?.isObject == true && !awaitsValue, "names belong into objects")
    separate()
    appendString(name.utf8)
    output.append(style == .pretty ? ": " : ":")
    awaitsValue = true
  }

  /// Ends the line after a whole value.
  public mutating func endLine() throws(TrackerError) {
    precondition(levels.isEmpty, "a line holds whole values")
    output.append("\n")
    try output.flushIfFull()
  }

  /// Hands on what is still held back.
  public mutating func finish() throws(TrackerError) { try output.flush() }

  // MARK: Values

  public mutating func string(_ text: String) throws(TrackerError) {
    beginValue()
    appendString(text.utf8)
    try output.flushIfFull()
  }

  /// A string whose UTF-8 bytes these are.
  public mutating func string(_ text: Span<UInt8>) throws(TrackerError) {
    beginValue()
    Self.append(text, to: &output.bytes)
    try output.flushIfFull()
  }

  public mutating func integer(_ value: Int64) throws(TrackerError) {
    beginValue()
    Self.append(value, to: &output.bytes)
    try output.flushIfFull()
  }

  public mutating func integer(_ value: UInt64) throws(TrackerError) {
    beginValue()
    let isString = value > Self.exactIntegers
    if isString { output.append("\"") }
    IntegerText.append(value, to: &output.bytes)
    if isString { output.append("\"") }
    try output.flushIfFull()
  }

  public mutating func integer(_ value: Int) throws(TrackerError) { try integer(Int64(value)) }

  /// A value whose bits are widened to float64, printed in its channel's type.
  public mutating func value(_ bits: UInt64, as type: ValueType) throws(TrackerError) {
    beginValue()
    Self.append(bits, as: type, to: &output.bytes)
    try output.flushIfFull()
  }

  public mutating func double(_ value: Double) throws(TrackerError) {
    try self.value(value.bitPattern, as: .float64)
  }

  public mutating func bool(_ value: Bool) throws(TrackerError) {
    beginValue()
    output.append(value ? "true" : "false")
    try output.flushIfFull()
  }

  public mutating func null() throws(TrackerError) {
    beginValue()
    output.append("null")
    try output.flushIfFull()
  }

  // MARK: Text

  /// Up to here every integer is a float64, and its neighbours are others.
  private static let exactIntegers: UInt64 = 1 << 53

  private mutating func begin(_ bracket: String, isObject: Bool, _ onOneLine: Bool)
    throws(TrackerError)
  {
    beginValue()
    output.append(bracket)
    let inside = onOneLine || style == .compact || levels.last?.isOneLine == true
    levels.append(Level(isObject: isObject, isOneLine: inside))
    try output.flushIfFull()
  }

  private mutating func end(_ bracket: String, isObject: Bool) throws(TrackerError) {
    guard let level = levels.popLast(), level.isObject == isObject, !awaitsValue else {
      preconditionFailure("'\(bracket)' closes nothing that was opened")
    }
    if level.count > 0, !level.isOneLine { breakLine() }
    output.append(bracket)
    try output.flushIfFull()
  }

  private mutating func beginValue() {
    if awaitsValue {
      awaitsValue = false
    } else {
      precondition(levels.last?.isObject != true, "a member needs a name")
      if !levels.isEmpty { separate() }
    }
  }

  private mutating func separate() {
    let level = levels.count - 1
    if levels[level].count > 0 {
      output.bytes.append(UInt8(ascii: ","))
      if style == .pretty, levels[level].isOneLine { output.bytes.append(UInt8(ascii: " ")) }
    }
    levels[level].count += 1
    if !levels[level].isOneLine { breakLine() }
  }

  private mutating func breakLine() {
    output.bytes.append(UInt8(ascii: "\n"))
    for _ in levels.indices { output.append("  ") }
  }

  private mutating func appendString(_ text: String.UTF8View) {
    Self.append(text, to: &output.bytes)
  }

  /// Appends a quoted string.
  static func append(_ text: String.UTF8View, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text { append(byte, to: &bytes) }
    bytes.append(UInt8(ascii: "\""))
  }

  static func append(_ text: Span<UInt8>, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for position in text.indices { append(text[position], to: &bytes) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends an integer, in quotes where it is beyond 2⁵³.
  static func append(_ value: Int64, to bytes: inout [UInt8]) {
    let isString = value.magnitude > exactIntegers
    if isString { bytes.append(UInt8(ascii: "\"")) }
    IntegerText.append(value, to: &bytes)
    if isString { bytes.append(UInt8(ascii: "\"")) }
  }

  /// Appends a value, in quotes where it is not finite.
  static func append(_ bits: UInt64, as type: ValueType, to bytes: inout [UInt8]) {
    let isString = bits & 0x7FF0_0000_0000_0000 == 0x7FF0_0000_0000_0000
    if isString { bytes.append(UInt8(ascii: "\"")) }
    ValueText.append(bits, as: type, to: &bytes)
    if isString { bytes.append(UInt8(ascii: "\"")) }
  }

  private static func append(_ byte: UInt8, to bytes: inout [UInt8]) {
    if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
      bytes.append(byte)
    } else if let letter = JSONEscape.encoded(byte) {
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(letter)
    } else {
      bytes.append(contentsOf: "\\u00".utf8)
      for nibble in [byte >> 4, byte & 15] {
        bytes.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
      }
    }
  }
}
