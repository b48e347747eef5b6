import Foundation
import TrackerCodec
import TrackerModel

@testable import TrackerInterchange

/// Files of Tests/Fixtures.
enum Fixture {
  struct NotGzip: Error {}

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures")

  static func bytes(_ path: String) throws -> [UInt8] {
    let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(path)))
    return path.hasSuffix(".gz") ? try gunzip(bytes) : bytes
  }

  static func json(_ path: String) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(try bytes(path)))
    guard let object = object as? [String: Any] else { throw CocoaError(.propertyListReadCorrupt) }
    return object
  }

  /// The pickles that `make.py` wrote.
  static let pickles: [String] = {
    let path = folder.appendingPathComponent("pickles").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.hasSuffix(".pkl") }.sorted()
  }()

  /// RFC 1952: a header, perhaps a name, one raw deflate stream, a checksum and the length.
  private static func gunzip(_ bytes: [UInt8]) throws -> [UInt8] {
    guard bytes.count > 18, bytes[0] == 0x1F, bytes[1] == 0x8B, bytes[2] == 8, bytes[3] & ~8 == 0
    else { throw NotGzip() }
    var start = 10
    if bytes[3] & 8 != 0 {
      while bytes[start] != 0 { start += 1 }
      start += 1
    }
    let length = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    var text = [UInt8](repeating: 0, count: length)
    var span = text.mutableSpan
    try Inflater().inflate(bytes.span.extracting(start..<bytes.count - 8), into: &span)
    return text
  }
}

func readPickle(_ bytes: [UInt8], name: String = "test.pkl") throws(TrackerError)
  -> PickleReader.Result
{
  try PickleReader.read(MemoryBytes(bytes), name: name)
}

extension PickleReader.Result {
  /// The value much as Python would print it, a few levels deep.
  var shown: String { graph.repr(value, depth: 4) }
}

extension PickleGraph {
  fileprivate func repr(_ value: PickleValue, depth: Int) -> String {
    if depth == 0 { return "…" }
    func list(_ value: PickleValue) -> String {
      elementsOfCollection(value).map { repr($0, depth: depth - 1) }.joined(separator: ", ")
    }
    switch value.kind {
    case .smallInteger, .integer: return "\(integer(value) ?? 0)"
    case .hugeInteger: return "huge"
    case .float: return "\(Double(bitPattern: floatBits(value) ?? 0))"
    case .text, .bytes:
      let bytes = (try? bytes(value, limit: 1 << 20)) ?? []
      return (value.kind == .bytes ? "b" : "") + "'\(String(decoding: bytes, as: UTF8.self))'"
    case .constant:
      if value == .absent { return "" }
      return value == .none ? "None" : value == .yes ? "True" : value == .no ? "False" : "()"
    case .pair: return "(\(list(value)))"
    case .collection:
      switch collection(value) {
      case .tuple: return "(\(list(value)))"
      case .set: return "{\(list(value))}"
      case .frozenSet: return "frozenset{\(list(value))}"
      case .dictionary:
        let all = elementsOfCollection(value)
        let items = stride(from: 0, to: all.count - 1, by: 2).map {
          "\(repr(all[$0], depth: depth - 1)): \(repr(all[$0 + 1], depth: depth - 1))"
        }
        return "{\(items.joined(separator: ", "))}"
      default: return "[\(list(value))]"
      }
    case .global:
      guard let global = global(value) else { return "?" }
      return "<\(repr(global.module, depth: 2)).\(repr(global.name, depth: 2))>"
    case .object:
      guard let object = object(value) else { return "?" }
      let parts = [
        object.callable, object.arguments, object.state, object.elements, object.members,
      ]
      .map { repr($0, depth: depth - 1) }
      return "\(object.origin)|\(parts.joined(separator: "|"))"
    }
  }
}
