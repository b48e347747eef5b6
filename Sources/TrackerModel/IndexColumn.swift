/// Strings end to end in one buffer: string `row` is `bytes[offsets[row]..<offsets[row + 1]]`.
public struct StringColumn: Sendable, Hashable {
  public private(set) var bytes: [UInt8] = []
  /// One more than there are strings; starts at 0.
  public private(set) var offsets: [Int] = [0]

  public init() {}

  public var count: Int { offsets.count - 1 }

  @inlinable
  public func range(of row: Int) -> Range<Int> { offsets[row]..<offsets[row + 1] }

  public mutating func append(_ name: Name) {
    bytes.append(contentsOf: name.utf8)
    offsets.append(bytes.count)
  }

  public mutating func append(row: Int, of other: StringColumn) {
    bytes.append(contentsOf: other.bytes[other.range(of: row)])
    offsets.append(bytes.count)
  }

  /// Appends the first `prefixLength` bytes of the last string followed by `suffix`.
  public mutating func append(sharing prefixLength: Int, suffix: Span<UInt8>) {
    let start = count == 0 ? 0 : offsets[count - 1]
    for position in start..<start + prefixLength { bytes.append(bytes[position]) }
    for position in suffix.indices { bytes.append(suffix[position]) }
    offsets.append(bytes.count)
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

  /// - Precondition: the index is of the column's type.
  public mutating func append(_ index: InstanceIndex) {
    switch (self, index) {
    case (.integers(var values), .integer(let value)):
      self = .integers([])
      values.append(value)
      self = .integers(values)
    case (.strings(var column), .string(let name)):
      self = .strings(StringColumn())
      column.append(name)
      self = .strings(column)
    default: preconditionFailure("a column holds indices of one type")
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

  public var isStrictlyAscending: Bool {
    switch self {
    case .integers(let values):
      return zip(values, values.dropFirst()).allSatisfy { $0 < $1 }
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
