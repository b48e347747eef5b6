public import TrackerModel

/// Writes and reads sets of instance indices: strictly ascending, one type.
///
/// Integers are stored as the first one and the gaps less one, split by magnitude; strings are
/// front-coded: the length shared with the string before, the length of the rest, then all rests.
public struct IndexSetCoder {
  private var symbolCoder = SymbolColumnCoder()

  public init() {}

  /// Whether a set keeps to the limits of one record.
  ///
  /// - Throws: `limitExceeded`.
  public static func check(_ column: IndexColumn) throws(TrackerError) {
    guard column.count <= Limits.maxTileRows, column.stringBytes <= Limits.maxIndexSetStringBytes
    else {
      throw TrackerError(
        .limitExceeded, "index set",
        "\(column.count) rows of \(column.stringBytes) bytes; the limits are \(Limits.maxTileRows)"
          + " rows and \(Limits.maxIndexSetStringBytes) bytes of strings")
    }
  }

  /// Appends the coded set: index type u8, count varint, content. Complexity: O(count).
  ///
  /// - Precondition: the indices ascend strictly; there is at least one.
  public mutating func encode(_ column: IndexColumn, into output: inout [UInt8]) {
    assert(column.count > 0 && column.isStrictlyAscending, "index sets ascend strictly")
    output.append(column.type.rawValue)
    output.appendVarint(column.count)
    switch column {
    case .integers(let values):
      output.appendSigned(values[0])
      var gaps: [UInt64] = []
      gaps.reserveCapacity(values.count - 1)
      for row in values.indices.dropFirst() {
        // Wraps to the true distance, which may exceed Int64's positive half.
        gaps.append(UInt64(bitPattern: values[row] &- values[row - 1]) &- 1)
      }
      _ = symbolCoder.encodeMagnitudes(gaps.span, into: &output)
    case .strings(let column):
      var shared: [UInt64] = []
      var rests: [UInt64] = []
      var bytes: [UInt64] = []
      for row in 0..<column.count {
        let range = column.range(of: row)
        var prefix = 0
        if row > 0 {
          let previous = column.range(of: row - 1)
          let longest = min(previous.count, range.count)
          while prefix < longest,
            column.bytes[previous.lowerBound + prefix] == column.bytes[range.lowerBound + prefix]
          {
            prefix += 1
          }
        }
        shared.append(UInt64(prefix))
        rests.append(UInt64(range.count - prefix))
        for position in range.dropFirst(prefix) { bytes.append(UInt64(column.bytes[position])) }
      }
      _ = symbolCoder.encodeMagnitudes(shared.span, into: &output)
      _ = symbolCoder.encodeMagnitudes(rests.span, into: &output)
      _ = symbolCoder.encodeDirect(bytes.span, into: &output)
    }
  }

  /// The set that the reader stands before.
  ///
  /// - Throws: `malformed` where indices do not ascend strictly, overflow or are not UTF-8;
  ///   `limitExceeded` before memory is taken.
  @_lifetime(reader: copy reader)
  public mutating func decode(_ reader: inout ByteReader) throws(TrackerError) -> IndexColumn {
    let typeByte = try reader.readUInt8("index type")
    guard let type = IndexType(rawValue: typeByte) else {
      throw reader.malformed("unknown index type \(typeByte)")
    }
    let count = try reader.readCount("rows of index set", limit: Limits.maxTileRows)
    guard count > 0 else { throw reader.malformed("an index set is empty") }
    switch type {
    case .int64:
      let first = try reader.readSigned("first index")
      var gaps: [UInt64] = []
      _ = try symbolCoder.decode(&reader, count: count - 1, table: .magnitude, into: &gaps)
      var values: [Int64] = []
      values.reserveCapacity(count)
      values.append(first)
      var last = first
      for gap in gaps {
        let room = UInt64(bitPattern: Int64.max &- last)
        guard gap < room else { throw reader.malformed("an index exceeds Int64") }
        last = last &+ Int64(bitPattern: gap) &+ 1
        values.append(last)
      }
      return .integers(values)
    case .string:
      var shared: [UInt64] = []
      var rests: [UInt64] = []
      _ = try symbolCoder.decode(&reader, count: count, table: .magnitude, into: &shared)
      _ = try symbolCoder.decode(&reader, count: count, table: .magnitude, into: &rests)
      return .strings(try decodeStrings(&reader, shared: shared, rests: rests))
    }
  }

  @_lifetime(reader: copy reader)
  private mutating func decodeStrings(
    _ reader: inout ByteReader, shared: [UInt64], rests: [UInt64]
  ) throws(TrackerError) -> StringColumn {
    var (total, restTotal, previous) = (0, 0, UInt64(0))
    for row in shared.indices {
      let limit = UInt64(Limits.maxIndexBytes)
      guard shared[row] <= previous, rests[row] <= limit, shared[row] + rests[row] <= limit else {
        throw reader.malformed("lengths of string \(row) are out of range")
      }
      previous = shared[row] + rests[row]
      total += Int(previous)
      restTotal += Int(rests[row])
      guard total <= Limits.maxIndexSetStringBytes else {
        throw TrackerError(
          .limitExceeded, reader.subject,
          "strings exceed \(Limits.maxIndexSetStringBytes) bytes", offset: UInt64(reader.position))
      }
    }
    var integers: [UInt64] = []
    _ = try symbolCoder.decode(
      &reader, count: restTotal, table: .direct(256), into: &integers)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(integers.count)
    for integer in integers { bytes.append(UInt8(truncatingIfNeeded: integer)) }
    var column = StringColumn()
    var position = 0
    for row in shared.indices {
      let end = position + Int(rests[row])
      column.append(
        sharing: Int(shared[row]), suffix: bytes.span.extracting(position..<end))
      position = end
      guard column.name(at: row) != nil else {
        throw reader.malformed("string \(row) is not valid UTF-8")
      }
      guard row == 0 || column.compare(row - 1, with: column, row) < 0 else {
        throw reader.malformed("string \(row) does not ascend")
      }
    }
    return column
  }
}
