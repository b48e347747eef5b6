import Foundation
import Testing

/// Inputs that fuzzing kept: those that once broke a promise, and those that reach the most.
@Suite struct CorpusTests {
  private static let folder: URL = {
    var url = URL(filePath: #filePath)
    url.deleteLastPathComponent()
    return url.appending(path: "Corpus")
  }()

  @Test(arguments: FuzzTarget.allCases)
  func everyInputIsReadOrRefused(_ target: FuzzTarget) throws {
    let folder = Self.folder.appending(path: target.rawValue)
    let names = try FileManager.default.contentsOfDirectory(
      atPath: folder.path(percentEncoded: false))
    #expect(!names.isEmpty)
    for name in names.sorted() {
      target.run(try [UInt8](Data(contentsOf: folder.appending(path: name))))
    }
  }

  /// The seeds that fuzzing begins with, and each with one byte changed and sealed again.
  @Test func partsOfVectorsAreReadOrRefused() throws {
    let vectors = Self.folder.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Spec/vectors")
    let names = try FileManager.default.contentsOfDirectory(
      atPath: vectors.path(percentEncoded: false)
    ).filter { $0.hasSuffix(".tracker") }.sorted()
    #expect(names.count >= 500)
    var reached: Set<FuzzTarget> = []
    for (number, name) in names.enumerated() {
      for seed in Seeds.cut(try [UInt8](Data(contentsOf: vectors.appending(path: name)))) {
        reached.insert(seed.target)
        seed.target.run(seed.bytes)
        var changed = seed.bytes
        let place = number * 7919 % changed.count
        changed[place] = UInt8(truncatingIfNeeded: number)
        seed.target.reseal(&changed)
        seed.target.run(changed)
      }
    }
    for seed in Seeds.streams {
      reached.insert(seed.target)
      seed.target.run(seed.bytes)
    }
    // Imports have no vectors.
    #expect(reached.count >= FuzzTarget.allCases.count - 4)
  }
}
