import Foundation
import Testing
import TrackerCodec
import TrackerModel

/// Every file of Spec/vectors means what its JSON says, and every malformed one is refused.
@Suite struct VectorTests {
  @Test func everyFileMeansWhatItsJSONSays() throws {
    let names = try VectorFolder.names()
    #expect(names.count >= 500)
    var codings: Set<String> = []
    for name in names {
      let bytes = try VectorFolder.bytes(name)
      let expected = try VectorFolder.json(name)
      do {
        let found = try ReaderMeaning.read(bytes)
        expectSame(found.meaning.json.sortedText, expected.sortedText, name)
        let some = try ReaderMeaning.readSomeRows(bytes, found.meaning)
        expectSame(some.found.json.sortedText, some.expected.json.sortedText, name + ", some rows")
        for coding in found.codings where name.hasPrefix("values-") {
          codings.insert(Self.text(coding, name))
        }
        // Other files are damaged, or hold something that no directory lists.
        if !name.hasPrefix("tail-"), !name.hasPrefix("padding-") {
          #expect(found.isSound, "\(name)")
        }
      } catch {
        Issue.record("\(name): \(error)")
      }
    }
    expectEveryCoding(codings)
  }

  private func expectSame(_ found: String, _ expected: String, _ name: String) {
    guard !found.utf8.elementsEqual(expected.utf8) else { return }
    let start = zip(found.utf8, expected.utf8).prefix { $0 == $1 }.count
    func part(_ text: String) -> String {
      String(decoding: Array(text.utf8).dropFirst(max(0, start - 40)).prefix(120), as: UTF8.self)
    }
    Issue.record("\(name): found …\(part(found))…, expected …\(part(expected))…")
  }

  private static func text(_ coding: ValueCoding, _ name: String) -> String {
    "\(name.split(separator: "-")[1]) \(coding.mapping.rawValue) \(coding.difference.rawValue)"
      + " \(coding.isGrouped)"
  }

  /// Every mapping with every difference, grouped and not, of every type that it takes.
  private func expectEveryCoding(_ found: Set<String>) {
    for type in ["float32", "float64"] {
      for mapping in 1...7 where type == "float32" || ![3, 4, 7].contains(mapping) {
        for difference in 0..<4 {
          for isGrouped in [true, false] {
            let text = "\(type) \(mapping) \(difference) \(isGrouped)"
            #expect(found.contains(text), "no vector of \(text)")
          }
        }
      }
    }
    for mapping in 1...7 {
      for difference in 0..<4 {
        let text = "narrowed \(mapping) \(difference)"
        #expect(found.contains { $0.hasPrefix(text) }, "no vector of \(text)")
      }
    }
  }

  /// Files that other implementations were checked with do not change unnoticed.
  @Test func vectorsAreThoseOfTheirDigest() throws {
    let known = try String(
      contentsOf: VectorFolder.path.appending(path: "digest.txt"), encoding: .utf8)
    #expect(try VectorFolder.digest() + "\n" == known)
  }

  /// Version 1 promises more: what is listed never changes. `everyFileMeansWhatItsJSONSays` reads the same files,
  /// so their meaning does not either.
  @Test func frozenVectorsAreThoseThatWereFrozen() throws {
    let frozen = try VectorFolder.frozen()
    #expect(VectorFolder.changed(of: frozen) == [])
    // Each stands with its meaning, and all that there was then was listed.
    let names = Set(frozen.map(\.name))
    for name in names where name.hasSuffix(".tracker") {
      #expect(names.contains(name.dropLast(8) + ".json"), "\(name)")
    }
    #expect(frozen.isEmpty || names.count >= 2 * 1000)
  }

  @Test func changedVectorsAreFound() throws {
    let name = "malformed/header-magic.tracker"
    let digest = try VectorFolder.digest(ofFile: name)
    let list = [
      (digest, name), (digest, "malformed/header-png.tracker"), (digest, "none.tracker"),
    ]
    #expect(
      VectorFolder.changed(of: list) == ["malformed/header-png.tracker", "none.tracker"])
  }

  /// Kinds that the names tell: a lost one fails.
  @Test func everyKindHasAVector() throws {
    let names = try VectorFolder.names()
    for kind in [
      "values-float32-rising16-", "values-float32-risingB-", "values-float32-falling16-",
      "values-float32-fallingB-", "values-float64-linearByRows-", "values-float32-squaredByRows-",
      "values-float32-ordered16-", "symbols-stream-storedBlocks", "symbols-stream-manyBlocks",
      "symbols-numerals-5", "symbols-numerals-lanes-context", "symbols-numerals-filled",
      "symbols-dictionary-256",
      "edge-float32-nan-", "edge-float64-subnormals-", "edge-grid-rising-0", "edge-grid-falling-2",
      "shape-one-point", "shape-no-point", "shape-header-only", "shape-types-mixed",
      "columns-twins",
      "columns-twins-both", "columns-epochs-some", "columns-epochs-wrap", "columns-even-listed",
      "presence-own-bitmap", "presence-changes", "presence-same", "presence-ones", "presence-zeros",
      "presence-kinds", "indices-int64-gaps", "indices-int64-runs", "indices-int64-bits",
      "indices-int64-consecutive", "indices-string-paths", "indices-string-cut-scalars",
      "indices-subset-some", "indices-subset-others-between", "indices-subset-strings-others",
      "commit-depth-8", "commit-depth-16", "commit-presynced", "commit-identities-several",
      "rewind-spec", "rewind-states", "partition-middle", "partition-strings-middle",
      "sources-rows",
      "sources-some", "sources-grouped", "winner-holes", "winner-epochs", "unsealed-chain-commits",
      "unsealed-chain-again", "unsealed-strings", "parameters-modes-except", "parameters-ds-only",
      "parameters-ds-except", "parameters-mantissa", "parameters-list-parts", "kept-strings",
      "kept-all", "padding-int64-payloads", "commit-identities-left-out",
      "indices-int64-gaps-unit-1",
      "padding-int64-kinds", "padding-string-everything",
      "padding-int64-commit-flags", "padding-int64-segment-flags", "padding-int64-record-flags",
      "padding-int64-reserved", "padding-int64-minor", "tail-cut", "tail-flip", "tail-broken",
      "written-long-rising", "written-rewind",
    ] {
      #expect(names.contains { $0.hasPrefix(kind) }, "no vector of \(kind)")
    }
  }

  @Test func everyMalformedFileIsRefused() throws {
    let folder = VectorFolder.path.appending(path: "malformed")
    let names = try VectorFolder.names(in: folder)
    #expect(names.count >= 60)
    var failures: Set<String> = []
    for name in names {
      let bytes = try VectorFolder.bytes(name, in: folder)
      guard case .object(let members) = try VectorFolder.json(name, in: folder),
        case .string(let failure)? = members.first(where: { $0.0 == "error" })?.1,
        case .number(let text)? = members.first(where: { $0.0 == "offset" })?.1,
        let offset = UInt64(text)
      else {
        Issue.record("\(name): no error or offset")
        continue
      }
      failures.insert(failure)
      do {
        let (meaning, _, _) = try ReaderMeaning.read(bytes)
        Issue.record("\(name): read as \(meaning.json.text.prefix(300))")
      } catch {
        #expect(Self.names(error).contains(failure), "\(name): \(error.code), \(error)")
        let end = Self.recordEnd(bytes, offset)
        #expect(
          error.offset.map { $0 >= offset && $0 <= end } ?? false,
          "\(name): at \(error.offset ?? 0), expected \(offset): \(error)")
      }
    }
    #expect(failures == Set(MalformedFile.Failure.allCases.map(\.rawValue)))
  }

  /// What Spec/CONFORMANCE.md may call an error of the library, whose codes are fewer in places.
  private static func names(_ error: TrackerError) -> Set<String> {
    switch error.code {
    case .notATrackerFile: ["notATrackerFile"]
    case .unsupportedVersion: ["unsupportedVersion"]
    case .truncated: error.subject == "file header" ? ["notATrackerFile"] : ["truncated"]
    // A count may be above what stands before it, or above a limit of the format.
    case .limitExceeded: ["limit", "malformed"]
    case .unsupportedEncoding: ["unsupportedEncoding"]
    case .malformed: ["malformed", "damaged"]
    case .checksumMismatch: error.detail.contains("reference") ? ["damaged"] : ["checksum"]
    default: []
    }
  }

  /// The first byte behind the record at an offset; that of the header is behind it.
  private static func recordEnd(_ bytes: [UInt8], _ offset: UInt64) -> UInt64 {
    guard offset >= 24, Int(offset) + 24 <= bytes.count else { return max(24, offset) }
    var length: UInt64 = 0
    for byte in 0..<8 { length |= UInt64(bytes[Int(offset) + 8 + byte]) << UInt64(8 * byte) }
    return offset + 24 + min(length, UInt64(bytes.count))
  }
}
