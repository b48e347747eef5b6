public import TrackerModel

/// Writes and reads the list of a tile's columns; tiles and directories share it.
///
/// Layout: count varint, first step signed, steps' distances varint, epoch kind u8 (0 none known, 1
/// all known, 2 some), then epochs: signed distances from 0 and from each other; kind 2 puts a 0 or 1
/// before each.
public enum ColumnListCoder {
  public static func encode(_ columns: [TileColumn], into output: inout [UInt8]) {
    output.appendVarint(columns.count)
    var last: Int64 = 0
    for (position, column) in columns.enumerated() {
      if position == 0 {
        output.appendSigned(column.step)
      } else {
        output.appendVarint(UInt64(bitPattern: column.step &- last))
      }
      last = column.step
    }
    let known = columns.count { $0.epoch != nil }
    let kind: UInt8 = known == 0 ? 0 : known == columns.count ? 1 : 2
    output.append(kind)
    var lastEpoch: Int64 = 0
    for column in columns where kind > 0 {
      if kind == 2 { output.append(column.epoch == nil ? 0 : 1) }
      guard let epoch = column.epoch else { continue }
      output.appendSigned(epoch &- lastEpoch)
      lastEpoch = epoch
    }
  }

  /// - Throws: `malformed` where columns do not ascend strictly.
  @_lifetime(reader: copy reader)
  public static func decode(_ reader: inout ByteReader) throws(TrackerError) -> [TileColumn] {
    let count = try reader.readCount("columns", limit: Limits.maxTileColumns)
    guard count > 0 else { throw reader.malformed("a tile has no column") }
    // Every column takes at least a byte: a count beyond that is not worth memory.
    guard count <= reader.remaining else { throw reader.malformed("\(count) columns do not fit") }
    var columns: [TileColumn] = []
    columns.reserveCapacity(count)
    var last = try reader.readSigned("first step")
    columns.append(TileColumn(step: last, epoch: nil))
    for _ in 1..<count {
      let distance = try reader.readVarint("step")
      guard distance <= UInt64(bitPattern: Int64.max &- last) else {
        throw reader.malformed("a step exceeds Int64")
      }
      last = last &+ Int64(bitPattern: distance)
      columns.append(TileColumn(step: last, epoch: nil))
    }
    let kind = try reader.readUInt8("epoch kind")
    guard kind <= 2 else { throw reader.malformed("unknown epoch kind \(kind)") }
    if kind > 0 {
      var lastEpoch: Int64 = 0
      for position in columns.indices {
        if kind == 2 {
          let flag = try reader.readUInt8("epoch flag")
          guard flag <= 1 else { throw reader.malformed("unknown epoch flag \(flag)") }
          if flag == 0 { continue }
        }
        lastEpoch = lastEpoch &+ (try reader.readSigned("epoch"))
        columns[position].epoch = lastEpoch
      }
    }
    if kind == 2, columns.allSatisfy({ $0.epoch != nil }) || columns.allSatisfy({ $0.epoch == nil })
    {
      throw reader.malformed("epoch kind 2 where all or none are known")
    }
    for position in columns.indices.dropFirst()
    where !(columns[position - 1] < columns[position]) {
      throw reader.malformed("columns do not ascend")
    }
    return columns
  }
}
