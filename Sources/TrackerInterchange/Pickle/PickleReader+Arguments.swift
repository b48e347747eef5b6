import TrackerModel

extension PickleReader {
  /// Sees to it that an argument of so many bytes can be taken.
  @inline(__always)
  mutating func need(_ count: Int) throws(TrackerError) {
    if try !input.need(count) {
      throw fail(
        "its argument has \(count) bytes, of which \(input.remaining) are there",
        remedy: Self.truncated)
    }
  }

  /// A little-endian integer.
  @inline(__always)
  mutating func integer(_ width: Int) throws(TrackerError) -> UInt64 {
    try need(width)
    return input.takeInteger(width)
  }

  /// A length that the format has as a signed integer.
  mutating func length(_ width: Int) throws(TrackerError) -> UInt64 {
    let bits = UInt32(truncatingIfNeeded: try integer(width))
    guard bits <= UInt32(Int32.max) else {
      throw fail("its argument has the length \(Int32(bitPattern: bits))")
    }
    return UInt64(bits)
  }

  /// Checks a length against what is left of the file, before anything is done with it.
  func checkLength(_ length: UInt64) throws(TrackerError) {
    guard length > input.remaining else { return }
    throw fail(
      "it claims \(length) bytes, of which \(input.remaining) are there", remedy: Self.truncated)
  }

  func checkName(_ length: UInt64) throws(TrackerError) {
    guard length > UInt64(InterchangeLimits.maxPickleNameBytes) else { return }
    throw fail(
      "a name of \(length) bytes, the limit is \(InterchangeLimits.maxPickleNameBytes)",
      code: .limitExceeded)
  }

  /// Puts the bytes up to the next line feed into `scratch`.
  mutating func line(limit: Int) throws(TrackerError) {
    if try input.takeLine(into: &scratch, limit: limit) { return }
    if scratch.count >= limit {
      throw fail("no line feed within \(limit) bytes", code: .limitExceeded)
    }
    throw fail("the file ends before the line feed of its argument", remedy: Self.truncated)
  }

  // MARK: Texts

  /// Bytes of a length that was read: short ones are kept, others stay in the file.
  private mutating func bytes(_ length: UInt64) throws(TrackerError) -> PickleBytes {
    try checkLength(length)
    if length <= UInt64(InterchangeLimits.maxPickleShortText) {
      try need(Int(length))
      scratch.removeAll(keepingCapacity: true)
      input.take(Int(length), into: &scratch)
      return graph.keep(scratch)
    }
    let found = PickleBytes(start: input.offset, count: length, isInFile: true)
    input.skip(length)
    return found
  }

  mutating func pushBytes(_ length: UInt64, _ kind: PickleValue.Kind) throws(TrackerError) {
    try push(try graph.add(try bytes(length), kind))
  }

  mutating func pushTextLine(_ opcode: PickleOpcode) throws(TrackerError) {
    try line(limit: InterchangeLimits.maxPickleLineBytes)
    if opcode == .unicodeText {
      guard let text = PickleText.decodeRawUnicode(scratch.span) else {
        throw fail("an escape of \(UTF8Text.shown(scratch.span)) is none")
      }
      try push(try graph.add(text, .text))
    } else {
      guard let text = PickleText.decodeQuoted(scratch.span) else {
        throw fail("expected a quoted text, found \(UTF8Text.shown(scratch.span))")
      }
      try push(try graph.add(text, .bytes))
    }
  }

  /// The module and the name of a class, a line each.
  mutating func nameLines() throws(TrackerError) -> (PickleValue, PickleValue) {
    try line(limit: InterchangeLimits.maxPickleNameBytes)
    let module = try graph.add(scratch, .text)
    try line(limit: InterchangeLimits.maxPickleNameBytes)
    return (module, try graph.add(scratch, .text))
  }

  // MARK: Numbers

  mutating func pushNumber(_ opcode: PickleOpcode) throws(TrackerError) {
    try line(limit: InterchangeLimits.maxPickleLineBytes)
    if opcode == .floatText {
      guard let bits = try? ValueText.parseFloat64(scratch.span) else {
        throw fail("expected a float, found \(UTF8Text.shown(scratch.span))")
      }
      return try push(try graph.add(floatBits: bits))
    }
    // What protocols 0 and 1 have for booleans.
    if opcode == .intText, scratch == Array("00".utf8) { return try push(.no) }
    if opcode == .intText, scratch == Array("01".utf8) { return try push(.yes) }
    if opcode == .longText, scratch.last == UInt8(ascii: "L") { scratch.removeLast() }
    if let value = IntegerText.parse(scratch.span) {
      return try push(try graph.add(integer: value))
    }
    let digits = scratch.first == UInt8(ascii: "-") ? scratch.dropFirst() : scratch[...]
    guard !digits.isEmpty,
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { throw fail("expected an integer, found \(UTF8Text.shown(scratch.span))") }
    try push(try graph.add(hugeInteger: graph.keep(scratch)))
  }

  /// A little-endian integer in two's complement, of so many bytes.
  mutating func pushLong(_ length: UInt64) throws(TrackerError) {
    guard length <= 8 else {
      try push(try graph.add(hugeInteger: try bytes(length)))
      return
    }
    let width = Int(length)
    try need(width)
    let bits = input.takeInteger(width)
    let unused = UInt64(64 - 8 * width)
    let value = width == 0 ? 0 : Int64(bitPattern: bits << unused) >> Int64(unused)
    try push(try graph.add(integer: value))
  }
}
