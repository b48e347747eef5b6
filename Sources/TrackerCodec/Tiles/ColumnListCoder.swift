public import TrackerModel

/// Writes and reads the list of a tile's columns; tiles and directories share it.
///
/// Layout: count varint, first step signed; where there are several, step kind u8 (0 distances differ, 1
/// all are the same) and the distances, or the one, varint; epoch kind u8 (0 none known, 1 all known,
/// 2 some, 3 each one more than the one before), then epochs: signed distances from 0 and from each
/// other; kind 2 puts a 0 or 1 before each, kind 3 has the first only.
public enum ColumnListCoder {
  /// Columns that one distance may stand for: a directory of a few bytes must not claim much memory.
  private static let maxEvenColumns = 256

  public static func encode(_ columns: [TileColumn], into output: inout [UInt8]) {
    output.appendVarint(columns.count)
    guard let first = columns.first else { return }
    output.appendSigned(first.step)
    var distances: [UInt64] = []
    for (before, column) in zip(columns, columns.dropFirst()) {
      distances.append(UInt64(bitPattern: column.step &- before.step))
    }
    if let distance = distances.first {
      let isEven =
        columns.count <= maxEvenColumns && distances.allSatisfy { $0 == distance }
      output.append(isEven ? 1 : 0)
      for distance in isEven ? distances.prefix(1) : distances[...] {
        output.appendVarint(distance)
      }
    }
    let known = columns.count { $0.epoch != nil }
    let isCounting =
      columns.count > 1
      && zip(columns, columns.dropFirst()).allSatisfy { before, column in
        guard let epoch = before.epoch else { return false }
        return column.epoch == epoch &+ 1
      }
    let kind: UInt8 = isCounting ? 3 : known == 0 ? 0 : known == columns.count ? 1 : 2
    output.append(kind)
    var lastEpoch: Int64 = 0
    for column in kind == 3 ? columns.prefix(1) : columns[...] where kind > 0 {
      if kind == 2 { output.append(column.epoch == nil ? 0 : 1) }
      guard let epoch = column.epoch else { continue }
      output.appendSigned(epoch &- lastEpoch)
      lastEpoch = epoch
    }
  }

  /// A list that was read last: many tiles of a directory have the same, which then stands in memory once.
  public struct Last {
    fileprivate var start = 0
    fileprivate var length = 0
    public fileprivate(set) var columns: [TileColumn] = []

    public init() {}
  }

  /// Reads a list, or takes the last one where its bytes are the same.
  ///
  /// - Parameter last: of the same bytes as the reader's.
  /// - Returns: whether it is another list than the last one.
  @_lifetime(reader: copy reader)
  public static func decode(_ reader: inout ByteReader, last: inout Last) throws(TrackerError)
    -> Bool
  {
    if last.length > 0, reader.repeats(last.start, last.length) {
      _ = try reader.readBytes(last.length, "columns")
      return false
    }
    last.start = reader.position
    last.length = 0
    last.columns = try decode(&reader)
    last.length = reader.position - last.start
    return true
  }

  /// - Throws: `malformed` where columns do not ascend strictly.
  @_lifetime(reader: copy reader)
  public static func decode(_ reader: inout ByteReader) throws(TrackerError) -> [TileColumn] {
    let count = try reader.readCount("columns", limit: Limits.maxTileColumns)
    guard count > 0 else { throw reader.malformed("a tile has no column") }
    var last = try reader.readSigned("first step")
    let stepKind = count > 1 ? try reader.readUInt8("step kind") : 0
    guard stepKind <= 1 else { throw reader.malformed("unknown step kind \(stepKind)") }
    let even = stepKind == 1 ? try reader.readVarint("distance of steps") : 0
    // Columns of uneven distances take at least a byte each: a count beyond that is not worth memory.
    guard count <= (stepKind == 1 ? maxEvenColumns : reader.remaining + 1) else {
      throw reader.malformed("\(count) columns do not fit")
    }
    var columns: [TileColumn] = []
    columns.reserveCapacity(count)
    columns.append(TileColumn(step: last, epoch: nil))
    for _ in 1..<count {
      let distance = stepKind == 1 ? even : try reader.readVarint("step")
      guard distance <= UInt64(bitPattern: Int64.max &- last) else {
        throw reader.malformed("a step exceeds Int64")
      }
      last = last &+ Int64(bitPattern: distance)
      columns.append(TileColumn(step: last, epoch: nil))
    }
    let kind = try reader.readUInt8("epoch kind")
    guard kind <= 3 else { throw reader.malformed("unknown epoch kind \(kind)") }
    if kind == 3 {
      guard count > 1 else { throw reader.malformed("epoch kind 3 for one column") }
      let first = try reader.readSigned("epoch")
      for position in columns.indices { columns[position].epoch = first &+ Int64(position) }
    } else if kind > 0 {
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
