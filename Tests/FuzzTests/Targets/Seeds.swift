import TrackerModel

@testable import TrackerCodec
@testable import TrackerFile

/// Inputs of the targets, cut out of a file.
public enum Seeds {
  public struct Seed {
    public var target: FuzzTarget
    public var bytes: [UInt8]
  }

  /// Larger ones slow fuzzing down more than they find.
  private static let mostBytes = 2048

  public static func cut(_ file: [UInt8]) -> [Seed] {
    var seeds: [Seed] = []
    func add(_ target: FuzzTarget, _ bytes: [UInt8]) {
      if bytes.count <= mostBytes { seeds.append(Seed(target: target, bytes: bytes)) }
    }
    guard let header = try? FileHeader(file.span) else { return [] }
    add(.header, Array(file[..<FileHeader.size]))
    add(.file, file)
    let type: UInt8 = header.indexType == .int64 ? 0 : 1
    let records = RecordReader(storage: MemoryStorage(file), size: UInt64(file.count))
    var walk = RecordWalk(records)
    while let region = try? walk.next() {
      guard case .record(let kind, let offset, let length) = region else { continue }
      let start = Int(offset) + RecordHeader.size
      let payload = Array(file[start..<Int(offset + length)])
      var place: [UInt8] = []
      place.appendFixed(offset)
      add(.record, place + file[Int(offset)..<start])
      switch RecordKind(rawValue: kind) {
      case .indexSet: add(payload.first == SubsetCoder.marker ? .subset : .indexSet, payload)
      case .tile:
        add(.tile, payload)
        if let seed = column(payload) { add(seed.target, seed.bytes) }
      case .unsealed: add(.unsealed, payload)
      case .parameters: add(.parameters, [type] + payload)
      case .keptSets: add(.keptSets, [type] + payload)
      case .commit: add(.commit, [type] + payload.dropLast(Commit.trailerSize))
      case nil: break
      }
    }
    return seeds
  }

  /// Streams of numerals of a few shapes, how many symbols they hold before them.
  public static var streams: [Seed] {
    [(3, 2), (300, 3), (900, 20), (2000, 100), (4000, 2), (700, 255)].map { count, kinds in
      var state: UInt32 = 1
      let symbols = (0..<count).map { _ in
        state = state &* 1_664_525 &+ 1_013_904_223
        let level = state >> 8 & 0xFFFF
        return UInt8(level * level >> 16 * UInt32(kinds) >> 16)
      }
      var stream: [UInt8] = []
      var coder = ANSSymbolCoder()
      coder.encode(symbols.span, into: &stream)
      // Behind the length, which the target knows.
      let start = (stream.firstIndex { $0 < 128 } ?? 0) + 1
      return Seed(
        target: .numerals, bytes: [UInt8(count & 255), UInt8(count >> 8)] + stream[start...])
    }
  }

  /// The value column of a tile, its shape before it.
  private static func column(_ payload: [UInt8]) -> Seed? {
    var coder = TileCoder()
    var reader = ByteReader(payload.span, subject: "tile")
    guard let header = try? coder.decodeHeader(&reader),
      (try? reader.readVarint("points")) != nil,
      let shape = ValueFuzzing.Shape.bytes(
        header.valueType, rows: header.rowCount, columns: header.columns.count, header.presence)
    else { return nil }
    let column = Array(payload[reader.position...])
    guard let first = column.first,
      let target = FuzzTarget.allCases.first(where: { $0.mapping == first & 0x7F && $0.mapping > 0 }
      )
    else { return nil }
    return Seed(target: target, bytes: shape + column)
  }
}
