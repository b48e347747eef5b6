import TrackerModel

/// How a column's corrections are stored. Raw values are the Spec's.
enum CorrectionCoding: UInt8 {
  case none = 0
  /// Where they are, and their signs.
  case list = 1
  /// Every value's, five in a byte.
  case plane = 2
}

/// Writes and reads misfits; keeps its buffers between columns.
struct MisfitCoder {
  private var columns: SymbolColumnCoder
  private var plane: SymbolStreamCoder
  private var integers: [UInt64] = []
  private var bytes: [UInt8] = []

  init(level: EncodingLevel) {
    columns = SymbolColumnCoder(level: level)
    plane = SymbolStreamCoder(level: level)
  }

  // MARK: Corrections

  mutating func encodeCorrections(_ misfits: Misfits, count: Int, into output: inout [UInt8]) {
    let corrected = misfits.correctedCells.count
    guard corrected > 0 else {
      output.append(CorrectionCoding.none.rawValue)
      return
    }
    // A listed correction costs its gap, some 6 bits and the logarithm of the mean gap, and a sign.
    if corrected * 50 < count {
      output.append(CorrectionCoding.list.rawValue)
      output.appendVarint(corrected)
      var next = 0
      integers.removeAll(keepingCapacity: true)
      for (position, cell) in misfits.correctedCells.enumerated() {
        // The sign is the lowest bit, so that one column holds both.
        integers.append(
          UInt64(Int(cell) - next) << 1 | (misfits.corrections[position] < 0 ? 1 : 0))
        next = Int(cell) + 1
      }
      writeIntegers(into: &output)
      return
    }
    output.append(CorrectionCoding.plane.rawValue)
    bytes.removeAll(keepingCapacity: true)
    bytes.append(contentsOf: repeatElement(0, count: (count + 4) / 5))
    for (position, cell) in misfits.correctedCells.enumerated() {
      let digit: UInt8 = misfits.corrections[position] > 0 ? 1 : 2
      bytes[Int(cell) / 5] += digit * Self.places[Int(cell) % 5]
    }
    var held: [UInt8] = []
    swap(&held, &bytes)
    _ = plane.encode(held.span, into: &output)
    swap(&held, &bytes)
  }

  private mutating func writeIntegers(into output: inout [UInt8]) {
    var held: [UInt64] = []
    swap(&held, &integers)
    _ = columns.encodeMagnitudes(held.span, into: &output)
    swap(&held, &integers)
  }

  private static let places: [UInt8] = [1, 3, 9, 27, 81]

  /// Calls `body` with each corrected cell and its correction.
  ///
  /// - Returns: how many there are.
  @_lifetime(reader: copy reader)
  mutating func decodeCorrections(
    _ reader: inout ByteReader, count: Int, _ body: (_ cell: Int, _ steps: Int) -> Void
  ) throws(TrackerError) -> Int {
    let byte = try reader.readUInt8("correction coding")
    guard let coding = CorrectionCoding(rawValue: byte) else {
      throw TrackerError(
        .unsupportedEncoding, reader.subject, "unknown correction coding \(byte)",
        offset: UInt64(reader.position - 1), remedy: "a newer version may read it")
    }
    switch coding {
    case .none: return 0
    case .list:
      let corrected = try reader.readCount("corrections", limit: count)
      integers.removeAll(keepingCapacity: true)
      _ = try columns.decode(&reader, count: corrected, table: .magnitude, into: &integers)
      var next = 0
      for integer in integers {
        guard integer >> 1 < UInt64(count - next) else {
          throw reader.malformed("a correction behind the last value")
        }
        next += Int(integer >> 1)
        body(next, integer & 1 == 1 ? -1 : 1)
        next += 1
      }
      return corrected
    case .plane:
      let symbolCoding = try SymbolStreamCoder.readCoding(&reader)
      _ = try plane.decode(&reader, symbolCoding, count: (count + 4) / 5, into: &bytes)
      var corrected = 0
      for position in bytes.indices where bytes[position] != 0 {
        var rest = bytes[position]
        guard rest < 243 else { throw reader.malformed("corrections \(rest) are not five digits") }
        var cell = position * 5
        while rest > 0 {
          let digit = rest % 3
          if digit > 0 {
            guard cell < count else { throw reader.malformed("a correction behind the last value") }
            body(cell, digit == 1 ? 1 : -1)
            corrected += 1
          }
          rest /= 3
          cell += 1
        }
      }
      return corrected
    }
  }

  /// Calls `body` with the position among `places` of each corrected cell that stands there, and its
  /// correction. All of them are checked.
  ///
  /// - Parameter places: ascending, each below `count`.
  @_lifetime(reader: copy reader)
  mutating func decodeCorrections(
    _ reader: inout ByteReader, count: Int, at places: [Int],
    _ body: (_ position: Int, _ steps: Int) -> Void
  ) throws(TrackerError) {
    var ahead = reader
    guard try ahead.readUInt8("correction coding") == CorrectionCoding.plane.rawValue else {
      var finder = PlaceFinder()
      _ = try decodeCorrections(&reader, count: count) {
        if let position = finder.position(of: $0, in: places) { body(position, $1) }
      }
      return
    }
    reader = ahead
    let symbolCoding = try SymbolStreamCoder.readCoding(&reader)
    _ = try plane.decode(&reader, symbolCoding, count: (count + 4) / 5, into: &bytes)
    let highest = bytes.max() ?? 0
    guard highest < 243 else {
      throw reader.malformed("corrections \(highest) are not five digits")
    }
    let digits = count % 5
    guard digits == 0 || bytes[bytes.count - 1] < Self.places[digits] else {
      throw reader.malformed("a correction behind the last value")
    }
    for (position, cell) in places.enumerated() {
      switch bytes[cell / 5] / Self.places[cell % 5] % 3 {
      case 1: body(position, 1)
      case 2: body(position, -1)
      default: break
      }
    }
  }

  // MARK: Exceptions

  /// Layout: count varint; where there are any, their gaps and, in the order of their cells, their
  /// ordered integers by bins.
  mutating func encodeExceptions(
    _ misfits: Misfits, type: ValueType, into output: inout [UInt8]
  ) {
    output.appendVarint(misfits.exceptionCells.count)
    guard !misfits.exceptionCells.isEmpty else { return }
    var next = 0
    integers.removeAll(keepingCapacity: true)
    for cell in misfits.exceptionCells {
      integers.append(UInt64(Int(cell) - next))
      next = Int(cell) + 1
    }
    writeIntegers(into: &output)
    let ordered = misfits.exceptionBits.map { OrderedInteger.map($0, type) }
    let sample = ordered.sorted()
    let bins = SymbolBins(sample: sample.span, bits: type == .float32 ? 32 : 64, scale: 1)
    bins.encode(into: &output)
    _ = columns.encode(ordered.span, bins: bins, into: &output)
  }

  /// Calls `body` with each exception's cell and bits.
  @_lifetime(reader: copy reader)
  mutating func decodeExceptions(
    _ reader: inout ByteReader, count: Int, type: ValueType,
    _ body: (_ cell: Int, _ bits: UInt64) -> Void
  ) throws(TrackerError) -> Int {
    let exceptions = try reader.readCount("exceptions", limit: count)
    guard exceptions > 0 else { return 0 }
    var gaps: [UInt64] = []
    _ = try columns.decode(&reader, count: exceptions, table: .magnitude, into: &gaps)
    let bins = try SymbolBins(&reader, bits: type == .float32 ? 32 : 64)
    integers.removeAll(keepingCapacity: true)
    _ = try columns.decode(&reader, count: exceptions, table: bins.table, into: &integers)
    var next = 0
    for position in gaps.indices {
      guard gaps[position] < UInt64(count - next) else {
        throw reader.malformed("an exception behind the last value")
      }
      next += Int(gaps[position])
      body(next, OrderedInteger.unmap(integers[position], type))
      next += 1
    }
    return exceptions
  }
}
