import TrackerModel

/// How values become integers. Raw values are the Spec's.
public enum Mapping: UInt8, Sendable {
  case ordered = 1
  case dictionary = 2
  case rising = 3
  case falling = 4
  case linear = 5
  case squared = 6
  case float16 = 7

  /// Set in the stored byte where the values are float64 that are all exactly float32.
  static let narrowedFlag: UInt8 = 0x80
}

/// A mapping with its parameters.
enum ValueMapping {
  case ordered(OrderedMapping)
  /// Distinct values in ascending order of their ordered integers; a code is a place among them.
  case dictionary(ValueDictionary)
  case logarithm(LogarithmGrid)
  case power(PowerGrid)
  case float16(HalfMapping)

  var mapping: Mapping {
    switch self {
    case .ordered: .ordered
    case .dictionary: .dictionary
    case .logarithm(let grid): grid.curve == .rising ? .rising : .falling
    case .power(let grid): grid.isSquared ? .squared : .linear
    case .float16: .float16
    }
  }

  /// Bits of the integers that its bins cover; nil where symbols are not by bins.
  var binBits: Int? {
    switch self {
    case .ordered(let mapping): mapping.bits
    case .float16: HalfMapping.bits
    case .power(let grid): grid.isSquared ? nil : 64
    case .dictionary, .logarithm: nil
    }
  }

  /// The lowest and highest code there is.
  var codes: ClosedRange<UInt64> {
    switch self {
    case .ordered(let mapping): 0...mapping.highestCode
    case .dictionary(let dictionary): 0...UInt64(max(1, dictionary.entries.count) - 1)
    case .logarithm(let grid): 0...grid.highestCode
    case .power(let grid): grid.lowestCode...grid.highestCode
    case .float16: 0...0xFFFF
    }
  }

  /// What stands for the code before the first, for differences.
  var origin: UInt64 {
    switch self {
    case .ordered(let mapping): mapping.highestCode >> 1 + 1
    case .power(let grid): grid.isSquared ? 0 : 1 << 63
    case .float16: 0x8000
    case .dictionary, .logarithm: 0
    }
  }

  /// Fills `codes` with a column's codes; values that they do not give back go to `misfits`.
  func encode<Word: ValueWord>(
    _ values: Span<Word>, rows: borrowing CellRows.Column, firstCell: Int,
    into codes: inout MutableSpan<UInt64>, _ misfits: inout Misfits
  ) {
    switch self {
    case .ordered(let mapping): mapping.encode(values, firstCell: firstCell, into: &codes, &misfits)
    case .dictionary(let dictionary): dictionary.encode(values, firstCell: firstCell, into: &codes)
    case .logarithm(let grid): grid.encode(values, firstCell: firstCell, into: &codes, &misfits)
    case .power(let grid):
      grid.encode(values, rows: rows, firstCell: firstCell, into: &codes, &misfits)
    case .float16(let mapping): mapping.encode(values, firstCell: firstCell, into: &codes, &misfits)
    }
  }

  /// Fills `values`, from `first` on, with those of some codes of a column, all within `codes`.
  ///
  /// - Parameter firstRow: what stands in `rows` for the first of them.
  func decode<Word: ValueWord>(
    _ codes: Span<UInt64>, into values: inout MutableSpan<Word>, from first: Int,
    rows: borrowing CellRows.Column, firstRow: Int
  ) {
    switch self {
    case .ordered(let mapping): mapping.decode(codes, into: &values, from: first)
    case .dictionary(let dictionary): dictionary.decode(codes, into: &values, from: first)
    case .logarithm(let grid): grid.decode(codes, into: &values, from: first)
    case .power(let grid):
      grid.decode(codes, into: &values, from: first, rows: rows, firstRow: firstRow)
    case .float16(let mapping): mapping.decode(codes, into: &values, from: first)
    }
  }
}

/// Up to 256 distinct values.
struct ValueDictionary {
  let type: ValueType
  /// Ordered integers, strictly ascending.
  private(set) var entries: [UInt64] = []

  static let limit = 256

  init(type: ValueType) { self.type = type }

  /// Collects the distinct values; nil where there are too many to pay.
  init?<Word: ValueWord>(_ values: Span<Word>, type: ValueType) {
    self.type = type
    // An entry costs up to 10 bytes: few values gain nothing from a large dictionary.
    let limit = min(Self.limit, max(1, values.count / 16))
    var last: Word?
    for cell in values.indices {
      if values[cell] == last { continue }
      last = values[cell]
      let integer = OrderedInteger.map(UInt64(truncatingIfNeeded: values[cell]), type)
      let place = place(of: integer)
      if place < entries.count, entries[place] == integer { continue }
      if entries.count == limit { return nil }
      entries.insert(integer, at: place)
    }
  }

  /// The place of the first entry that is not below `integer`.
  @inline(__always)
  private func place(of integer: UInt64) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low &+ high) >> 1
      if entries[middle] < integer { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  func encode<Word: ValueWord>(
    _ values: Span<Word>, firstCell: Int, into codes: inout MutableSpan<UInt64>
  ) {
    for cell in values.indices {
      let integer = OrderedInteger.map(UInt64(truncatingIfNeeded: values[cell]), type)
      codes[firstCell &+ cell] = UInt64(place(of: integer))
    }
  }

  func decode<Word: ValueWord>(
    _ codes: Span<UInt64>, into values: inout MutableSpan<Word>, from first: Int
  ) {
    let bits = entries.map { Word(truncatingIfNeeded: OrderedInteger.unmap($0, type)) }
    for place in codes.indices {
      values[first &+ place] = bits[Int(truncatingIfNeeded: codes[place])]
    }
  }

  /// Layout: count varint, first entry varint, the others' distances varint.
  func write(into output: inout [UInt8]) {
    output.appendVarint(entries.count)
    var last: UInt64 = 0
    for entry in entries {
      output.appendVarint(entry - last)
      last = entry
    }
  }

  /// - Throws: `malformed` where entries do not ascend or exceed the type.
  @_lifetime(reader: copy reader)
  init(_ reader: inout ByteReader, type: ValueType, valueCount: Int) throws(TrackerError) {
    self.type = type
    let count = try reader.readCount("dictionary size", limit: Self.limit)
    guard count > 0 || valueCount == 0 else { throw reader.malformed("an empty dictionary") }
    let highest: UInt64 = type == .float32 ? 0xFFFF_FFFF : .max
    var last: UInt64 = 0
    for entry in 0..<count {
      let gap = try reader.readVarint("dictionary entry")
      let (next, overflow) = last.addingReportingOverflow(gap)
      guard !overflow, next <= highest, entry == 0 || gap > 0 else {
        throw reader.malformed("dictionary entries must ascend within the value type")
      }
      entries.append(next)
      last = next
    }
  }
}
