public import TrackerModel

/// The element types of NumPy arrays that histories are made of.
public enum NPYElement: Sendable, Hashable {
  /// IEEE floats of 2, 4 or 8 bytes.
  case float(bytes: Int)
  /// Integers of 1, 2, 4 or 8 bytes.
  case signed(bytes: Int)
  case unsigned(bytes: Int)
  /// 0 or 1 in a byte.
  case bool
  /// Strings of at most so many scalars in UTF-32, filled up with zeros.
  case unicode(scalars: Int)
  /// Strings of at most so many bytes, filled up with zeros.
  case bytes(Int)

  /// NumPy's name of the type, such as `<f4`.
  public var descr: String {
    switch self {
    case .float(let bytes): "<f\(bytes)"
    case .signed(let bytes): bytes == 1 ? "|i1" : "<i\(bytes)"
    case .unsigned(let bytes): bytes == 1 ? "|u1" : "<u\(bytes)"
    case .bool: "|b1"
    case .unicode(let scalars): "<U\(scalars)"
    case .bytes(let count): "|S\(count)"
    }
  }

  /// Bytes of one element.
  public var size: Int {
    switch self {
    case .float(let bytes), .signed(let bytes), .unsigned(let bytes): bytes
    case .bool: 1
    case .unicode(let scalars): scalars * 4
    case .bytes(let count): count
    }
  }

  /// The type that a header names.
  ///
  /// - Throws: `badInput`, saying what the type is, where histories have no use for it.
  public init(descr: String) throws(TrackerError) {
    let text = Array(descr.utf8)
    func unsupported(_ why: String, _ remedy: String) -> TrackerError {
      TrackerError(
        .badInput, "array header", "the element type '\(descr)' \(why)", remedy: remedy)
    }
    if text.dropFirst().first == UInt8(ascii: "O") {
      throw unsupported("holds Python objects", "convert the array to int64 or str")
    }
    guard text.count >= 3 else {
      throw unsupported("is none that is known", "convert the array to float32 or int64")
    }
    if text[0] == UInt8(ascii: ">"), text.dropFirst(2) != [UInt8(ascii: "1")] {
      throw unsupported("is big-endian", "convert it with .astype('<\(descr.dropFirst())')")
    }
    let number = IntegerText.parseCanonical(Array(text[2...]).span) ?? 0
    // 64 KiB is the longest string index; the bound also keeps sizes small.
    let count = number >= 1 && number <= Int64(Limits.maxIndexBytes) ? Int(number) : 0
    switch (text[1], count) {
    case (UInt8(ascii: "f"), 2), (UInt8(ascii: "f"), 4), (UInt8(ascii: "f"), 8):
      self = .float(bytes: count)
    case (UInt8(ascii: "i"), 1), (UInt8(ascii: "i"), 2), (UInt8(ascii: "i"), 4),
      (UInt8(ascii: "i"), 8):
      self = .signed(bytes: count)
    case (UInt8(ascii: "u"), 1), (UInt8(ascii: "u"), 2), (UInt8(ascii: "u"), 4),
      (UInt8(ascii: "u"), 8):
      self = .unsigned(bytes: count)
    case (UInt8(ascii: "b"), 1): self = .bool
    case (UInt8(ascii: "U"), 1...): self = .unicode(scalars: count)
    case (UInt8(ascii: "S"), 1...): self = .bytes(count)
    default: throw unsupported("is none that is known", "convert the array to float32 or int64")
    }
    guard
      [UInt8(ascii: "<"), UInt8(ascii: "|"), UInt8(ascii: "="), UInt8(ascii: ">")]
        .contains(text[0])
    else { throw unsupported("names no byte order", "write it with numpy.save") }
  }
}
