import Foundation

/// Files of Spec/vectors.
enum VectorFolder {
  static let path: URL = {
    var url = URL(filePath: #filePath)
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url.appending(path: "Spec").appending(path: "vectors")
  }()

  /// Names of the vectors of a folder, sorted.
  static func names(in folder: URL = path) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
      .filter { $0.hasSuffix(".tracker") }.map { String($0.dropLast(8)) }.sorted()
  }

  static func bytes(_ name: String, in folder: URL = path) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: folder.appending(path: name + ".tracker")))
  }

  static func json(_ name: String, in folder: URL = path) throws -> JSON {
    let data = try Data(contentsOf: folder.appending(path: name + ".json"))
    return try JSON(JSONSerialization.jsonObject(with: data))
  }
}

extension JSON {
  struct Unknown: Error {}

  /// Numbers keep all their digits.
  init(_ value: Any) throws {
    switch value {
    case is NSNull: self = .null
    case let text as String: self = .string(text)
    case let elements as [Any]: self = .array(try elements.map { try JSON($0) })
    case let members as [String: Any]:
      self = .object(try members.map { ($0.key, try JSON($0.value)) })
    case let number as NSNumber: self = .number(number.stringValue)
    default: throw Unknown()
    }
  }
}
