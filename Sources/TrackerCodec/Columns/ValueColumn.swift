public import TrackerModel

/// How values become integers. Raw values are the Spec's; numbers left out are reserved for mappings
/// still to come.
public enum Mapping: UInt8, Sendable, CustomStringConvertible {
  case ordered = 1
  case dictionary = 2

  public var description: String {
    switch self {
    case .ordered: "ordered"
    case .dictionary: "dictionary"
    }
  }
}

/// What is subtracted along a row's epochs before integers are split. Raw values are the Spec's.
public enum Difference: UInt8, Sendable, CustomStringConvertible {
  case none = 0

  public var description: String { "none" }
}

/// How a column of values was coded and what its parts cost.
public struct ValueCoding: Sendable {
  public var mapping: Mapping
  public var difference: Difference
  public var symbolBytes: Int
  public var extraBytes: Int
}

/// Writes and reads columns of values, bit-exactly; keeps its buffers between columns.
///
/// Values are given and taken as bits of their own type in the low bits of a `UInt64`.
public struct ValueColumnCoder {
  private var symbolCoder = SymbolColumnCoder()
  private var integers: [UInt64] = []
  private var dictionary: [UInt64] = []

  public init() {}

  /// Appends the coded column. Complexity: O(count), and O(256) extra.
  public mutating func encode(
    _ values: Span<UInt64>, type: ValueType, into output: inout [UInt8]
  ) -> ValueCoding {
    // Spans borrow the whole coder, so the buffer leaves it for the call.
    var integers: [UInt64] = []
    swap(&integers, &self.integers)
    integers.removeAll(keepingCapacity: true)
    integers.reserveCapacity(values.count)
    var (low, high) = (UInt64.max, UInt64.min)
    for row in values.indices {
      let integer = OrderedInteger.map(values[row], type)
      low = min(low, integer)
      high = max(high, integer)
      integers.append(integer)
    }
    defer { swap(&integers, &self.integers) }
    let mapping: Mapping = buildDictionary(integers) ? .dictionary : .ordered
    output.append(mapping.rawValue)
    output.append(Difference.none.rawValue)
    let sizes: SymbolColumnCoder.Sizes
    switch mapping {
    case .dictionary:
      output.appendVarint(dictionary.count)
      var last: UInt64 = 0
      for entry in dictionary {
        output.appendVarint(entry - last)
        last = entry
      }
      for row in integers.indices { integers[row] = UInt64(dictionaryID(of: integers[row])) }
      sizes = symbolCoder.encodeWindow(integers.span, base: 0, shift: 0, into: &output)
    case .ordered:
      let range = values.count == 0 ? 0 : high - low
      let shift = max(0, 64 - range.leadingZeroBitCount - 8)
      output.appendVarint(values.count == 0 ? 0 : low)
      output.append(UInt8(shift))
      sizes = symbolCoder.encodeWindow(
        integers.span, base: values.count == 0 ? 0 : low, shift: shift, into: &output)
    }
    return ValueCoding(
      mapping: mapping, difference: .none, symbolBytes: sizes.symbolBytes,
      extraBytes: sizes.extraBytes)
  }

  /// Collects the distinct integers, sorted; false where there are too many to pay.
  private mutating func buildDictionary(_ integers: [UInt64]) -> Bool {
    dictionary.removeAll(keepingCapacity: true)
    // An entry costs up to 10 bytes: few values gain nothing from a large dictionary.
    let limit = min(256, max(1, integers.count / 16))
    for integer in integers {
      let position = dictionaryID(of: integer)
      if position < dictionary.count, dictionary[position] == integer { continue }
      if dictionary.count == limit { return false }
      dictionary.insert(integer, at: position)
    }
    return !integers.isEmpty
  }

  /// The position of the first entry that is not below `integer`.
  @inline(__always)
  private func dictionaryID(of integer: UInt64) -> Int {
    var (low, high) = (0, dictionary.count)
    while low < high {
      let middle = (low + high) >> 1
      if dictionary[middle] < integer { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Replaces `values` by the `count` values that the reader stands before.
  @_lifetime(reader: copy reader)
  public mutating func decode(
    _ reader: inout ByteReader, count: Int, type: ValueType, into values: inout [UInt64]
  ) throws(TrackerError) -> ValueCoding {
    let mappingByte = try reader.readUInt8("mapping")
    let differenceByte = try reader.readUInt8("difference")
    guard let mapping = Mapping(rawValue: mappingByte),
      let difference = Difference(rawValue: differenceByte)
    else {
      throw TrackerError(
        .unsupportedEncoding, reader.subject,
        "unknown mapping \(mappingByte) or difference \(differenceByte)",
        offset: UInt64(reader.position - 2), remedy: "a newer version may read it")
    }
    values.removeAll(keepingCapacity: true)
    let highest: UInt64 = type == .float32 ? 0xFFFF_FFFF : .max
    let sizes: SymbolColumnCoder.Sizes
    switch mapping {
    case .dictionary:
      dictionary.removeAll(keepingCapacity: true)
      let entries = try reader.readCount("dictionary size", limit: 256)
      var last: UInt64 = 0
      for entry in 0..<entries {
        let gap = try reader.readVarint("dictionary entry")
        let (next, overflow) = last.addingReportingOverflow(gap)
        guard !overflow, next <= highest, entry == 0 || gap > 0 else {
          throw reader.malformed("dictionary entries must ascend within the value type")
        }
        dictionary.append(next)
        last = next
      }
      sizes = try symbolCoder.decode(
        &reader, count: count, table: .window(base: 0, shift: 0), into: &values)
      for row in values.indices {
        guard values[row] < UInt64(entries) else {
          throw reader.malformed("dictionary has \(entries) entries, a value names \(values[row])")
        }
        values[row] = OrderedInteger.unmap(dictionary[Int(values[row])], type)
      }
    case .ordered:
      let base = try reader.readVarint("base")
      let shift = try reader.readUInt8("shift")
      guard shift <= 56, base <= highest else {
        throw reader.malformed("base \(base) or shift \(shift) out of range")
      }
      sizes = try symbolCoder.decode(
        &reader, count: count, table: .window(base: base, shift: Int(shift)), into: &values)
      // A sum beyond 64 bits wraps to below the base.
      var (smallest, largest) = (UInt64.max, UInt64.min)
      for row in values.indices {
        smallest = min(smallest, values[row])
        largest = max(largest, values[row])
        values[row] = OrderedInteger.unmap(values[row] & highest, type)
      }
      guard smallest >= base, largest <= highest else {
        throw reader.malformed("a value exceeds its type")
      }
    }
    return ValueCoding(
      mapping: mapping, difference: difference, symbolBytes: sizes.symbolBytes,
      extraBytes: sizes.extraBytes)
  }
}
