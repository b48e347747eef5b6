public import TrackerModel

/// What heads an array in NumPy's file format (versions 1.0, 2.0 and 3.0).
public struct NPYHeader: Sendable, Hashable {
  public var element: NPYElement
  /// Whether the first axis varies fastest.
  public var isFortranOrder: Bool
  public var shape: [Int]

  public init(_ element: NPYElement, shape: [Int], isFortranOrder: Bool = false) {
    self.element = element
    self.shape = shape
    self.isFortranOrder = isFortranOrder
  }

  /// Bytes of all elements, or nil where they are more than 2⁶³.
  public var dataSize: UInt64? {
    var size: UInt64 = UInt64(element.size)
    for length in shape {
      let (product, overflow) = size.multipliedReportingOverflow(by: UInt64(length))
      if overflow { return nil }
      size = product
    }
    return size <= UInt64(Int64.max) ? size : nil
  }

  /// The shape as NumPy prints it.
  public var shapeText: String {
    shape.count == 1
      ? "(\(shape[0]),)" : "(\(shape.map { "\($0)" }.joined(separator: ", ")))"
  }

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// The header's bytes, a multiple of 64 of them, so that the elements are aligned.
  public var bytes: [UInt8] {
    var text = Array(
      "{'descr': '\(element.descr)', 'fortran_order': \(isFortranOrder ? "True" : "False"), 'shape': \(shapeText), }"
        .utf8)
    // The prefix of version 1.0 has 10 bytes, and a line feed ends the text.
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 63 - (text.count + 10) % 64))
    text.append(UInt8(ascii: "\n"))
    return Self.magic + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
  }

  /// Reads the header at the front of a source, which then stands at the first element.
  ///
  /// - Returns: the header and its length in bytes.
  /// - Throws: `badInput`, with offsets counted from the first byte.
  public static func read(from source: any ByteSource) throws(TrackerError) -> (NPYHeader, Int) {
    let prefix = try readBytes(source, 8, "the magic bytes and version of an array")
    guard Array(prefix[..<6]) == magic else {
      throw damaged("expected the magic bytes \\x93NUMPY, found others", at: 0)
    }
    let width: Int
    switch (prefix[6], prefix[7]) {
    case (1, 0): width = 2
    case (2, 0), (3, 0): width = 4
    default:
      throw damaged(
        "expected version 1.0, 2.0 or 3.0 of the array format, found \(prefix[6]).\(prefix[7])",
        at: 6)
    }
    var length = 0
    for (position, byte) in try readBytes(source, width, "the header's length").enumerated() {
      length |= Int(byte) << (8 * position)
    }
    guard length <= InterchangeLimits.maxArrayHeaderBytes else {
      throw damaged(
        "the header has \(length) bytes, the limit is \(InterchangeLimits.maxArrayHeaderBytes)",
        at: 8)
    }
    let text = try readBytes(source, length, "the header")
    do {
      var parser = NPYHeaderParser(text)
      return (try parser.parse(), 8 + width + length)
    } catch {
      throw error.shifted(by: UInt64(8 + width))
    }
  }

  private static func damaged(_ detail: String, at offset: Int) -> TrackerError {
    TrackerError(.badInput, "array header", detail, offset: UInt64(offset))
  }

  private static func readBytes(_ source: any ByteSource, _ count: Int, _ what: String)
    throws(TrackerError) -> [UInt8]
  {
    var bytes = [UInt8](repeating: 0, count: count)
    let found = try source.fill(&bytes, count)
    guard found == count else {
      throw TrackerError(
        .badInput, "array header", "\(what) needs \(count) bytes, found \(found)")
    }
    return bytes
  }
}

extension ByteSource {
  /// Fills the first `count` bytes of `bytes` and returns how many there were.
  func fill(_ bytes: inout [UInt8], _ count: Int) throws(TrackerError) -> Int {
    var done = 0
    while done < count {
      var all = bytes.mutableSpan
      var rest = all._mutatingExtracting(done..<count)
      let found = try read(into: &rest)
      if found == 0 { break }
      done += found
    }
    return done
  }
}
