/// Strings end to end in one buffer: string `row` is `bytes[offsets[row]..<offsets[row + 1]]`.
public struct StringColumn: Sendable, Hashable {
  public private(set) var bytes: [UInt8] = []
  /// One more than there are strings; starts at 0.
  public private(set) var offsets: [Int] = [0]

  public init() {}

  public var count: Int { offsets.count - 1 }

  @inlinable
  public func range(of row: Int) -> Range<Int> { offsets[row]..<offsets[row + 1] }

  public mutating func append(_ name: Name) { append(utf8: name.utf8) }

  mutating func append(utf8: some Collection<UInt8>) {
    bytes.append(contentsOf: utf8)
    offsets.append(bytes.count)
  }

  public mutating func append(row: Int, of other: StringColumn) {
    bytes.append(contentsOf: other.bytes[other.range(of: row)])
    offsets.append(bytes.count)
  }

  public mutating func reserve(count: Int, bytes byteCount: Int) {
    offsets.reserveCapacity(count + 1)
    bytes.reserveCapacity(byteCount)
  }

  /// Appends the first `prefixLength` bytes of the last string, `middle`, and the last `endingLength`
  /// bytes of the last string.
  public mutating func append(
    sharing prefixLength: Int, middle: Span<UInt8>, ending endingLength: Int
  ) {
    let (start, end) = (count == 0 ? 0 : offsets[count - 1], bytes.count)
    for position in start..<start + prefixLength { bytes.append(bytes[position]) }
    for position in middle.indices { bytes.append(middle[position]) }
    for position in end - endingLength..<end { bytes.append(bytes[position]) }
    offsets.append(bytes.count)
  }

  /// Whether string `row` sorts behind the one before, of which it shares the first bytes.
  public func ascends(at row: Int, sharing prefixLength: Int) -> Bool {
    let (before, range) = (offsets[row - 1], offsets[row])
    let longest = min(offsets[row] - before, offsets[row + 1] - range)
    var position = prefixLength
    while position < longest {
      let (low, high) = (bytes[before + position], bytes[range + position])
      if low != high { return low < high }
      position += 1
    }
    return offsets[row] - before < offsets[row + 1] - range
  }

  /// Whether every string is valid UTF-8.
  public var isValidUTF8: Bool {
    // Valid in all and cut only where a scalar begins.
    for offset in offsets where offset < bytes.count && bytes[offset] & 0xC0 == 0x80 {
      return false
    }
    do {
      _ = try UTF8Span(validating: bytes.span)
      return true
    } catch {
      return false
    }
  }

  /// The string; nil where its bytes are not valid UTF-8.
  public func name(at row: Int) -> Name? { Name(utf8: bytes[range(of: row)]) }

  /// Negative, zero or positive as string `row` sorts before, with or after string `otherRow`.
  public func compare(_ row: Int, with other: StringColumn, _ otherRow: Int) -> Int {
    let (left, right) = (range(of: row), other.range(of: otherRow))
    let shared = min(left.count, right.count)
    for position in 0..<shared {
      let (a, b) = (bytes[left.lowerBound + position], other.bytes[right.lowerBound + position])
      if a != b { return a < b ? -1 : 1 }
    }
    return left.count - right.count
  }
}

/// The instance indices of some rows, all of one type.
public enum IndexColumn: Sendable, Hashable {
  case integers([Int64])
  case strings(StringColumn)

  /// An empty column.
  public init(type: IndexType) {
    self = type == .int64 ? .integers([]) : .strings(StringColumn())
  }

  /// - Precondition: all indices have this type.
  public init(_ indices: [InstanceIndex], type: IndexType) {
    self.init(type: type)
    for index in indices { append(index) }
  }

  public var type: IndexType {
    switch self {
    case .integers: .int64
    case .strings: .string
    }
  }

  public var count: Int {
    switch self {
    case .integers(let values): values.count
    case .strings(let column): column.count
    }
  }

  /// The index of one row. Builds a string where it is one: for columns use the payload.
  public subscript(row: Int) -> InstanceIndex {
    switch self {
    case .integers(let values): .integer(values[row])
    case .strings(let column):
      // Columns are validated when they are decoded; a damaged one never gets here.
      .string(
        column.name(at: row)
          ?? Name(String(decoding: column.bytes[column.range(of: row)], as: UTF8.self)))
    }
  }

  private static var oneType: String { "a column holds indices of one type" }

  /// - Precondition: the index is of the column's type.
  public mutating func append(_ index: InstanceIndex) {
    // Each payload is taken out and the column emptied before it grows, so that it is not copied.
    switch index {
    case .integer(let value):
      guard case .integers(var values) = self else { preconditionFailure(Self.oneType) }
      self = .integers([])
      values.append(value)
      self = .integers(values)
    case .string(let name):
      guard case .strings(var column) = self else { preconditionFailure(Self.oneType) }
      self = .strings(StringColumn())
      column.append(name)
      self = .strings(column)
    }
  }

  /// Negative, zero or positive as row `row` sorts before, with or after row `otherRow` of `other`.
  ///
  /// - Precondition: both columns have one type.
  public func compare(_ row: Int, with other: IndexColumn, _ otherRow: Int) -> Int {
    switch (self, other) {
    case (.integers(let left), .integers(let right)):
      left[row] < right[otherRow] ? -1 : left[row] == right[otherRow] ? 0 : 1
    case (.strings(let left), .strings(let right)): left.compare(row, with: right, otherRow)
    default: preconditionFailure("columns of two index types are not compared")
    }
  }

  /// The first row that does not sort before `index`; `count` where there is none.
  public func lowerBound(of index: InstanceIndex) -> Int {
    let probe = IndexColumn([index], type: type)
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if compare(middle, with: probe, 0) < 0 { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The row of `index`, or nil.
  public func row(of index: InstanceIndex) -> Int? {
    guard index.type == type else { return nil }
    let row = lowerBound(of: index)
    guard row < count, self[row] == index else { return nil }
    return row
  }

  /// The rows of a range, as a column of its own.
  public func slice(_ rows: Range<Int>) -> IndexColumn {
    switch self {
    case .integers(let values): return .integers(Array(values[rows]))
    case .strings(let column):
      var part = StringColumn()
      for row in rows { part.append(row: row, of: column) }
      return .strings(part)
    }
  }

  /// Some rows, as a column of its own.
  public func selecting(_ rows: [Int]) -> IndexColumn {
    switch self {
    case .integers(let values): return .integers(rows.map { values[$0] })
    case .strings(let column):
      var part = StringColumn()
      for row in rows { part.append(row: row, of: column) }
      return .strings(part)
    }
  }

  /// Appends consecutive integers.
  ///
  /// - Precondition: the column holds integers, and none exceeds Int64.
  public mutating func append(_ count: Int, from first: Int64) {
    guard case .integers(var values) = self else { preconditionFailure(Self.oneType) }
    self = .integers([])
    // Room is not reserved: that would move all values each time.
    for row in 0..<Int64(count) { values.append(first + row) }
    self = .integers(values)
  }

  /// Appends the rows of another column of the same type for which `isWanted` holds.
  public mutating func append(
    rows: Range<Int>, of other: IndexColumn, where isWanted: (Int) -> Bool
  ) {
    switch other {
    case .integers(let more):
      guard case .integers(var values) = self else { preconditionFailure(Self.oneType) }
      self = .integers([])
      for row in rows where isWanted(row) { values.append(more[row]) }
      self = .integers(values)
    case .strings(let more):
      guard case .strings(var column) = self else { preconditionFailure(Self.oneType) }
      self = .strings(StringColumn())
      for row in rows where isWanted(row) { column.append(row: row, of: more) }
      self = .strings(column)
    }
  }

  /// Bytes of all strings; 0 for integers.
  public var stringBytes: Int {
    guard case .strings(let column) = self else { return 0 }
    return column.bytes.count
  }

  public var isStrictlyAscending: Bool {
    switch self {
    case .integers(let values):
      let values = values.span
      for row in values.indices.dropFirst() where values[row] <= values[row - 1] { return false }
      return true
    case .strings(let column):
      return count < 2 || (1..<count).allSatisfy { column.compare($0 - 1, with: column, $0) < 0 }
    }
  }

  /// Whether the indices are consecutive integers: stored without an index set.
  public var isDenseRange: Bool {
    guard case .integers(let values) = self, let first = values.first, let last = values.last
    else { return false }
    let (distance, overflow) = last.subtractingReportingOverflow(first)
    return !overflow && distance == Int64(values.count - 1) && isStrictlyAscending
  }
}
