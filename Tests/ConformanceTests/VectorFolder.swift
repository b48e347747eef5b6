import Foundation
import TrackerCodec

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

  /// The digest of all vectors' names and bytes: BLAKE2b of, for each file of the folder and then of
  /// `malformed`, by name: its name, a zero, its bytes and zeros up to a multiple of 8.
  static func digest(of root: URL = path) throws -> String {
    var hash = BLAKE2b()
    for folder in [root, root.appending(path: "malformed")] {
      for name in try names(in: folder) {
        for file in [name + ".json", name + ".tracker"] {
          var message = Array(file.utf8) + [0]
          message += try Data(contentsOf: folder.appending(path: file))
          while message.count % 8 != 0 { message.append(0) }
          let words = stride(from: 0, to: message.count, by: 8).map { start in
            message[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
          }
          hash.append(words.span)
        }
      }
    }
    return hash.finish().hexadecimal
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
