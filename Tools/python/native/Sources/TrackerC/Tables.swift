import CTrackerState
import TrackerModel

/// Named columns of equal length.
final class Table: Object {
  override class var kind: String { "table" }

  let columns: [TableColumn]
  var rowCount: Int { columns.first?.count ?? 0 }

  init(_ columns: [TableColumn]) {
    precondition(columns.allSatisfy { $0.count == columns[0].count }, "columns of equal length")
    self.columns = columns
  }
}

/// A column of a table, built row by row or taken whole.
struct TableColumn {
  enum Values {
    case integers([Int64])
    case doubles([UInt64])
    case strings(StringColumn)
  }

  let name: String
  private(set) var values: Values
  /// A byte a row, 1 where there is a value; empty where every row has one.
  private(set) var present: [UInt8] = []

  init(_ name: String, _ values: Values) {
    self.name = name
    self.values = values
  }

  static func integers(_ name: String) -> TableColumn { TableColumn(name, .integers([])) }
  static func doubles(_ name: String) -> TableColumn { TableColumn(name, .doubles([])) }
  static func strings(_ name: String) -> TableColumn { TableColumn(name, .strings(StringColumn())) }

  static func indices(_ name: String, _ column: IndexColumn) -> TableColumn {
    switch column {
    case .integers(let integers): TableColumn(name, .integers(integers))
    case .strings(let strings): TableColumn(name, .strings(strings))
    }
  }

  var count: Int {
    switch values {
    case .integers(let values): values.count
    case .doubles(let values): values.count
    case .strings(let column): column.count
    }
  }

  mutating func append(_ value: Int64?) {
    mark(value != nil)
    guard case .integers(var held) = values else { preconditionFailure("a column of integers") }
    values = .integers([])
    held.append(value ?? 0)
    values = .integers(held)
  }

  mutating func append(_ value: Int?) { append(value.map { Int64($0) }) }

  /// - Parameter bits: of a float64.
  mutating func append(bits: UInt64?) {
    mark(bits != nil)
    guard case .doubles(var held) = values else { preconditionFailure("a column of doubles") }
    values = .doubles([])
    held.append(bits ?? 0)
    values = .doubles(held)
  }

  mutating func append(_ text: Name?) {
    mark(text != nil)
    guard case .strings(var held) = values else { preconditionFailure("a column of strings") }
    values = .strings(StringColumn())
    held.append(text ?? "")
    values = .strings(held)
  }

  mutating func append(_ text: String) { append(Name(text)) }

  mutating func append(_ index: InstanceIndex) {
    switch index {
    case .integer(let value): append(value)
    case .string(let name): append(name)
    }
  }

  private mutating func mark(_ isPresent: Bool) {
    if isPresent, present.isEmpty { return }
    if present.isEmpty { present = [UInt8](repeating: 1, count: count) }
    present.append(isPresent ? 1 : 0)
  }

  var byteCount: Int {
    switch values {
    case .integers(let values): 8 * values.count
    case .doubles(let values): 8 * values.count
    case .strings(let column): column.bytes.count
    }
  }

  var type: Int32 {
    switch values {
    case .integers: Int32(TRK_INT64)
    case .doubles: Int32(TRK_FLOAT64)
    case .strings: Int32(TRK_STRING)
    }
  }
}

@c @implementation
public func trk_table_shape(
  _ table: trk_handle, _ rows: UnsafeMutablePointer<Int64>?,
  _ columns: UnsafeMutablePointer<Int64>?
) -> trk_status {
  status {
    let (rows, columns) = unsafe (
      try Argument.check(rows, "rows"), try Argument.check(columns, "columns")
    )
    try Handles.with(table, as: Table.self) {
      unsafe rows.pointee = Int64($0.rowCount)
      unsafe columns.pointee = Int64($0.columns.count)
    }
  }
}

private func column(_ place: Int64, of table: Table) throws -> TableColumn {
  guard place >= 0, place < table.columns.count else {
    throw Failure(
      TRK_OUT_OF_RANGE, "column \(place): the table has \(table.columns.count)")
  }
  return table.columns[Int(place)]
}

@c @implementation
public func trk_table_column(
  _ table: trk_handle, _ place: Int64, _ info: UnsafeMutablePointer<trk_column_info>?
) -> trk_status {
  status {
    let info = try unsafe Argument.target(info, "info")
    try Handles.with(table, as: Table.self) {
      let column = try column(place, of: $0)
      unsafe info.pointee.type = column.type
      unsafe info.pointee.has_missing = column.present.isEmpty ? 0 : 1
      unsafe info.pointee.bytes = Int64(column.byteCount)
      unsafe withUnsafeMutableBytes(of: &info.pointee.name) { name in
        let text = column.name.utf8.prefix(name.count - 1)
        unsafe name.copyBytes(from: text)
        unsafe name[text.count] = 0
      }
    }
  }
}

@c @implementation
public func trk_table_copy(
  _ table: trk_handle, _ place: Int64, _ values: UnsafeMutableRawPointer?, _ valueBytes: Int64,
  _ offsets: UnsafeMutablePointer<Int64>?, _ offsetCount: Int64,
  _ present: UnsafeMutablePointer<UInt8>?, _ presentCount: Int64
) -> trk_status {
  status {
    try Handles.with(table, as: Table.self) { table in
      let column = try column(place, of: table)
      let rows = table.rowCount
      guard valueBytes >= column.byteCount else {
        throw Failure(
          TRK_BUFFER_TOO_SMALL,
          "\(column.byteCount) bytes of values, there is room for \(valueBytes)")
      }
      guard unsafe values != nil || column.byteCount == 0 else {
        throw Argument.invalid("values is NULL")
      }
      if case .strings = column.values {
        _ = try unsafe Argument.check(offsets, "offsets")
        guard offsetCount > rows else {
          throw Failure(
            TRK_BUFFER_TOO_SMALL, "\(rows + 1) offsets, there is room for \(offsetCount)")
        }
      }
      if unsafe present != nil, presentCount < rows {
        throw Failure(TRK_BUFFER_TOO_SMALL, "\(rows) rows, there is room for \(presentCount)")
      }
      switch column.values {
      case .integers(let held): unsafe fill(values, held)
      case .doubles(let held): unsafe fill(values, held)
      case .strings(let held):
        unsafe fill(values, held.bytes)
        for (place, offset) in held.offsets.enumerated() { unsafe offsets?[place] = Int64(offset) }
      }
      guard let present = unsafe present else { return }
      for row in 0..<rows { unsafe present[row] = column.present.isEmpty ? 1 : column.present[row] }
    }
  }
}

/// SAFETY: the caller's buffer has room for all, which was checked.
func fill<Element: BitwiseCopyable>(_ target: UnsafeMutableRawPointer?, _ elements: [Element]) {
  guard let target = unsafe target else { return }
  unsafe elements.withUnsafeBytes { bytes in
    if let first = bytes.baseAddress, unsafe !bytes.isEmpty {
      unsafe target.copyMemory(from: first, byteCount: bytes.count)
    }
  }
}
