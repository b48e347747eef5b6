public import TrackerModel

/// Writes and reads index sets by the rows that they have of a *base*, a set written before: near the
/// entropy of a random subset, whatever its indices cost. Indices that the base lacks follow.
///
/// One owner.
public struct SubsetCoder {
  /// The first byte of such a set, where others have their index type.
  public static let marker: UInt8 = 2

  private var bitCoder = BitSequenceCoder()
  private var setCoder = IndexSetCoder()

  public init() {}

  /// Appends the set and returns the bytes that indices not in the base took.
  ///
  /// Layout: marker u8, base varint, first row varint, bits varint, bit sequence, number of indices
  /// not in the base varint, and where there are any these as an index set.
  /// - Parameters:
  ///   - base: the offset of the base's record.
  ///   - rows: those of the base, ascending; at least one.
  ///   - others: the indices that the base lacks.
  public mutating func encode(
    base: UInt64, rows: [Int], others: IndexColumn, into output: inout [UInt8]
  ) -> Int {
    output.append(Self.marker)
    output.appendVarint(base)
    output.appendVarint(rows[0])
    let bitCount = rows[rows.count - 1] - rows[0] + 1
    output.appendVarint(bitCount)
    var words = BitWords.zeros(bitCount)
    for row in rows { words[(row - rows[0]) >> 6] |= 1 &<< UInt64((row - rows[0]) & 63) }
    bitCoder.encode(words.span, bitCount: bitCount, into: &output)
    let start = output.count
    output.appendVarint(others.count)
    if others.count > 0 { setCoder.encode(others, into: &output) }
    return output.count - start
  }

  /// The offset of the base of the set that a reader stands before; nil where it has none.
  public static func base(of payload: Span<UInt8>) throws(TrackerError) -> UInt64? {
    guard payload.count > 0, payload[0] == marker else { return nil }
    var reader = ByteReader(payload, subject: "index set")
    _ = try reader.readUInt8("marker")
    return try reader.readVarint("offset of the base")
  }

  /// The set that the reader stands before.
  ///
  /// - Parameter base: the set that it names.
  /// - Throws: `malformed` where rows are not the base's, or others stand in it or do not ascend.
  @_lifetime(reader: copy reader)
  public mutating func decode(_ reader: inout ByteReader, base: IndexColumn)
    throws(TrackerError) -> IndexColumn
  {
    guard try reader.readUInt8("marker") == Self.marker else {
      throw reader.malformed("an index set without a base")
    }
    _ = try reader.readVarint("offset of the base")
    let first = try reader.readCount("first row of the base", limit: base.count - 1)
    let bitCount = try reader.readCount("rows of the base", limit: base.count - first)
    guard bitCount > 0 else { throw reader.malformed("no row of the base") }
    let words = try bitCoder.decode(&reader, bitCount: bitCount, "rows of the base")
    let count = BitWords.ones(words.span, in: 0..<bitCount)
    let otherCount = try reader.readCount("indices not in the base", limit: Limits.maxTileRows)
    guard words[0] & 1 == 1, words[(bitCount - 1) >> 6] >> UInt64((bitCount - 1) & 63) == 1,
      count + otherCount <= Limits.maxTileRows
    else { throw reader.malformed("\(count) rows of a base and \(otherCount) indices") }
    var chosen = IndexColumn(type: base.type)
    chosen.append(rows: first..<first + bitCount, of: base) {
      words[($0 - first) >> 6] >> UInt64(($0 - first) & 63) & 1 == 1
    }
    guard otherCount > 0 else { return chosen }
    let others = try setCoder.decode(&reader)
    guard others.type == base.type, others.count == otherCount else {
      throw reader.malformed("indices not in the base are of another type or number")
    }
    let all = chosen.union(others)
    guard all.count == count + otherCount else {
      throw reader.malformed("an index stands twice")
    }
    try IndexSetCoder.check(all)
    return all
  }
}
