/// A string that is compared, hashed and sorted by its UTF-8 bytes.
///
/// Swift's own `String` compares by Unicode canonical equivalence, under which two different byte
/// sequences can be one key. A file keyed by such strings would lose points, so instance indices,
/// metrics and data set ids are names: "é" as one scalar and "é" as two are different names.
public struct Name: Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  public let string: String

  public init(_ string: String) {
    var native = string
    native.makeContiguousUTF8()
    self.string = native
  }

  /// The name held by `bytes`, or nil where they are not valid UTF-8.
  public init?(utf8 bytes: some Sequence<UInt8>) {
    guard let string = String(validating: bytes, as: UTF8.self) else { return nil }
    self.init(string)
  }

  public init(stringLiteral value: String) { self.init(value) }

  public var utf8: String.UTF8View { string.utf8 }
  public var description: String { string }
}

extension Name: Hashable {
  public static func == (left: Name, right: Name) -> Bool { left.utf8.elementsEqual(right.utf8) }

  public func hash(into hasher: inout Hasher) {
    for byte in utf8 { hasher.combine(byte) }
    hasher.combine(0xFF as UInt8)
  }
}

extension Name: Comparable {
  public static func < (left: Name, right: Name) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }
}
