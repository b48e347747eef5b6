import TrackerModel

/// Parses the Python dictionary in an array's header: the three keys, each once, and nothing else.
struct NPYHeaderParser {
  private let text: [UInt8]
  private var position = 0

  init(_ text: [UInt8]) { self.text = text }

  private func damaged(_ detail: String) -> TrackerError {
    TrackerError(.badInput, "array header", detail, offset: UInt64(position))
  }

  private mutating func skipSpace() {
    while position < text.count, text[position] == 0x20 || text[position] == 0x0A {
      position += 1
    }
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    skipSpace()
    guard position < text.count, text[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ byte: UInt8) throws(TrackerError) {
    guard skip(byte) else {
      throw damaged("expected '\(Character(UnicodeScalar(byte)))', found another byte or the end")
    }
  }

  mutating func parse() throws(TrackerError) -> NPYHeader {
    var descr: String?
    var order: Bool?
    var shape: [Int]?
    try expect(UInt8(ascii: "{"))
    while !skip(UInt8(ascii: "}")) {
      let key = try readString()
      try expect(UInt8(ascii: ":"))
      switch key {
      case "descr" where descr == nil: descr = try readDescr()
      case "fortran_order" where order == nil: order = try readBool()
      case "shape" where shape == nil: shape = try readShape()
      default: throw damaged("the key '\(key)' is unknown or stands twice")
      }
      if !skip(UInt8(ascii: ",")) {
        try expect(UInt8(ascii: "}"))
        break
      }
    }
    skipSpace()
    guard position == text.count else { throw damaged("bytes follow the header's dictionary") }
    guard let descr, let order, let shape else {
      throw damaged("expected the keys descr, fortran_order and shape; not all are there")
    }
    return NPYHeader(try NPYElement(descr: descr), shape: shape, isFortranOrder: order)
  }

  private mutating func readDescr() throws(TrackerError) -> String {
    skipSpace()
    if position < text.count, text[position] == UInt8(ascii: "[") {
      throw damaged("expected one element type, found a structured one (a list of fields)")
    }
    return try readString()
  }

  /// A string of printable ASCII without escapes: all that these keys and types need.
  private mutating func readString() throws(TrackerError) -> String {
    let quote: UInt8 = skip(UInt8(ascii: "\"")) ? UInt8(ascii: "\"") : UInt8(ascii: "'")
    if quote == UInt8(ascii: "'") { try expect(quote) }
    var string = ""
    while position < text.count, text[position] != quote {
      let byte = text[position]
      guard byte >= 0x20, byte < 0x7F, byte != UInt8(ascii: "\\"), string.utf8.count < 64 else {
        throw damaged("expected a short string of printable ASCII")
      }
      string.unicodeScalars.append(UnicodeScalar(byte))
      position += 1
    }
    guard position < text.count else { throw damaged("a string is not closed") }
    position += 1
    return string
  }

  private mutating func readBool() throws(TrackerError) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)]
    where text[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw damaged("expected True or False")
  }

  private mutating func readShape() throws(TrackerError) -> [Int] {
    var shape: [Int] = []
    try expect(UInt8(ascii: "("))
    while !skip(UInt8(ascii: ")")) {
      shape.append(try readLength())
      guard shape.count <= 32 else { throw damaged("expected at most 32 axes") }
      if !skip(UInt8(ascii: ",")) {
        try expect(UInt8(ascii: ")"))
        break
      }
    }
    return shape
  }

  private mutating func readLength() throws(TrackerError) -> Int {
    skipSpace()
    let first = position
    while position < text.count, text[position] &- UInt8(ascii: "0") <= 9 { position += 1 }
    guard let length = IntegerText.parse(text.span.extracting(first..<position)) else {
      throw damaged("expected the length of an axis, at most 2⁶³ - 1")
    }
    return Int(length)
  }
}
