import TrackerCodec
import TrackerFile
import TrackerModel

/// The ways to read a whole file of one channel.
enum Reading {
  /// What a user calls to have everything in columns.
  static func matrix(of reader: TrackerReader) throws -> HistoryMatrix {
    try reader.matrix(of: channel(of: reader))
  }

  /// Through the scan, block by block, as selections, exports and merges do.
  static func scan(of reader: TrackerReader) throws -> HistoryMatrix {
    try HistoryMatrix(ChannelScan(reader, channel(of: reader)))
  }

  private static func channel(of reader: TrackerReader) throws -> Channel {
    guard let channel = reader.snapshot.channels.first else {
      throw Session.Misuse(description: "the file holds no points")
    }
    return channel
  }

  /// The first place where a matrix is not the data set bit for bit; nil where there is none.
  static func difference(between matrix: HistoryMatrix, and set: DataSet) -> String? {
    guard matrix.columns.map(\.step) == set.steps else { return "the steps differ" }
    // Instances without any point are in no file.
    let present = set.indices.indices.filter { instance in
      (0..<set.epochCount).contains { set.presence[$0 * set.instanceCount + instance] }
    }
    guard matrix.rows == .integers(present.map { set.indices[$0] }) else {
      return "the indices differ"
    }
    for epoch in 0..<set.epochCount {
      for (row, instance) in present.enumerated() {
        let here = matrix.cell(row: row, column: epoch)
        let there = epoch * set.instanceCount + instance
        guard matrix.presence[here] == set.presence[there] else {
          return "presence differs at epoch \(epoch), instance \(instance)"
        }
        if set.presence[there], matrix.values[here] != set.values[there] {
          return "the value differs at epoch \(epoch), instance \(instance)"
        }
      }
    }
    return nil
  }
}
