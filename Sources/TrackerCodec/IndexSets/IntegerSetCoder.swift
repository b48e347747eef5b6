import TrackerModel

/// How a set of integers is stored. Raw values are the Spec's.
enum IntegerSetCoding: UInt8 {
  /// Every unit has its index.
  case consecutive = 0
  /// The distances between indices.
  case gaps = 1
  /// Runs of consecutive units, and what lies between them.
  case runs = 2
  /// A bit for each unit from the first index to the last.
  case bits = 3
}

/// Writes and reads the integers of an index set, all but their count.
///
/// All distances are multiples of a *unit*: 1 in most sets, the number of workers in the shards of
/// round-robin samplers. In units a set is a range, a few ranges, a sparse set or a random subset of a
/// range, and each is written in a way that comes near its entropy.
struct IntegerSetCoder {
  private var symbolCoder = SymbolColumnCoder()
  private var bitCoder = BitSequenceCoder()

  /// Layout: first index signed; for more than one: unit varint, coding u8, content.
  ///
  /// Complexity: O(count), and O(count × division) where the unit is not 1.
  mutating func encode(_ values: Span<Int64>, into output: inout [UInt8]) {
    output.appendSigned(values[0])
    guard values.count > 1 else { return }
    var gaps = Self.distances(values)
    let unit = Self.greatestCommonDivisor(gaps)
    if unit > 1 {
      for place in gaps.indices { gaps[place] = gaps[place] == unit ? 1 : gaps[place] / unit }
    }
    var runCount = 1
    for gap in gaps { runCount += gap == 1 ? 0 : 1 }
    let reach = Self.distance(values[0], values[values.count - 1]) / unit
    let coding = Self.coding(count: UInt64(values.count), runCount: UInt64(runCount), reach: reach)
    output.appendVarint(unit)
    output.append(coding.rawValue)
    switch coding {
    case .consecutive: break
    case .gaps:
      for place in gaps.indices { gaps[place] -= 1 }
      _ = symbolCoder.encodeMagnitudes(gaps.span, into: &output)
    case .runs: encodeRuns(gaps, runCount: runCount, into: &output)
    case .bits:
      let bitCount = Int(reach) + 1
      var words = BitWords.zeros(bitCount)
      var bit = 0
      words[0] = 1
      for gap in gaps {
        bit += Int(truncatingIfNeeded: gap)
        words[bit >> 6] |= 1 &<< UInt64(bit & 63)
      }
      output.appendVarint(bitCount)
      bitCoder.encode(words.span, bitCount: bitCount, into: &output)
    }
  }

  /// The coding by the number of indices, of their runs, and the distance of the last from the first
  /// in units.
  private static func coding(count: UInt64, runCount: UInt64, reach: UInt64) -> IntegerSetCoding {
    if runCount == 1 { return .consecutive }
    // A random subset has about count · (1 - density) runs. Far fewer: the indices come in clusters.
    if 4 * runCount <= count - count * count / reach { return .runs }
    return reach / UInt64(BitSequenceCoder.sparsity) >= count ? .gaps : .bits
  }

  private mutating func encodeRuns(_ gaps: [UInt64], runCount: Int, into output: inout [UInt8]) {
    var (lengths, between): ([UInt64], [UInt64]) = ([], [])
    lengths.reserveCapacity(runCount)
    between.reserveCapacity(runCount)
    var length: UInt64 = 0
    for gap in gaps {
      if gap == 1 {
        length += 1
      } else {
        lengths.append(length)
        between.append(gap - 2)
        length = 0
      }
    }
    lengths.append(length)
    output.appendVarint(runCount)
    _ = symbolCoder.encodeMagnitudes(lengths.span, into: &output)
    _ = symbolCoder.encodeMagnitudes(between.span, into: &output)
  }

  private static func distance(_ low: Int64, _ high: Int64) -> UInt64 {
    // Wraps to the true distance, which may exceed Int64's positive half.
    UInt64(bitPattern: high &- low)
  }

  private static func distances(_ values: Span<Int64>) -> [UInt64] {
    var gaps: [UInt64] = []
    gaps.reserveCapacity(values.count - 1)
    for row in 1..<values.count { gaps.append(distance(values[row - 1], values[row])) }
    return gaps
  }

  private static func greatestCommonDivisor(_ gaps: [UInt64]) -> UInt64 {
    var unit = gaps[0]
    for gap in gaps where gap != unit {
      var rest = gap
      while rest != 0 { (unit, rest) = (rest, unit % rest) }
      if unit == 1 { break }
    }
    return unit
  }

  /// The `count` integers that the reader stands before.
  ///
  /// - Throws: `malformed` where they do not ascend or exceed Int64; `limitExceeded` before memory is
  ///   taken.
  @_lifetime(reader: copy reader)
  mutating func decode(_ reader: inout ByteReader, count: Int) throws(TrackerError) -> [Int64] {
    let first = try reader.readSigned("first index")
    guard count > 1 else { return [first] }
    let unit = try reader.readVarint("unit")
    guard unit > 0 else { throw reader.malformed("the unit of an index set is 0") }
    let byte = try reader.readUInt8("integer set coding")
    guard let coding = IntegerSetCoding(rawValue: byte) else {
      throw TrackerError(
        .unsupportedEncoding, reader.subject, "unknown integer set coding \(byte)",
        offset: UInt64(reader.position - 1), remedy: "a newer version may read it")
    }
    // The last index in units after the first.
    let reach = Self.distance(first, .max) / unit
    switch coding {
    case .consecutive:
      guard UInt64(count - 1) <= reach else { throw reader.malformed("an index exceeds Int64") }
      var values: [Int64] = []
      values.reserveCapacity(count)
      append(count, from: first, unit, to: &values)
      return values
    case .gaps: return try decodeGaps(&reader, count, first, unit, reach: reach)
    case .runs: return try decodeRuns(&reader, count, first, unit, reach: reach)
    case .bits: return try decodeBits(&reader, count, first, unit, reach: reach)
    }
  }

  /// Appends `count` integers a unit apart, none of which exceeds Int64.
  private func append(_ count: Int, from first: Int64, _ unit: UInt64, to values: inout [Int64]) {
    var value = first
    for _ in 0..<count {
      values.append(value)
      value = value &+ Int64(bitPattern: unit)
    }
  }

  /// The sum of `parts`, each plus `more`, where it does not exceed `limit`.
  private static func sum(_ parts: [UInt64], eachPlus more: UInt64, limit: UInt64) -> UInt64? {
    // At most 2²⁰ parts: their number cannot overflow, so only the parts are watched.
    var (sum, overflow) = (UInt64(parts.count) * more, false)
    for part in parts {
      let (next, carry) = sum.addingReportingOverflow(part)
      sum = next
      overflow = overflow || carry
    }
    return overflow || sum > limit ? nil : sum
  }

  @_lifetime(reader: copy reader)
  private mutating func decodeGaps(
    _ reader: inout ByteReader, _ count: Int, _ first: Int64, _ unit: UInt64, reach: UInt64
  ) throws(TrackerError) -> [Int64] {
    var gaps: [UInt64] = []
    _ = try symbolCoder.decode(&reader, count: count - 1, table: .magnitude, into: &gaps)
    guard Self.sum(gaps, eachPlus: 1, limit: reach) != nil else {
      throw reader.malformed("an index exceeds Int64")
    }
    var values: [Int64] = []
    values.reserveCapacity(count)
    var value = first
    values.append(value)
    for gap in gaps {
      value = value &+ Int64(bitPattern: (gap &+ 1) &* unit)
      values.append(value)
    }
    return values
  }

  @_lifetime(reader: copy reader)
  private mutating func decodeRuns(
    _ reader: inout ByteReader, _ count: Int, _ first: Int64, _ unit: UInt64, reach: UInt64
  ) throws(TrackerError) -> [Int64] {
    let runCount = try reader.readCount("runs of index set", limit: count)
    guard runCount > 0 else { throw reader.malformed("an index set without a run") }
    var (lengths, between): ([UInt64], [UInt64]) = ([], [])
    _ = try symbolCoder.decode(&reader, count: runCount, table: .magnitude, into: &lengths)
    _ = try symbolCoder.decode(&reader, count: runCount - 1, table: .magnitude, into: &between)
    guard Self.sum(lengths, eachPlus: 1, limit: UInt64(count)) == UInt64(count) else {
      throw reader.malformed("runs are not of \(count) indices")
    }
    // From the first index to the last: a unit for each but the first, and those left out.
    guard let left = Self.sum(between, eachPlus: 1, limit: reach),
      UInt64(count - 1) <= reach - left
    else { throw reader.malformed("an index exceeds Int64") }
    var values: [Int64] = []
    values.reserveCapacity(count)
    var value = first
    for run in lengths.indices {
      append(Int(lengths[run]) + 1, from: value, unit, to: &values)
      if run < between.count {
        value = value &+ Int64(bitPattern: (lengths[run] &+ between[run] &+ 2) &* unit)
      }
    }
    return values
  }

  @_lifetime(reader: copy reader)
  private mutating func decodeBits(
    _ reader: inout ByteReader, _ count: Int, _ first: Int64, _ unit: UInt64, reach: UInt64
  ) throws(TrackerError) -> [Int64] {
    let bitCount = try reader.readCount(
      "bits of index set", limit: BitSequenceCoder.sparsity * count)
    guard bitCount >= count, UInt64(bitCount - 1) <= reach else {
      throw reader.malformed("\(bitCount) bits for \(count) indices")
    }
    let words = try bitCoder.decode(&reader, bitCount: bitCount, "index set")
    guard BitWords.ones(words.span, in: 0..<bitCount) == count, words[0] & 1 == 1,
      words[(bitCount - 1) >> 6] >> UInt64((bitCount - 1) & 63) == 1
    else { throw reader.malformed("the bits of an index set are not of \(count) indices") }
    var values: [Int64] = []
    values.reserveCapacity(count)
    for place in words.indices {
      var rest = words[place]
      let base = first &+ Int64(bitPattern: UInt64(place * 64) &* unit)
      while rest != 0 {
        let bit = UInt64(rest.trailingZeroBitCount)
        values.append(base &+ Int64(bitPattern: bit &* unit))
        rest &= rest &- 1
      }
    }
    return values
  }
}
