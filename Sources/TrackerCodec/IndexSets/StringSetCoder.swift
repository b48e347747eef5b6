import TrackerModel

/// Writes and reads the strings of an index set, all but their count.
///
/// Of each string only the middle is stored: what precedes and what follows is shared with the
/// string before, as folders and file endings are.
struct StringSetCoder {
  private var symbolCoder = SymbolColumnCoder()
  private var blockCoder = ByteBlockCoder()

  /// Layout: the columns `shared`, `ending` and `middle` of lengths, then a byte block of all middles.
  ///
  /// Complexity: O(bytes of all strings).
  mutating func encode(_ column: StringColumn, into output: inout [UInt8]) {
    var (shared, endings, middles): ([UInt64], [UInt64], [UInt64]) = ([], [], [])
    var bytes: [UInt8] = []
    for row in 0..<column.count {
      let range = column.range(of: row)
      let before = row == 0 ? 0..<0 : column.range(of: row - 1)
      let longest = min(before.count, range.count)
      var prefix = 0
      while prefix < longest,
        column.bytes[before.lowerBound + prefix] == column.bytes[range.lowerBound + prefix]
      {
        prefix += 1
      }
      var ending = 0
      while ending < longest - prefix,
        column.bytes[before.upperBound - 1 - ending] == column.bytes[range.upperBound - 1 - ending]
      {
        ending += 1
      }
      shared.append(UInt64(prefix))
      endings.append(UInt64(ending))
      middles.append(UInt64(range.count - prefix - ending))
      bytes.append(
        contentsOf: column.bytes[range.lowerBound + prefix..<range.upperBound - ending])
    }
    _ = symbolCoder.encodeMagnitudes(shared.span, into: &output)
    _ = symbolCoder.encodeMagnitudes(endings.span, into: &output)
    _ = symbolCoder.encodeMagnitudes(middles.span, into: &output)
    blockCoder.encode(bytes.span, into: &output)
  }

  /// The `count` strings that the reader stands before.
  ///
  /// - Throws: `malformed` where they do not ascend or are not UTF-8; `limitExceeded` before memory is
  ///   taken.
  @_lifetime(reader: copy reader)
  mutating func decode(_ reader: inout ByteReader, count: Int) throws(TrackerError)
    -> StringColumn
  {
    var (shared, endings, middles): ([UInt64], [UInt64], [UInt64]) = ([], [], [])
    _ = try symbolCoder.decode(&reader, count: count, table: .magnitude, into: &shared)
    _ = try symbolCoder.decode(&reader, count: count, table: .magnitude, into: &endings)
    _ = try symbolCoder.decode(&reader, count: count, table: .magnitude, into: &middles)
    let limit = UInt64(Limits.maxIndexBytes)
    var (total, middleTotal, before) = (0, 0, UInt64(0))
    for row in 0..<count {
      guard shared[row] <= before, endings[row] <= before - shared[row] else {
        throw reader.malformed("string \(row) shares more than the one before has")
      }
      guard middles[row] <= limit, shared[row] + endings[row] + middles[row] <= limit else {
        throw TrackerError(
          .limitExceeded, reader.subject, "string \(row) has more than \(limit) bytes",
          offset: UInt64(reader.position))
      }
      before = shared[row] + endings[row] + middles[row]
      total += Int(before)
      middleTotal += Int(middles[row])
      guard total <= Limits.maxIndexSetStringBytes else {
        throw TrackerError(
          .limitExceeded, reader.subject,
          "strings exceed \(Limits.maxIndexSetStringBytes) bytes", offset: UInt64(reader.position))
      }
    }
    let bytes = try blockCoder.decode(&reader, count: middleTotal, "strings")
    var column = StringColumn()
    column.reserve(count: count, bytes: total)
    var position = 0
    for row in 0..<count {
      let end = position + Int(middles[row])
      column.append(
        sharing: Int(shared[row]), middle: bytes.span.extracting(position..<end),
        ending: Int(endings[row]))
      position = end
      guard row == 0 || column.ascends(at: row, sharing: Int(shared[row])) else {
        throw reader.malformed("string \(row) does not ascend")
      }
    }
    guard column.isValidUTF8 else { throw reader.malformed("a string is not valid UTF-8") }
    return column
  }
}
