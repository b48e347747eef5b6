import TrackerCodec
import TrackerFile
import TrackerModel

/// What a tracker holds, point by point, kept beside it.
struct Content: Hashable {
  struct Key: Hashable {
    var channel: Channel
    var index: InstanceIndex
    /// The step, or the epoch of points that are not sealed.
    var place: Int64
  }

  var sealed: [Key: UInt32] = [:]
  var unsealed: [Key: UInt32] = [:]

  init() {}

  /// All that a file holds.
  init(reading reader: TrackerReader) throws {
    for tile in reader.snapshot.tiles {
      let (header, values, _) = try reader.readTile(tile)
      let rows = try reader.indices(of: tile)
      guard values.type == .float32 else { throw Violation("a tile of \(values.type)") }
      var place = 0
      for (number, column) in header.columns.enumerated() {
        for row in 0..<header.rowCount where header.presence[number * header.rowCount + row] {
          sealed[Key(channel: header.channel, index: rows[row], place: column.step)] =
            values.float32Bits[place]
          place += 1
        }
      }
    }
    for group in reader.snapshot.unsealed {
      for points in try reader.unsealedPoints(of: group) {
        for row in 0..<points.indices.count {
          let key = Key(channel: group.channel, index: points.indices[row], place: group.epoch)
          unsealed[key] = UInt32(truncatingIfNeeded: points.values[row])
        }
      }
    }
  }

  mutating func record(_ channel: Channel, epoch: Int64, _ index: InstanceIndex, _ value: Float) {
    unsealed[Key(channel: channel, index: index, place: epoch)] = value.bitPattern
  }

  mutating func seal(_ isEnded: (Key) -> Bool, step: Int64) {
    for (key, bits) in unsealed where isEnded(key) {
      sealed[Key(channel: key.channel, index: key.index, place: step)] = bits
      unsealed[key] = nil
    }
  }

  /// How another differs, in a few words.
  func difference(from other: Content) -> String {
    var texts: [String] = []
    for (name, left, right) in [
      ("sealed", sealed, other.sealed), ("not sealed", unsealed, other.unsealed),
    ] {
      let keys = Set(left.keys).union(right.keys).filter { left[$0] != right[$0] }
      guard !keys.isEmpty else { continue }
      let example =
        keys.map {
          "\($0.channel) \($0.index) at \($0.place): "
            + "\(left[$0].map { "\(Float(bitPattern: $0))" } ?? "none"), expected "
            + "\(right[$0].map { "\(Float(bitPattern: $0))" } ?? "none")"
        }.min() ?? ""
      texts.append("\(keys.count) points \(name) differ, such as \(example)")
    }
    return texts.joined(separator: "; ")
  }
}
