import TrackerCodec
import TrackerFile
import TrackerModel
import TrackerSystem

/// A history in memory, as a training loop would have it: one array of values an epoch.
struct DataSet {
  let indices: [Int64]
  let steps: [Int64]
  /// Epoch by epoch, a value for each instance, of type float32.
  let values: ValueBuffer
  /// Which of `values` are points.
  let presence: Presence
  let pointCount: Int

  var instanceCount: Int { indices.count }
  var epochCount: Int { steps.count }
  var isMasked: Bool { presence.words != nil }

  /// Reads the raw little-endian arrays `<prefix>.indices`, `.steps`, `.values` and, where there is
  /// one, `.mask`.
  init(prefix: String, isMasked: Bool) throws {
    indices = try Self.read("\(prefix).indices", width: 8) { Int64(bitPattern: $0) }
    steps = try Self.read("\(prefix).steps", width: 8) { Int64(bitPattern: $0) }
    values = ValueBuffer(
      float32Bits: try Self.read("\(prefix).values", width: 4) {
        UInt32(truncatingIfNeeded: $0)
      })
    var presence = Presence.all(values.count)
    if isMasked {
      let mask = try Self.read("\(prefix).mask", width: 1) { $0 }
      for cell in mask.indices where mask[cell] == 0 { presence.remove(cell) }
    }
    self.presence = presence
    pointCount = presence.pointCount
  }

  /// The epochs, counted from 0.
  var columns: [TileColumn] {
    steps.enumerated().map { TileColumn(step: $1, epoch: Int64($0)) }
  }

  private static func read<Element>(
    _ path: String, width: Int, _ make: (UInt64) -> Element
  ) throws -> [Element] {
    let file = try FileStorage(path: path, mode: .read)
    defer { file.close() }
    let size = Int(try file.size())
    var result: [Element] = []
    result.reserveCapacity(size / width)
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    var offset = 0
    while offset < size {
      var span = bytes.mutableSpan
      let count = try file.read(at: UInt64(offset), into: &span)
      for start in stride(from: 0, to: count, by: width) {
        var bits: UInt64 = 0
        for byte in 0..<width { bits |= UInt64(bytes[start + byte]) << UInt64(8 * byte) }
        result.append(make(bits))
      }
      offset += count
    }
    return result
  }

  /// The points of one epoch; `epoch` counts on beyond the last one from the first again.
  func points(ofEpoch epoch: Int) -> (indices: [Int64], values: [Float]) {
    let base = epoch % epochCount * instanceCount
    let row = values.float32Bits[base..<base + instanceCount].map { Float(bitPattern: $0) }
    guard isMasked else { return (indices, row) }
    var result: (indices: [Int64], values: [Float]) = ([], [])
    for place in 0..<instanceCount where presence[base + place] {
      result.indices.append(indices[place])
      result.values.append(row[place])
    }
    return result
  }
}
