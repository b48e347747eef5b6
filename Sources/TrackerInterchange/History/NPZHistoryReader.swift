public import TrackerModel

/// Reads one channel's history from a NumPy archive (`.npz`), an epoch at a time.
///
/// | array | shape | types |
/// |---|---|---|
/// | `indices` | [N] | integers, or strings (`<U…`, `\|S…` in UTF-8) |
/// | `steps` | [E] | integers |
/// | `values` | [E, N] | floats, integers, booleans |
/// | `mask` (optional) | [E, N] | booleans: true where a value was recorded |
/// | `epochs` (optional) | [E] | integers |
///
/// Other members are ignored. Memory holds the indices and steps, and one epoch. Members may be
/// stored or deflated; `values` and `mask` are read side by side. Whether an index or a step stands
/// twice is for the caller to judge.
public struct NPZHistoryReader {
  public let indices: HistoryIndices
  public let steps: [Int64]
  public let epochs: [Int64]?
  /// float32 where the values are floats of 2 or 4 bytes; otherwise float64.
  public let valueType: ValueType
  /// How many epochs were read.
  public private(set) var epochsRead = 0

  private var values: NPYStream
  private var mask: NPYStream?

  /// Opens the archive and reads everything but values and mask.
  ///
  /// - Parameter name: what error texts call the archive.
  /// - Throws: `badInput`, naming the array with its expected and found shape or type.
  public init(_ file: any RandomAccessBytes, name: String) throws(TrackerError) {
    let archive = try ZipReader(file, name: name)
    indices = try Self.readIndices(try NPYStream(archive, "indices", file: name))
    var stepStream = try NPYStream(archive, "steps", file: name)
    steps = try stepStream.readIntegers()
    if archive.member(named: "epochs.npy") != nil {
      var stream = try NPYStream(archive, "epochs", file: name)
      try stream.expect(shape: [steps.count], "[E]")
      epochs = try stream.readIntegers()
    } else {
      epochs = nil
    }
    let shape = [steps.count, indices.count]
    values = try NPYStream(archive, "values", file: name)
    switch values.header.element {
    case .float(8): valueType = .float64
    case .float: valueType = .float32
    case .signed, .unsigned, .bool: valueType = .float64
    case .unicode, .bytes:
      throw values.error("expected numbers, found strings (\(values.header.element.descr))")
    }
    try values.expect(shape: shape, "[steps, indices]")
    if archive.member(named: "mask.npy") != nil {
      let stream = try NPYStream(archive, "mask", file: name)
      switch stream.header.element {
      case .bool, .unsigned(1), .signed(1): break
      default: throw stream.error("expected booleans (|b1), found \(stream.header.element.descr)")
      }
      try stream.expect(shape: shape, "[steps, indices]")
      mask = stream
    }
  }

  /// Reads the next epoch's row.
  ///
  /// - Parameters:
  ///   - bits: replaced by the values' bits, widened to float64, in the order of `indices`.
  ///   - recorded: replaced by whether each was recorded; what `bits` has for the others means nothing.
  /// - Returns: the epoch's place in `steps`, or nil where all were read and found undamaged.
  public mutating func readEpoch(bits: inout [UInt64], recorded: inout [Bool]) throws(TrackerError)
    -> Int?
  {
    bits.removeAll(keepingCapacity: true)
    recorded.removeAll(keepingCapacity: true)
    guard epochsRead < steps.count else {
      try values.finish()
      try mask?.finish()
      return nil
    }
    try values.readElements(indices.count)
    let element = values.header.element
    if element == .bool { try expectBooleans(values) }
    if let place = ArrayValues.appendValues(values.bytes.span, element, to: &bits) {
      throw values.error("the integer at [\(epochsRead), \(place)] equals no float64")
    }
    recorded.reserveCapacity(indices.count)
    try mask?.readElements(indices.count)
    if let mask {
      try expectBooleans(mask)
      let flags = mask.bytes.span
      for place in flags.indices { recorded.append(flags[place] != 0) }
    } else {
      recorded.append(contentsOf: repeatElement(true, count: indices.count))
    }
    epochsRead += 1
    return epochsRead - 1
  }

  private func expectBooleans(_ stream: NPYStream) throws(TrackerError) {
    let flags = stream.bytes.span
    for place in flags.indices where flags[place] > 1 {
      throw stream.error(
        "expected 0 or 1 at [\(epochsRead), \(place)], found the byte \(flags[place])")
    }
  }

  private static func readIndices(_ array: NPYStream) throws(TrackerError) -> HistoryIndices {
    var stream = array
    let element = stream.header.element
    switch element {
    case .signed, .unsigned: return .integers(try stream.readIntegers())
    case .float, .bool:
      throw stream.error(
        "expected integers or strings, found \(element.descr)",
        remedy: "convert the indices with .astype('<i8')")
    case .unicode, .bytes: break
    }
    var bytes: [UInt8] = []
    var ends: [Int] = []
    try stream.forEachBlock { (first, block) throws(TrackerError) in
      for place in 0..<block.count / element.size {
        let start = bytes.count
        guard ArrayValues.appendString(block, place, element, to: &bytes) else {
          throw array.error("element \(first + place) is no Unicode text")
        }
        guard bytes.count - start <= Limits.maxIndexBytes else {
          throw array.error(
            "element \(first + place) has \(bytes.count - start) bytes, the limit is \(Limits.maxIndexBytes)"
          )
        }
        ends.append(bytes.count)
      }
    }
    return .strings(bytes: bytes, ends: ends)
  }
}
