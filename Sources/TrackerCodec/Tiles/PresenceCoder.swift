import TrackerModel

/// How presence is stored. Raw values are the Spec's.
enum PresenceCoding: UInt8 {
  case all = 0
  case columns = 1
}

/// What a column's presence is. Raw values are the Spec's; those above name an earlier column that
/// is the same, by its distance.
private enum ColumnKind {
  static let full: UInt64 = 0
  static let empty: UInt64 = 1
  /// The next bits of the first sequence.
  static let own: UInt64 = 2
  /// The next bits of the second sequence tell the rows in which it differs from the column before.
  static let changes: UInt64 = 3
  static func same(distance: Int) -> UInt64 { 3 + UInt64(distance) }
}

/// Writes and reads the presence of tiles, column by column: workers and samplers make columns full,
/// empty, alike, or random, in which case only raw bits and their density are left to store.
struct PresenceCoder {
  /// Of fewer rows the bits are cheaper than the distance of a column that is the same.
  private static let rowsForLikeness = 64

  private var symbolCoder = SymbolColumnCoder()
  private var bitCoder = BitSequenceCoder()

  /// Layout: presence coding u8; for columns: a symbol column of their kinds, then the bit sequence of
  /// those of their own and that of changes, each where there are any.
  ///
  /// Complexity: O(cells / 64), and the bit sequences.
  mutating func encode(_ presence: Presence, rowCount: Int, into output: inout [UInt8]) {
    guard let words = presence.words else {
      output.append(PresenceCoding.all.rawValue)
      return
    }
    output.append(PresenceCoding.columns.rawValue)
    let columnCount = presence.cellCount / rowCount
    var kinds: [UInt64] = []
    kinds.reserveCapacity(columnCount)
    var own = GatheredBits(capacity: presence.cellCount)
    var changes = GatheredBits(capacity: 0)
    var (column, before, candidate): ([UInt64], [UInt64], [UInt64]) = ([], [], [])
    // The last column of each pattern, found by a hash and then compared.
    var patterns: [UInt64: Int] = [:]
    for number in 0..<columnCount {
      swap(&column, &before)
      BitWords.extract(words.span, from: number * rowCount, count: rowCount, into: &column)
      let ones = column.reduce(0) { $0 + $1.nonzeroBitCount }
      guard ones > 0, ones < rowCount else {
        kinds.append(ones == 0 ? ColumnKind.empty : ColumnKind.full)
        continue
      }
      guard rowCount >= Self.rowsForLikeness else {
        kinds.append(ColumnKind.own)
        own.append(column, count: rowCount)
        continue
      }
      if let earlier = patterns.updateValue(number, forKey: Self.hash(column)) {
        BitWords.extract(words.span, from: earlier * rowCount, count: rowCount, into: &candidate)
        if candidate == column {
          kinds.append(ColumnKind.same(distance: number - earlier))
          continue
        }
      }
      if number > 0 {
        var changed = 0
        candidate.removeAll(keepingCapacity: true)
        for place in column.indices {
          let difference = column[place] ^ before[place]
          changed += difference.nonzeroBitCount
          candidate.append(difference)
        }
        if 2 * changed < min(ones, rowCount - ones) {
          kinds.append(ColumnKind.changes)
          changes.append(candidate, count: rowCount)
          continue
        }
      }
      kinds.append(ColumnKind.own)
      own.append(column, count: rowCount)
    }
    _ = symbolCoder.encodeMagnitudes(kinds.span, into: &output)
    for bits in [own, changes] where bits.count > 0 {
      bitCoder.encode(bits.words.span, bitCount: bits.count, into: &output)
    }
  }

  /// Columns' bits end to end.
  private struct GatheredBits {
    private(set) var words: [UInt64] = []
    private(set) var count = 0

    init(capacity: Int) { words.reserveCapacity((capacity + 63) / 64) }

    mutating func append(_ bits: [UInt64], count more: Int) {
      while words.count < (count + more + 63) / 64 { words.append(0) }
      BitWords.copy(bits.span, from: 0, count: more, into: &words, at: count)
      count += more
    }
  }

  private static func hash(_ words: [UInt64]) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for word in words {
      hash = (hash ^ word) &* 0x0000_0100_0000_01B3
      hash ^= hash >> 29
    }
    return hash
  }

  /// The presence of the tile that the reader stands in, which is within the limits.
  @_lifetime(reader: copy reader)
  mutating func decode(_ reader: inout ByteReader, rowCount: Int, columnCount: Int)
    throws(TrackerError) -> Presence
  {
    let cellCount = rowCount * columnCount
    let coding = try reader.readUInt8("presence coding")
    switch PresenceCoding(rawValue: coding) {
    case .all: return .all(cellCount)
    case .columns: break
    case nil:
      throw TrackerError(
        .unsupportedEncoding, reader.subject, "unknown presence coding \(coding)",
        offset: UInt64(reader.position - 1), remedy: "a newer version may read it")
    }
    var kinds: [UInt64] = []
    _ = try symbolCoder.decode(&reader, count: columnCount, table: .magnitude, into: &kinds)
    var (ownCount, changeCount) = (0, 0)
    for number in kinds.indices {
      // Whether it names the column before the first, as changes of the first column do.
      guard kinds[number] < ColumnKind.changes || kinds[number] <= 3 + UInt64(number),
        kinds[number] != ColumnKind.changes || number > 0
      else { throw reader.malformed("column \(number) is like one before the first") }
      ownCount += kinds[number] == ColumnKind.own ? 1 : 0
      changeCount += kinds[number] == ColumnKind.changes ? 1 : 0
    }
    let own =
      ownCount == 0
      ? [] : try bitCoder.decode(&reader, bitCount: ownCount * rowCount, "presence")
    let changes =
      changeCount == 0
      ? [] : try bitCoder.decode(&reader, bitCount: changeCount * rowCount, "changes of presence")
    var words = BitWords.zeros(cellCount)
    var column: [UInt64] = []
    var (ownPlace, changePlace) = (0, 0)
    for number in kinds.indices {
      let place = number * rowCount
      switch kinds[number] {
      case ColumnKind.full:
        column = [UInt64](repeating: .max, count: (rowCount + 63) / 64)
      case ColumnKind.empty: continue
      case ColumnKind.own:
        BitWords.copy(own.span, from: ownPlace, count: rowCount, into: &words, at: place)
        ownPlace += rowCount
        continue
      case ColumnKind.changes:
        BitWords.extract(words.span, from: place - rowCount, count: rowCount, into: &column)
        for part in column.indices {
          column[part] ^= BitWords.word(changes.span, at: changePlace + part * 64)
        }
        changePlace += rowCount
      default:
        let earlier = number - Int(kinds[number] - ColumnKind.same(distance: 0))
        BitWords.extract(words.span, from: earlier * rowCount, count: rowCount, into: &column)
      }
      BitWords.copy(column.span, from: 0, count: rowCount, into: &words, at: place)
    }
    let presence = Presence(cellCount: cellCount, words: words)
    guard presence.pointCount < cellCount else {
      throw reader.malformed("a presence without an absent cell")
    }
    return presence
  }
}
