import Foundation
import Testing
import TrackerCodec
import TrackerFile
import TrackerModel

/// The example of Spec/FORMAT.md: file, description and text must say the same.
@Suite struct SpecExampleTests {
  /// What Spec/example.json holds.
  struct Example: Decodable {
    struct Identity: Decodable {
      var runID: String
      var generation, rank, worldSize: UInt32

      var identity: RunIdentity {
        get throws {
          try RunIdentity(
            runID: Name(runID), generation: generation, rank: rank, worldSize: worldSize)
        }
      }
    }

    struct Commit: Decodable {
      var sequence, depth, offset: UInt64
      var step, epoch: Int64
      var wallTime: UInt64
      var identity: Identity
    }

    struct Settings: Decodable {
      struct Modes: Decodable { var only: [String] }

      var indexKey: String
      var metricKeys: [String]
      var maxToKeep, minToKeep, epochFrequency: Int
      var modes: Modes
      var dsIDs: String
      var outputName: String?
      var listToKeep: [Int64]?

      var parameters: Parameters {
        get throws {
          try #require(dsIDs == "all")
          return try Parameters(
            indexKey: Name(indexKey), metricKeys: metricKeys.map { Name($0) },
            maxToKeep: maxToKeep, minToKeep: minToKeep,
            listToKeep: listToKeep?.map { .integer($0) }, epochFrequency: epochFrequency,
            modes: ModeFilter(modes.only), outputName: outputName.map { Name($0) })
        }
      }
    }

    struct Point: Decodable, Hashable {
      var metric, mode: String
      var dsID: String?
      var index, step, epoch: Int64
      var float64Bits: String
    }

    var indexType: String
    var commits: [Commit]
    var parameters: Settings
    var unsealed, keptSets: [String]
    var points: [Point]
  }

  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Spec")

  private let example: Example
  private let bytes: [UInt8]

  init() throws {
    example = try JSONDecoder().decode(
      Example.self, from: Data(contentsOf: Self.folder.appending(path: "example.json")))
    bytes = try [UInt8](Data(contentsOf: Self.folder.appending(path: "example.tracker")))
  }

  @Test func theFileHoldsWhatItsDescriptionSays() throws {
    let path = Self.folder.appending(path: "example.tracker").path(percentEncoded: false)
    let reader = try TrackerReader(path: path)
    defer { reader.close() }
    #expect("\(reader.indexType)" == example.indexType)
    #expect(reader.tail == nil)
    let commits = try example.commits.map {
      CommitSummary(
        sequence: $0.sequence, depth: $0.depth, offset: $0.offset, step: $0.step, epoch: $0.epoch,
        wallTime: $0.wallTime, identity: try $0.identity.identity)
    }
    #expect(try reader.commits() == commits)
    #expect(reader.snapshot.ancestry == commits)
    #expect(reader.snapshot.parameters == (try example.parameters.parameters))
    #expect(reader.snapshot.unsealed.isEmpty && example.unsealed.isEmpty)
    #expect(try reader.keptSets().isEmpty && example.keptSets.isEmpty)
    #expect(try Self.points(of: reader) == example.points)
    #expect(try Verification.verify(MemoryStorage(bytes)).isSound)
  }

  private static func points(of reader: TrackerReader) throws -> [Example.Point] {
    var points: [Example.Point] = []
    for channel in reader.snapshot.channels {
      let scan = ChannelScan(reader, channel)
      while try scan.advance() {
        for row in 0..<scan.rows.count {
          guard case .integer(let index) = scan.rows[row] else { continue }
          for point in scan.history(ofRow: row) {
            points.append(
              Example.Point(
                metric: channel.metric.string, mode: channel.mode.name,
                dsID: channel.dsID?.string, index: index, step: point.step,
                epoch: try #require(point.epoch),
                float64Bits: String(point.valueBits, radix: 16)))
          }
        }
      }
    }
    return points
  }

  @Test func writingTheDescriptionGivesTheFile() throws {
    let storage = MemoryStorage()
    let writer = try TrackerWriter(
      creating: storage, indexType: .int64, identity: example.commits[0].identity.identity)
    try writer.setParameters(example.parameters.parameters)
    for commit in example.commits {
      let points = example.points.filter { $0.step == commit.step }
      let first = try #require(points.first)
      let channel = Channel(
        metric: Name(first.metric), mode: try #require(Mode(name: first.mode)),
        dsID: first.dsID.map { Name($0) })
      let values = try points.map { point in
        let bits = try #require(UInt64(point.float64Bits, radix: 16))
        return UInt64(try #require(Widening.narrow(bits)))
      }
      try writer.appendTile(
        channel: channel, valueType: .float32,
        rows: IndexColumn(points.map { .integer($0.index) }, type: .int64),
        columns: [TileColumn(step: first.step, epoch: first.epoch)], presence: .all(points.count),
        values: values.span)
      try writer.commit(step: commit.step, epoch: commit.epoch, wallTime: commit.wallTime)
    }
    var written = [UInt8](repeating: 0, count: Int(storage.size()))
    var span = written.mutableSpan
    _ = storage.read(at: 0, into: &span)
    #expect(written == bytes)
  }

  @Test func theTextListsEveryByteOfTheFile() throws {
    let text = try String(
      contentsOf: Self.folder.appending(path: "FORMAT.md"), encoding: .utf8)
    let section = try #require(text.components(separatedBy: "\n## Worked example\n").last)
    let parts = section.components(separatedBy: "\n```\n")
    try #require(parts.count > 2)
    var listed: [UInt8] = []
    for line in parts[1].split(separator: "\n") where !line.hasPrefix("#") {
      // An offset, bytes with one space between, two spaces and what they mean.
      let columns = line.drop { $0 == " " }.components(separatedBy: "  ")
      try #require(columns.count > 1)
      #expect(columns[0] == "\(listed.count)", "\(line)")
      listed += try columns[1].split(separator: " ").map { try #require(UInt8($0, radix: 16)) }
    }
    #expect(listed == bytes)
  }
}
