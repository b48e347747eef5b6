/// What kind of value a JSON text holds.
public enum JSONKind: UInt8, Sendable, Hashable {
  case string, number, bool, null
  /// An array or an object, skipped.
  case nested

  var words: String {
    switch self {
    case .string: "a string"
    case .number: "a number"
    case .bool: "true or false"
    case .null: "null"
    case .nested: "an array or object"
    }
  }
}

/// Finds the members of one JSON object (RFC 8259) in a line, strictly and without copying.
struct JSONScanner: ~Escapable {
  let bytes: Span<UInt8>
  let start: Int
  let end: Int
  var position: Int

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    self.bytes = bytes
    start = range.lowerBound
    end = range.upperBound
    position = start
  }

  private func expected(_ what: String) -> TextFault {
    guard position < end else {
      return TextFault(position: position - start, detail: "expected \(what), found the line's end")
    }
    let byte = bytes[position]
    let found =
      byte > 0x20 && byte < 0x7F
      ? "'\(Character(UnicodeScalar(byte)))'" : "byte \(byte)"
    return TextFault(position: position - start, detail: "expected \(what), found \(found)")
  }

  @_lifetime(self: copy self)
  private mutating func skipSpace() {
    while position < end {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
        position += 1
      default: return
      }
    }
  }

  @_lifetime(self: copy self)
  private mutating func skip(_ byte: UInt8) -> Bool {
    guard position < end, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  /// Collects the object's members; false where the line holds nothing.
  @_lifetime(self: copy self)
  mutating func scanObject(into members: inout [JSONReader.Member]) throws(TextFault) -> Bool {
    members.removeAll(keepingCapacity: true)
    skipSpace()
    if position == end { return false }
    guard skip(UInt8(ascii: "{")) else { throw expected("an object '{'") }
    skipSpace()
    if !skip(UInt8(ascii: "}")) {
      while true {
        skipSpace()
        guard members.count < InterchangeLimits.maxColumns else {
          throw TextFault(
            position: position - start,
            detail: "an object has more than \(InterchangeLimits.maxColumns) members")
        }
        members.append(try scanMember())
        skipSpace()
        if skip(UInt8(ascii: ",")) { continue }
        guard skip(UInt8(ascii: "}")) else { throw expected("',' or '}'") }
        break
      }
    }
    skipSpace()
    guard position == end else { throw expected("one object a line") }
    return true
  }

  @_lifetime(self: copy self)
  private mutating func scanMember() throws(TextFault) -> JSONReader.Member {
    guard skip(UInt8(ascii: "\"")) else { throw expected("a member's name in quotes") }
    let name = try scanString()
    skipSpace()
    guard skip(UInt8(ascii: ":")) else { throw expected("':'") }
    skipSpace()
    let value = try scanValue()
    return JSONReader.Member(
      name: name.range, value: value.range, kind: value.kind, nameHasEscapes: name.hasEscapes,
      valueHasEscapes: value.hasEscapes)
  }

  private typealias Value = (range: Range<Int>, kind: JSONKind, hasEscapes: Bool)

  @_lifetime(self: copy self)
  private mutating func scanValue() throws(TextFault) -> Value {
    let first = position
    if skip(UInt8(ascii: "{")) || skip(UInt8(ascii: "[")) {
      position = first
      try skipNested()
      return (first..<position, .nested, false)
    }
    return try scanScalar()
  }

  @_lifetime(self: copy self)
  private mutating func scanScalar() throws(TextFault) -> Value {
    let first = position
    guard position < end else { throw expected("a value") }
    switch bytes[position] {
    case UInt8(ascii: "\""):
      position += 1
      let string = try scanString()
      return (string.range, .string, string.hasEscapes)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      try scanNumber()
      return (first..<position, .number, false)
    case UInt8(ascii: "t"):
      try scanWord("true")
      return (first..<position, .bool, false)
    case UInt8(ascii: "f"):
      try scanWord("false")
      return (first..<position, .bool, false)
    case UInt8(ascii: "n"):
      try scanWord("null")
      return (first..<position, .null, false)
    default:
      throw expected("a value")
    }
  }

  @_lifetime(self: copy self)
  private mutating func scanWord(_ word: String) throws(TextFault) {
    let first = position
    for byte in word.utf8 {
      guard skip(byte) else {
        position = first
        throw expected("'\(word)'")
      }
    }
  }

  @_lifetime(self: copy self)
  private mutating func scanDigits() -> Int {
    let first = position
    while position < end, bytes[position] &- UInt8(ascii: "0") <= 9 { position += 1 }
    return position - first
  }

  @_lifetime(self: copy self)
  private mutating func scanNumber() throws(TextFault) {
    _ = skip(UInt8(ascii: "-"))
    if !skip(UInt8(ascii: "0")) {
      guard scanDigits() > 0 else { throw expected("a digit") }
    }
    if skip(UInt8(ascii: ".")) {
      guard scanDigits() > 0 else { throw expected("a digit after the point") }
    }
    if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
      if !skip(UInt8(ascii: "-")) { _ = skip(UInt8(ascii: "+")) }
      guard scanDigits() > 0 else { throw expected("a digit of the exponent") }
    }
  }

  /// The string whose opening quote was read, checked whole: escapes, surrogates, UTF-8.
  @_lifetime(self: copy self)
  private mutating func scanString() throws(TextFault) -> (range: Range<Int>, hasEscapes: Bool) {
    let first = position
    var hasEscapes = false
    var isASCII = true
    while position < end {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        let range = first..<position
        guard isASCII || UTF8Text.isValid(bytes.extracting(range)) else {
          position = first
          throw TextFault(position: first - start, detail: "the string is not valid UTF-8")
        }
        position += 1
        return (range, hasEscapes)
      }
      if byte < 0x20 { throw expected("no control character in a string; write it as \\u") }
      if byte >= 0x80 { isASCII = false }
      position += 1
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        try scanEscape()
      }
    }
    throw expected("a closing quote")
  }

  /// What follows a backslash.
  @_lifetime(self: copy self)
  private mutating func scanEscape() throws(TextFault) {
    guard position < end else { throw expected("an escape") }
    let byte = bytes[position]
    guard byte == UInt8(ascii: "u") else {
      guard JSONEscape.decoded(byte) != nil else { throw expected("an escape") }
      position += 1
      return
    }
    let unit = try scanUnit()
    guard unit & 0xF800 == 0xD800 else { return }
    guard unit < 0xDC00, skip(UInt8(ascii: "\\")), position < end,
      bytes[position] == UInt8(ascii: "u"), try scanUnit() & 0xFC00 == 0xDC00
    else {
      throw TextFault(position: position - start, detail: "a surrogate without its other half")
    }
  }

  /// The `u` and four digits.
  @_lifetime(self: copy self)
  private mutating func scanUnit() throws(TextFault) -> UInt32 {
    position += 1
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard position < end, let digit = hexDigit(bytes[position]) else {
        throw expected("four hexadecimal digits after \\u")
      }
      unit = unit << 4 | UInt32(digit)
      position += 1
    }
    return unit
  }

  /// Walks over an array or object, checking that it is one.
  @_lifetime(self: copy self)
  private mutating func skipNested() throws(TextFault) {
    // A bit per level, 1 for an object: the depth is limited, so one word holds them.
    var levels: UInt64 = 0
    var depth = 0
    while true {
      // A value is due here.
      skipSpace()
      let isObject = position < end && bytes[position] == UInt8(ascii: "{")
      if skip(UInt8(ascii: "{")) || skip(UInt8(ascii: "[")) {
        guard depth < InterchangeLimits.maxDepth else {
          throw TextFault(
            position: position - start,
            detail: "values lie more than \(InterchangeLimits.maxDepth) deep")
        }
        levels = levels << 1 | (isObject ? 1 : 0)
        depth += 1
        skipSpace()
        if !skip(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
          if isObject { try skipName() }
          continue
        }
        levels >>= 1
        depth -= 1
      } else {
        _ = try scanScalar()
      }
      // A value is done: close what ends with it, or go on to the next one.
      while depth > 0 {
        skipSpace()
        let inObject = levels & 1 == 1
        if skip(UInt8(ascii: ",")) {
          if inObject { try skipName() }
          break
        }
        guard skip(inObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
          throw expected(inObject ? "',' or '}'" : "',' or ']'")
        }
        levels >>= 1
        depth -= 1
      }
      if depth == 0 { return }
    }
  }

  @_lifetime(self: copy self)
  private mutating func skipName() throws(TextFault) {
    skipSpace()
    guard skip(UInt8(ascii: "\"")) else { throw expected("a member's name in quotes") }
    _ = try scanString()
    skipSpace()
    guard skip(UInt8(ascii: ":")) else { throw expected("':'") }
  }
}
