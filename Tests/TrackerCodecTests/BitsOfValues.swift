import TrackerCodec
import TrackerModel

// Tests write values as bits in 64-bit words, whatever their type.

extension ValueColumnCoder {
  mutating func encode(
    _ bits: Span<UInt64>, type: ValueType, cells: CellRows, into output: inout [UInt8]
  ) -> ValueCoding {
    encode(ValueBuffer(bits, type), cells: cells, into: &output)
  }

  @_lifetime(reader: copy reader)
  mutating func decode(
    _ reader: inout ByteReader, cells: CellRows, type: ValueType, into bits: inout [UInt64]
  ) throws(TrackerError) -> ValueCoding {
    var values = ValueBuffer(type)
    defer { bits = values.bits }
    return try decode(&reader, cells: cells, type: type, into: &values)
  }
}

extension TileCoder {
  mutating func encode(
    _ header: TileHeader, values bits: Span<UInt64>, into output: inout [UInt8]
  ) -> (TileStatistics, ValueCoding) {
    encode(header, values: ValueBuffer(bits, header.valueType), into: &output)
  }

  @_lifetime(reader: copy reader)
  mutating func decodeValues(
    _ reader: inout ByteReader, of header: TileHeader, into bits: inout [UInt64]
  ) throws(TrackerError) -> ValueCoding {
    var values = ValueBuffer(header.valueType)
    defer { bits = values.bits }
    return try decodeValues(&reader, of: header, into: &values)
  }

  @_lifetime(reader: copy reader)
  mutating func decodeValues(
    _ reader: inout ByteReader, of header: TileHeader, rows: [Int], into bits: inout [UInt64]
  ) throws(TrackerError) -> TileHeader {
    var values = ValueBuffer(header.valueType)
    defer { bits = values.bits }
    return try decodeValues(&reader, of: header, rows: rows, into: &values)
  }
}
