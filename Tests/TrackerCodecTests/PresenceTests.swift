import Testing
import TrackerCodec
import TrackerModel

@Suite struct PresenceTests {
  /// Which (row, column) hold a point, by name.
  enum Pattern: CaseIterable {
    case random60, random1, random99, half, joinedLate, joinedInOrder, workerAbsent
    case randomWorkerAbsent, everyFifth, emptyAndFull, oneAbsent, onlyOne

    func presence(rows: Int, columns: Int, _ random: inout SeededRandom) -> Presence {
      let of = (0..<rows).map { _ in random.below(16) }
      var presence = Presence.none(rows * columns)
      for column in 0..<columns {
        for row in 0..<rows {
          let isThere =
            switch self {
            case .random60: random.below(5) < 3
            case .random1: random.below(100) == 0
            case .random99: random.below(100) > 0
            case .half: random.below(2) == 0
            case .joinedLate: of[row] <= column
            case .joinedInOrder: row * 16 / rows <= column
            case .workerAbsent: row % 4 != 1 || column % 7 != 3
            case .randomWorkerAbsent: of[row] > 3 || column % 7 != 3
            case .everyFifth: of[row] > 7 || column % 5 == 0
            case .emptyAndFull: column % 3 == 1
            case .oneAbsent: row != rows / 2 || column != columns / 2
            case .onlyOne: row == rows / 2 && column == columns / 2
            }
          if isThere { presence.insert(column * rows + row) }
        }
      }
      return presence.canonical
    }
  }

  static func header(_ presence: Presence, rows: Int, columns: Int) -> TileHeader {
    TileHeader(
      channel: Channel(metric: "ce", mode: .train, dsID: nil), valueType: .float32,
      rowCount: rows, columns: (0..<columns).map { TileColumn(step: Int64($0), epoch: nil) },
      indexSet: .dense(first: 0), presence: presence)
  }

  static func coded(_ header: TileHeader) -> [UInt8] {
    var coder = TileCoder()
    var bytes: [UInt8] = []
    let values = [UInt64](repeating: 0, count: header.presence.pointCount)
    _ = coder.encode(header, values: values.span, into: &bytes)
    return bytes
  }

  static func size(_ pattern: Pattern, rows: Int, columns: Int) throws -> Int {
    func headerSize(_ presence: Presence) throws -> Int {
      let bytes = coded(header(presence, rows: rows, columns: columns))
      var reader = ByteReader(bytes.span, subject: "tile")
      var coder = TileCoder()
      _ = try coder.decodeHeader(&reader)
      return reader.position
    }
    var random = SeededRandom(3)
    let presence = pattern.presence(rows: rows, columns: columns, &random)
    return try headerSize(presence) - headerSize(.all(rows * columns))
  }

  @Test(
    arguments: Pattern.allCases, [(1, 1), (1, 70), (7, 9), (64, 3), (65, 2), (300, 40), (129, 1)])
  func presenceIsGivenBack(_ pattern: Pattern, _ shape: (Int, Int)) throws {
    var random = SeededRandom(UInt64(shape.0 * 1000 + shape.1))
    let presence = pattern.presence(rows: shape.0, columns: shape.1, &random)
    let header = Self.header(presence, rows: shape.0, columns: shape.1)
    let bytes = Self.coded(header)
    var coder = TileCoder()
    var reader = ByteReader(bytes.span, subject: "tile")
    #expect(try coder.decodeHeader(&reader) == header)
    for column in 0..<shape.1 {
      let cells = column * shape.0..<(column + 1) * shape.0
      #expect(presence.pointCount(in: cells) == cells.count { presence[$0] })
      for cell in cells { #expect((presence.bits(from: cell) & 1 == 1) == presence[cell]) }
    }
  }

  @Test(arguments: [Pattern.random60, .joinedLate, .workerAbsent, .everyFifth, .onlyOne])
  func damageNeverTraps(_ pattern: Pattern) {
    var random = SeededRandom(4)
    let presence = pattern.presence(rows: 33, columns: 12, &random)
    let bytes = Self.coded(Self.header(presence, rows: 33, columns: 12))
    var coder = TileCoder()
    func read(_ bytes: Span<UInt8>) {
      var reader = ByteReader(bytes, subject: "tile")
      let header = try? coder.decodeHeader(&reader)
      #expect(header.map { $0.presence.pointCount <= $0.cellCount } ?? true)
    }
    for length in 0..<bytes.count { read(bytes.span.extracting(..<length)) }
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      read(damaged.span)
    }
  }

  @Test func rangesAreMarkedAsCellsAre() {
    var random = SeededRandom(5)
    for _ in 0..<300 {
      let (count, otherCount) = (1 + Int(random.next() % 300), 1 + Int(random.next() % 300))
      var cells: Set<Int> = []
      var presence = Presence.none(count)
      for cell in 0..<count where random.next() % 4 == 0 {
        presence.insert(cell)
        cells.insert(cell)
      }
      var other = random.next() % 4 == 0 ? Presence.all(otherCount) : .none(otherCount)
      for cell in 0..<otherCount where random.next() % 2 == 0 { other.insert(cell) }
      let start = Int(random.next() % UInt64(count))
      let from = Int(random.next() % UInt64(otherCount))
      let length = min(count - start, otherCount - from, Int(random.next() % 200))
      if random.next() % 2 == 0 {
        presence.insert(start..<start + length)
        cells.formUnion(start..<start + length)
      } else {
        presence.insert(from..<from + length, of: other, at: start)
        for place in 0..<length where other[from + place] { cells.insert(start + place) }
      }
      let more = Int(random.next() % 100)
      presence.appendAbsent(more)
      #expect(presence.cellCount == count + more)
      #expect((0..<count + more).allSatisfy { presence[$0] == cells.contains($0) })
      #expect(presence.pointCount == cells.count)
      var full = Presence.all(count)
      full.appendAbsent(more)
      #expect((0..<count + more).allSatisfy { full[$0] == ($0 < count) })
    }
  }

  /// Bytes of a mask of 8,192 rows × 26 columns (26,624 raw); random ones near their entropy.
  @Test(arguments: [
    (Pattern.random60, 26_300), (.half, 26_660), (.random1, 2250), (.random99, 2250),
    (.joinedInOrder, 400), (.workerAbsent, 60), (.randomWorkerAbsent, 1150), (.everyFifth, 1060),
    (.emptyAndFull, 40), (.oneAbsent, 60), (.onlyOne, 60), (.joinedLate, 6000),
  ])
  func masksAreSmall(_ pattern: Pattern, _ limit: Int) throws {
    let size = try Self.size(pattern, rows: 8192, columns: 26)
    #expect(size <= limit)
  }
}
