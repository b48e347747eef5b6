import TrackerModel

/// Which cells of a tile hold a point: bit `column * rows + row`.
public struct Presence: Sendable, Hashable {
  public let cellCount: Int
  /// Nil where every cell holds one.
  public private(set) var words: [UInt64]?

  public static func all(_ cellCount: Int) -> Presence {
    Presence(cellCount: cellCount, words: nil)
  }

  public static func none(_ cellCount: Int) -> Presence {
    Presence(cellCount: cellCount, words: Array(repeating: 0, count: (cellCount + 63) / 64))
  }

  private init(cellCount: Int, words: [UInt64]?) {
    self.cellCount = cellCount
    self.words = words
  }

  @inlinable
  public subscript(cell: Int) -> Bool {
    guard let words else { return true }
    return words[cell >> 6] >> UInt64(cell & 63) & 1 == 1
  }

  public mutating func insert(_ cell: Int) {
    words?[cell >> 6] |= 1 << UInt64(cell & 63)
  }

  public mutating func remove(_ cell: Int) {
    if words == nil {
      self = .none(cellCount)
      for other in 0..<cellCount { insert(other) }
    }
    words?[cell >> 6] &= ~(1 << UInt64(cell & 63))
  }

  public var pointCount: Int {
    words?.reduce(0) { $0 + $1.nonzeroBitCount } ?? cellCount
  }

  /// How many cells of a range hold a point.
  public func count(in cells: Range<Int>) -> Int {
    guard let words else { return cells.count }
    var count = 0
    for cell in cells { count += Int(words[cell >> 6] >> UInt64(cell & 63) & 1) }
    return count
  }

  /// The same set in its one canonical form.
  public var canonical: Presence { pointCount == cellCount ? .all(cellCount) : self }
}

/// How presence is stored. Raw values are the Spec's.
enum PresenceCoding: UInt8 {
  case all = 0
  case bitmap = 1
}

struct PresenceCoder {
  // Made when first needed: most tiles have a point in every cell.
  private lazy var deflater = Deflater(level: 6, memoryLevel: 8)
  private lazy var inflater = Inflater()

  mutating func encode(_ presence: Presence, into output: inout [UInt8]) {
    guard let words = presence.words else {
      output.append(PresenceCoding.all.rawValue)
      return
    }
    var bytes: [UInt8] = []
    for word in words { bytes.appendFixed(word) }
    bytes.removeLast(bytes.count - (presence.cellCount + 7) / 8)
    var compressed: [UInt8] = []
    deflater.deflate(bytes.span, with: .normal, into: &compressed)
    output.append(PresenceCoding.bitmap.rawValue)
    output.appendVarint(compressed.count)
    output.append(contentsOf: compressed)
  }

  @_lifetime(reader: copy reader)
  mutating func decode(_ reader: inout ByteReader, cellCount: Int) throws(TrackerError) -> Presence
  {
    let coding = try reader.readUInt8("presence coding")
    switch PresenceCoding(rawValue: coding) {
    case .all: return .all(cellCount)
    case .bitmap:
      let length = try reader.readCount("length of presence", limit: Limits.maxRecordBytes)
      let byteCount = (cellCount + 7) / 8
      guard byteCount / 1040 <= length else {
        throw reader.malformed("\(length) bytes cannot hold \(cellCount) presence bits")
      }
      let compressed = try reader.readBytes(length, "presence")
      var bytes = [UInt8](repeating: 0, count: byteCount)
      var target = bytes.mutableSpan
      do throws(TrackerError) {
        try inflater.inflate(compressed, into: &target)
      } catch {
        throw reader.malformed("presence: \(error.detail)")
      }
      if cellCount & 7 != 0, bytes[byteCount - 1] >> (cellCount & 7) != 0 {
        throw reader.malformed("presence bits beyond the last cell are set")
      }
      var presence = Presence.none(cellCount)
      for cell in 0..<cellCount where bytes[cell >> 3] >> (cell & 7) & 1 == 1 {
        presence.insert(cell)
      }
      guard presence.pointCount < cellCount else {
        throw reader.malformed("a presence bitmap without an absent cell")
      }
      return presence
    case nil:
      throw TrackerError(
        .unsupportedEncoding, reader.subject, "unknown presence coding \(coding)",
        offset: UInt64(reader.position - 1), remedy: "a newer version may read it")
    }
  }
}
