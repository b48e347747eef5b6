import TrackerModel

/// How a block of bytes is stored. Raw values are the Spec's.
enum ByteCoding: UInt8 {
  case stored = 0
  case deflated = 1
}

/// Writes and reads blocks of bytes whose number is known, deflated where that pays.
///
/// Layout: byte coding u8; stored: the bytes; deflated: a length varint and the stream.
struct ByteBlockCoder {
  private static let sampleBytes = 2048
  private var compressed: [UInt8] = []
  // Bits of a random subset differ from noise by their bytes' frequencies alone, the same everywhere:
  // one Huffman table for as many bytes as zlib allows (memory level 9) costs least.
  // Made when first needed: readers only inflate.
  private lazy var huffman = Deflater(level: 6, strategy: .huffmanOnly, memoryLevel: 9)
  private lazy var matching = Deflater(level: 6, strategy: .normal, memoryLevel: 9)
  private lazy var inflater = Inflater()

  /// Appends the block. Complexity: O(bytes); of incompressible bytes only a sample is deflated.
  mutating func encode(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
    if let strategy = strategy(for: bytes) {
      let length = deflate(bytes, strategy)
      if length < bytes.count {
        output.append(ByteCoding.deflated.rawValue)
        output.appendVarint(length)
        output.append(contentsOf: compressed)
        return
      }
    }
    output.append(ByteCoding.stored.rawValue)
    output.reserveCapacity(output.count + bytes.count)
    output.append(bytes)
  }

  private mutating func deflate(_ bytes: Span<UInt8>, _ strategy: Deflater.Strategy) -> Int {
    var target: [UInt8] = []
    swap(&target, &compressed)
    defer { swap(&target, &compressed) }
    target.removeAll(keepingCapacity: true)
    let deflater = strategy == .normal ? matching : huffman
    return deflater.deflate(bytes, into: &target)
  }

  /// The strategy that a sample from the middle speaks for; nil where the bytes look like noise.
  private mutating func strategy(for bytes: Span<UInt8>) -> Deflater.Strategy? {
    guard bytes.count > 8 else { return nil }
    let start = max(0, (bytes.count - Self.sampleBytes) / 2)
    let sample = bytes.extracting(start..<min(bytes.count, start + Self.sampleBytes))
    let matched = deflate(sample, .normal)
    // Matches that save less than a sixteenth are chance, and cost Huffman coding its regularity.
    if matched < deflate(sample, .huffmanOnly) / 16 * 15 { return .normal }
    return Self.isFlat(bytes) ? nil : .huffmanOnly
  }

  /// Whether all 256 bytes are nearly as frequent: two bytes drawn at random are equal with a
  /// probability below 9/8 of 1/256. (Bits that are 1 with a probability of 0.44 to 0.56.)
  private static func isFlat(_ bytes: Span<UInt8>) -> Bool {
    var counts = [UInt64](repeating: 0, count: 256)
    for position in bytes.indices { counts[Int(bytes[position])] += 1 }
    let pairs = UInt64(bytes.count) * UInt64(bytes.count - 1)
    var equal: UInt64 = 0
    for count in counts where count > 0 { equal += count * (count - 1) }
    return equal / 9 < pairs / 2048
  }

  /// The `count` bytes that the reader stands before.
  ///
  /// - Throws: `malformed` or `truncated` before memory is taken for bytes that cannot be there.
  @_lifetime(reader: copy reader)
  mutating func decode(_ reader: inout ByteReader, count: Int, _ what: String)
    throws(TrackerError) -> [UInt8]
  {
    let byte = try reader.readUInt8("byte coding")
    switch ByteCoding(rawValue: byte) {
    case .stored:
      let stored = try reader.readBytes(count, what)
      var bytes: [UInt8] = []
      bytes.reserveCapacity(count)
      bytes.append(stored)
      return bytes
    case .deflated:
      let length = try reader.readCount("length of \(what)", limit: Limits.maxRecordBytes)
      // Deflate expands at most 1,032 times: a shorter stream cannot hold the bytes.
      guard count / 1040 <= length else {
        throw reader.malformed("\(length) bytes cannot hold \(count) of \(what)")
      }
      let stream = try reader.readBytes(length, what)
      var bytes = [UInt8](repeating: 0, count: count)
      var target = bytes.mutableSpan
      do throws(TrackerError) {
        try inflater.inflate(stream, into: &target)
      } catch {
        throw reader.malformed("\(what): \(error.detail)")
      }
      return bytes
    case nil:
      throw TrackerError(
        .unsupportedEncoding, reader.subject, "unknown byte coding \(byte)",
        offset: UInt64(reader.position - 1), remedy: "a newer version may read it")
    }
  }
}
