import Foundation
import Testing

/// Writes Spec/vectors anew, and says what the files are.
@Suite struct VectorWriting {
  /// The vector's file and meaning.
  private static func make(_ scene: Scene) throws -> (bytes: [UInt8], json: String) {
    let (bytes, layout) =
      try scene.isWritten ? LibraryWriting.encode(scene) : SceneEncoder.encode(scene)
    return (bytes, scene.meaning(layout, size: UInt64(bytes.count)).json.lines)
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["TRACKER_VECTORS"] != nil))
  func writeVectors() throws {
    let path = try #require(ProcessInfo.processInfo.environment["TRACKER_VECTORS"])
    let folder = URL(filePath: path)
    let malformed = folder.appending(path: "malformed")
    let manager = FileManager.default
    try manager.createDirectory(at: malformed, withIntermediateDirectories: true)
    for old in [folder, malformed] {
      for name in try VectorFolder.names(in: old) {
        for suffix in [".tracker", ".json"] {
          try? manager.removeItem(at: old.appending(path: name + suffix))
        }
      }
    }
    var names: Set<String> = []
    for scene in Catalogue.scenes {
      #expect(names.insert(scene.name).inserted, "\(scene.name) twice")
      let (bytes, json) = try Self.make(scene)
      try Data(bytes).write(to: folder.appending(path: scene.name + ".tracker"))
      try Data(json.utf8).write(to: folder.appending(path: scene.name + ".json"))
    }
    names = []
    for file in MalformedCatalogue.files {
      #expect(names.insert(file.name).inserted, "\(file.name) twice")
      try Data(file.bytes).write(to: malformed.appending(path: file.name + ".tracker"))
      try Data(file.json.lines.utf8).write(to: malformed.appending(path: file.name + ".json"))
    }
    let digest = try VectorFolder.digest(of: folder)
    try Data((digest + "\n").utf8).write(to: folder.appending(path: "digest.txt"))
    try Data(Self.readme.utf8).write(to: folder.appending(path: "README.md"))
  }

  /// Another zlib, or a new mapping of the library's writer, gives other bytes: no failure, but worth
  /// knowing.
  @Test func differencesFromWhatIsWrittenNowArePrinted() throws {
    var different: [String] = []
    for scene in Catalogue.scenes {
      let (bytes, json) = try Self.make(scene)
      if (try? VectorFolder.bytes(scene.name)) != bytes { different.append(scene.name) }
      let known = try? VectorFolder.json(scene.name)
      let now = try JSON(JSONSerialization.jsonObject(with: Data(json.utf8)))
      if known?.sortedText.utf8.elementsEqual(now.sortedText.utf8) != true {
        different.append(scene.name + " (its meaning)")
      }
    }
    let folder = VectorFolder.path.appending(path: "malformed")
    for file in MalformedCatalogue.files
    where (try? VectorFolder.bytes(file.name, in: folder)) != file.bytes {
      different.append("malformed/" + file.name)
    }
    if !different.isEmpty {
      print("\(different.count) vectors would be written otherwise: \(different.prefix(20))")
    }
  }

  private static var readme: String {
    var text = """
      # Vectors

      Files of the format and what they mean; [CONFORMANCE.md](../CONFORMANCE.md) says how to use them. Made by
      `Tests/ConformanceTests`, list and all:

      ```
      TRACKER_VECTORS=$PWD/Spec/vectors swift test --filter VectorWriting
      ```

      Once version 1 of the format is frozen these files are, too: they are added to, not written anew.
      Names are made of what a file shows and a number. `digest.txt` holds the digest of all names and bytes, so that
      a change is noticed: BLAKE2b (32 bytes) of, for each file of this folder and then of `malformed`, by name: its
      name, a zero, its bytes, and zeros up to a multiple of 8.

      ## \(Catalogue.scenes.count) files

      | file | what it holds |
      |---|---|

      """
    for scene in Catalogue.scenes { text += "| `\(scene.name)` | \(cell(scene.what)) |\n" }
    text += """

      ## \(MalformedCatalogue.files.count) malformed files

      | file | error | offset | what is wrong |
      |---|---|---|---|

      """
    for file in MalformedCatalogue.files {
      text +=
        "| `\(file.name)` | `\(file.failure.rawValue)` | \(file.offset) | \(cell(file.what)) |\n"
    }
    return text
  }

  private static func cell(_ text: String) -> String {
    text.replacingOccurrences(of: "|", with: "\\|")
  }
}
