public import TrackerModel

/// Writes and reads sets of instance indices: strictly ascending, one type.
public struct IndexSetCoder {
  private var integerCoder = IntegerSetCoder()
  private var stringCoder = StringSetCoder()

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
    case .integers(let values): integerCoder.encode(values.span, into: &output)
    case .strings(let strings): stringCoder.encode(strings, into: &output)
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
    case .int64: return .integers(try integerCoder.decode(&reader, count: count))
    case .string: return .strings(try stringCoder.decode(&reader, count: count))
    }
  }
}
