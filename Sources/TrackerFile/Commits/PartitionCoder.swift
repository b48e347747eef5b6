import TrackerCodec
import TrackerModel

/// Writes and reads which part of a partitioned merge a file is.
enum PartitionCoder {
  static func encode(_ partition: Partition, into bytes: inout [UInt8]) {
    bytes.appendVarint(partition.count)
    bytes.appendVarint(partition.number)
    bytes.appendFixed(partition.setID)
    if let lower = partition.range.lower { CommitFields.append(lower, &bytes) }
    if let upper = partition.range.upper { CommitFields.append(upper, &bytes) }
  }

  @_lifetime(reader: copy reader)
  static func decode(_ reader: inout ByteReader, _ indexType: IndexType)
    throws(TrackerError) -> Partition
  {
    let count = try reader.readVarint("number of partitions")
    let number = try reader.readVarint("number of the partition")
    let setID = try reader.readFixed(UInt64.self, "set of partitions")
    guard number >= 1, number <= count else {
      throw reader.malformed("partition \(number) of \(count)")
    }
    let lower = number > 1 ? try CommitFields.readIndex(&reader, indexType) : nil
    let upper = number < count ? try CommitFields.readIndex(&reader, indexType) : nil
    do throws(TrackerError) {
      return try Partition(
        number: number, count: count, setID: setID, range: IndexRange(lower: lower, upper: upper))
    } catch {
      throw reader.malformed(error.detail)
    }
  }
}
