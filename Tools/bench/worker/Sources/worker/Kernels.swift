import TrackerCodec
import TrackerModel

/// One tile, encoded and decoded again and again: what callgrind counts instructions of.
struct Kernels {
  private let header: TileHeader
  private let values: ValueBuffer
  private let payload: [UInt8]

  static let (rows, columns) = (8192, 16)

  var pointCount: Int { values.count }
  var byteCount: Int { payload.count }

  /// The first rows and epochs of a data set, as a full tile of a compacted file has them.
  init(_ set: DataSet) {
    let (rows, columns) = (
      min(Self.rows, set.instanceCount), min(Self.columns, set.epochCount)
    )
    var (presence, values) = (Presence.all(rows * columns), [UInt32]())
    for column in 0..<columns {
      for row in 0..<rows {
        let cell = column * set.instanceCount + row
        if !set.presence[cell] {
          presence.remove(column * rows + row)
        } else {
          values.append(set.values.float32Bits[cell])
        }
      }
    }
    header = TileHeader(
      channel: Channel(metric: "ce", mode: .train, dsID: nil), valueType: .float32, rowCount: rows,
      columns: (0..<columns).map { TileColumn(step: set.steps[$0], epoch: Int64($0)) },
      indexSet: .dense(first: 0), presence: presence)
    self.values = ValueBuffer(float32Bits: values)
    payload = Self.encode(header, self.values, times: 1)
  }

  private static func encode(_ header: TileHeader, _ values: ValueBuffer, times: Int) -> [UInt8] {
    var coder = TileCoder()
    var payload: [UInt8] = []
    for _ in 0..<times {
      payload.removeAll(keepingCapacity: true)
      _ = coder.encode(header, values: values, into: &payload)
    }
    return payload
  }

  func encode(times: Int) { _ = Self.encode(header, values, times: times) }

  func decode(times: Int) throws {
    var coder = TileCoder()
    var decoded = ValueBuffer(.float32)
    for _ in 0..<times {
      var reader = ByteReader(payload.span, subject: "tile")
      let header = try coder.decodeHeader(&reader)
      _ = try coder.decodeValues(&reader, of: header, into: &decoded)
    }
    precondition(times == 0 || decoded == values, "what was encoded decodes to itself")
  }
}
