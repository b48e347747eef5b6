import TrackerModel
import TrackerSystem

/// Text on its way to a sink, handed on in blocks.
struct TextOutput {
  private let sink: any ByteSink
  var bytes: [UInt8] = []

  private static let blockSize = 1 << 16

  init(_ sink: any ByteSink) {
    self.sink = sink
    bytes.reserveCapacity(Self.blockSize * 2)
  }

  mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// Between records: hands the block on where it is full.
  mutating func flushIfFull() throws(TrackerError) {
    if bytes.count >= Self.blockSize { try hand() }
  }

  mutating func flush() throws(TrackerError) {
    try hand()
    try sink.flush()
  }

  private mutating func hand() throws(TrackerError) {
    try sink.write(bytes.span)
    bytes.removeAll(keepingCapacity: true)
  }
}
