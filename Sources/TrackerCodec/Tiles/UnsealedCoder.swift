public import TrackerModel

/// Points recorded since the last checkpoint in an epoch that is not sealed yet.
public struct UnsealedPoints: Sendable {
  public var channel: Channel
  public var epoch: Int64
  public var valueType: ValueType
  /// The record before this one of the same channel and epoch; 0 where there is none.
  public var previous: UInt64
  /// Strictly ascending.
  public var indices: IndexColumn
  /// One per index, bits in the value type.
  public var values: [UInt64]

  public init(
    channel: Channel, epoch: Int64, valueType: ValueType, previous: UInt64, indices: IndexColumn,
    values: [UInt64]
  ) {
    self.channel = channel
    self.epoch = epoch
    self.valueType = valueType
    self.previous = previous
    self.indices = indices
    self.values = values
  }
}

/// Writes and reads the payloads of unsealed records; keeps its buffers between records. One owner.
///
/// Layout: channel, epoch signed, value type u8, previous varint, index set inline, values.
public struct UnsealedCoder {
  private var indexSets = IndexSetCoder()
  private var valueCoder = ValueColumnCoder()

  public init() {}

  public mutating func encode(_ points: UnsealedPoints, into output: inout [UInt8]) {
    TileCoder.encode(points.channel, into: &output)
    output.appendSigned(points.epoch)
    output.append(points.valueType.rawValue)
    output.appendVarint(points.previous)
    indexSets.encode(points.indices, into: &output)
    _ = valueCoder.encode(
      points.values.span, type: points.valueType, cells: CellRows(column: points.values.count),
      into: &output)
  }

  @_lifetime(reader: copy reader)
  public mutating func decode(_ reader: inout ByteReader) throws(TrackerError) -> UnsealedPoints {
    let channel = try TileCoder.decodeChannel(&reader)
    let epoch = try reader.readSigned("epoch")
    let typeByte = try reader.readUInt8("value type")
    guard let valueType = ValueType(rawValue: typeByte) else {
      throw reader.malformed("unknown value type \(typeByte)")
    }
    let previous = try reader.readVarint("offset of the record before")
    let indices = try indexSets.decode(&reader)
    var values: [UInt64] = []
    _ = try valueCoder.decode(
      &reader, cells: CellRows(column: indices.count), type: valueType, into: &values)
    return UnsealedPoints(
      channel: channel, epoch: epoch, valueType: valueType, previous: previous, indices: indices,
      values: values)
  }
}
