import Testing
import TrackerCodec
import TrackerModel

@Suite struct TileTests {
  static func tile(_ seed: UInt64) -> (TileHeader, [UInt64]) {
    var random = SeededRandom(seed)
    let rows = 1 + random.below(40)
    let columns = (0..<1 + random.below(6)).map {
      TileColumn(
        step: Int64($0 / 2) * 10 - 5,
        epoch: $0 % 2 == 0 ? nil : Int64(bitPattern: random.next() % 100))
    }
    var presence = Presence.none(rows * columns.count)
    for cell in 0..<rows * columns.count where random.below(4) > 0 { presence.insert(cell) }
    if seed % 3 == 0 { presence = .all(rows * columns.count) }
    let type: ValueType = seed % 2 == 0 ? .float32 : .float64
    let sample = Sample.allCases[Int(seed) % Sample.allCases.count]
    return (
      TileHeader(
        channel: Channel(metric: "ce", mode: .test, dsID: seed % 4 == 0 ? "ds" : nil),
        valueType: type, rowCount: rows, columns: columns.sorted(),
        indexSet: seed % 5 == 0 ? .dense(first: -3) : .record(offset: 24),
        presence: presence.canonical),
      sample.values(presence.pointCount, type, &random)
    )
  }

  @Test(arguments: UInt64(0)..<200)
  func tilesAreGivenBack(_ seed: UInt64) throws {
    let (header, values) = Self.tile(seed)
    var coder = TileCoder()
    var bytes: [UInt8] = []
    let (statistics, _) = coder.encode(header, values: values.span, into: &bytes)
    #expect(statistics.pointCount == values.count)
    var reader = ByteReader(bytes.span, subject: "tile")
    let found = try coder.decodeHeader(&reader)
    #expect(found == header)
    var decoded: [UInt64] = []
    _ = try coder.decodeValues(&reader, of: found, into: &decoded)
    #expect(decoded == values)
  }

  @Test(arguments: UInt64(0)..<20)
  func damagedTilesNeverTrap(_ seed: UInt64) {
    let (header, values) = Self.tile(seed)
    var coder = TileCoder()
    var bytes: [UInt8] = []
    _ = coder.encode(header, values: values.span, into: &bytes)
    var decoded: [UInt64] = []
    func read(_ bytes: Span<UInt8>) -> Bool {
      do throws(TrackerError) {
        var reader = ByteReader(bytes, subject: "tile")
        let header = try coder.decodeHeader(&reader)
        _ = try coder.decodeValues(&reader, of: header, into: &decoded)
        return true
      } catch {
        return false
      }
    }
    for length in 0..<bytes.count {
      let isRead = read(bytes.span.extracting(..<length))
      #expect(!isRead)
    }
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      _ = read(damaged.span)
    }
  }
}
