import Foundation
import Testing
import TrackerCodec
@testable import TrackerFile
import TrackerModel

/// What waits in a file comes back as it was.
@Suite struct ScanAsideTests {
  static let folder = FileManager.default.temporaryDirectory.path

  static func entry(_ type: ValueType, rows: Int, columns: Int, points: Int? = nil) -> TileEntry {
    var statistics = TileStatistics()
    statistics.pointCount = points ?? rows * columns
    return TileEntry(
      channel: Channel(metric: "ce", mode: .train), valueType: type, offset: 0, payloadLength: 0,
      columns: (0..<columns).map { TileColumn(step: Int64($0), epoch: nil) }, rowCount: rows,
      indexSet: .dense(first: 0), firstIndex: .integer(0), lastIndex: .integer(Int64(rows - 1)),
      statistics: statistics, identities: [])
  }

  static func tile(_ type: ValueType, rows: Int, columns: Int) -> DecodedTile {
    var values = ValueBuffer(type)
    for cell in 0..<rows * columns { values.append(Double(Float(cell) / 3).bitPattern) }
    return DecodedTile(full: values, rowCount: rows, columnCount: columns)
  }

  @Test(arguments: [ValueType.float32, .float64], [1, 3])
  func rowsComeBack(_ type: ValueType, _ columns: Int) throws {
    let aside = try #require(ScanAside(inFolder: Self.folder, limit: 1 << 20))
    let (whole, entry) = (
      Self.tile(type, rows: 101, columns: columns), Self.entry(type, rows: 111, columns: columns)
    )
    let number = TileNumber(source: 3, tile: 7)
    #expect(aside.mayKeep(entry, .none) && !aside.hasRows(of: number))
    // The tile's rows 10 to 110 were decoded, and those from 23 on wait.
    aside.keep(whole, of: number, from: 10, allBut: 13)
    #expect(aside.hasRows(of: number))
    for rows in [23..<111, 23..<24, 24..<51, 51..<52, 110..<111] {
      let part = try #require(try aside.rows(rows, of: number, entry))
      #expect(part.rowCount == rows.count && part.values.count == rows.count * columns)
      for column in 0..<columns {
        for row in 0..<rows.count {
          #expect(
            part.values[part.starts[column] + row]
              == whole.values[whole.starts[column] + rows.lowerBound - 10 + row])
        }
      }
    }
    #expect(!aside.mayKeep(Self.entry(type, rows: 111, columns: columns, points: 5), .none))
  }

  @Test func indexSetsComeBackInParts() throws {
    let aside = try #require(ScanAside(inFolder: Self.folder, limit: 1 << 20))
    let base: Int64 = -1000
    var indices: [Int64] = []
    for step in 0..<700 where step % 7 < 3 || step % 11 == 0 { indices.append(base + Int64(step)) }
    let key = WindowPart.Key(source: 0, indexSet: .record(offset: 64), rowCount: indices.count)
    aside.keep(.init(.integers(indices)), of: key)
    var bounds: [Int64?] = [nil, -1000, -999, -937, -936, -900, -500, -499, -310, nil]
    var found: [Int64] = []
    while bounds.count > 1 {
      let (lower, upper) = (bounds.removeFirst(), bounds[0])
      let range = IndexRange(
        lower: lower.map(InstanceIndex.integer), upper: upper.map(InstanceIndex.integer))
      guard let part = try aside.part(of: key, in: range) else { continue }
      #expect(part.first == found.count)
      guard case .integers(let values) = WindowPart(key, part.indices, .all).column else {
        Issue.record("not integers")
        return
      }
      found += values
    }
    #expect(found == indices)
  }

  @Test func nothingIsKeptWithoutRoom() throws {
    let aside = try #require(ScanAside(inFolder: Self.folder, limit: 64))
    let number = TileNumber(source: 0, tile: 0)
    aside.keep(Self.tile(.float64, rows: 30, columns: 1), of: number, from: 0, allBut: 2)
    #expect(!aside.hasRows(of: number))
    #expect(ScanAside(inFolder: Self.folder + "/no such folder", limit: 64) == nil)
  }
}
