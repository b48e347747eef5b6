import TrackerCodec
import TrackerModel

/// A sorted list of indices of any length: a count, then index sets of 1,048,576 rows each but the
/// last; of strings, each ends earlier with the one that brings it to 16,777,216 bytes.
enum IndexListCoder {
  private static let maxPartBytes = 1 << 24

  /// What a list holds at most.
  struct Bounds {
    var indices: Int
    var stringBytes: Int

    /// Of the parameters, which every reader holds.
    static let toKeep = Bounds(
      indices: Limits.maxListedIndices, stringBytes: Limits.maxListedStringBytes)
    static let kept = Bounds(
      indices: Limits.maxKeptIndices, stringBytes: Limits.maxIndexSetStringBytes)
  }

  /// Whether readers will take the list.
  ///
  /// - Throws: `limitExceeded`.
  static func check(_ indices: [InstanceIndex], _ bounds: Bounds, _ what: String)
    throws(TrackerError)
  {
    var bytes = 0
    for case .string(let name) in indices { bytes += name.utf8.count }
    guard indices.count <= bounds.indices, bytes <= bounds.stringBytes else {
      throw TrackerError(
        .limitExceeded, "indices",
        "\(what) holds \(indices.count) indices of \(bytes) bytes; the limits are"
          + " \(bounds.indices) and \(bounds.stringBytes)",
        remedy: "keep fewer")
    }
  }

  static func encode(_ indices: [InstanceIndex], indexType: IndexType, into bytes: inout [UInt8]) {
    bytes.appendVarint(indices.count)
    var coder = IndexSetCoder()
    var start = 0
    while start < indices.count {
      var part = IndexColumn(type: indexType)
      while start < indices.count, part.count < Limits.maxTileRows, part.stringBytes < maxPartBytes
      {
        part.append(indices[start])
        start += 1
      }
      coder.encode(part, into: &bytes)
    }
  }

  @_lifetime(reader: copy reader)
  static func decode(_ reader: inout ByteReader, indexType: IndexType, _ bounds: Bounds)
    throws(TrackerError) -> [InstanceIndex]
  {
    let count = try reader.readCount("listed indices", limit: bounds.indices)
    var coder = IndexSetCoder()
    var indices: [InstanceIndex] = []
    indices.reserveCapacity(count)
    var stringBytes = 0
    while indices.count < count {
      let column = try coder.decode(&reader)
      guard column.type == indexType, column.count <= count - indices.count else {
        throw reader.malformed("a list of indices of another type or length")
      }
      stringBytes += column.stringBytes
      guard stringBytes <= bounds.stringBytes else {
        throw TrackerError(
          .limitExceeded, reader.subject,
          "a list of strings exceeds \(bounds.stringBytes) bytes",
          offset: UInt64(reader.position))
      }
      for row in 0..<column.count {
        let index = column[row]
        guard indices.last.map({ $0 < index }) ?? true else {
          throw reader.malformed("listed indices do not ascend")
        }
        indices.append(index)
      }
    }
    return indices
  }
}
