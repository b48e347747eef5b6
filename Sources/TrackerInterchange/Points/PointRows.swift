import TrackerModel

/// Records of points in one text format.
protocol PointRows {
  /// Moves to the next point; false at the end.
  mutating func readRow() throws(TrackerError) -> Bool
  var fields: PointFields { get }
  /// The bytes that the fields' ranges are in.
  var bytes: Span<UInt8> { @_lifetime(borrow self) get }
  var line: UInt64 { get }
  var bytesRead: UInt64 { get }
  func error(_ detail: String, remedy: String?) -> TrackerError
}

extension PointRows {
  /// Appends the next points until the batch is full or the text is done.
  mutating func fill(_ batch: inout PointBatch, with decoder: inout PointDecoder)
    throws(TrackerError)
  {
    while batch.count < PointReader.batchSize, try readRow() {
      do {
        try decoder.append(bytes, fields, line: line, to: &batch)
      } catch {
        throw self.error(error.detail, remedy: error.remedy)
      }
    }
  }
}

/// Points in CSV: columns by the names in the header, in any order, beside others that are ignored.
struct CSVPointRows: PointRows {
  private var reader: CSVReader
  /// For every field of a record the point's column that it is.
  private var columns: [PointColumn?] = []
  private(set) var fields = PointFields()

  init(_ source: any ByteSource) throws(TrackerError) {
    reader = CSVReader(source)
    guard try reader.readRecord() else {
      throw reader.error(
        "expected a header line, found nothing",
        remedy: "name the columns: index,step,value and, as wanted, metric,mode,ds_id,epoch")
    }
    var names: [String] = []
    let bytes = reader.bytes
    for field in reader.fields {
      names.append(UTF8Text.string(bytes.extracting(field.range)) ?? "")
    }
    columns = names.map { name in PointColumn.allCases.first { $0.name == name } }
    for column in PointColumn.allCases where columns.filter({ $0 == column }).count > 1 {
      throw reader.error("the header names the column '\(column.name)' twice")
    }
    for column in PointColumn.required where !columns.contains(column) {
      let found = names.prefix(10).map { UTF8Text.shown(Array($0.utf8).span) }
      throw reader.error(
        "expected a column '\(column.name)' in the header, found \(found.joined(separator: ", "))",
        remedy: "the first line must name the columns; index, step and value are required")
    }
  }

  var bytes: Span<UInt8> {
    @_lifetime(borrow self) get { reader.bytes }
  }
  var line: UInt64 { reader.line }
  var bytesRead: UInt64 { reader.bytesRead }

  func error(_ detail: String, remedy: String?) -> TrackerError {
    reader.error(detail, remedy: remedy)
  }

  mutating func readRow() throws(TrackerError) -> Bool {
    guard try reader.readRecord() else { return false }
    guard reader.fields.count == columns.count else {
      throw reader.error(
        "expected \(columns.count) fields as in the header, found \(reader.fields.count)")
    }
    for position in columns.indices {
      guard let column = columns[position] else { continue }
      let field = reader.fields[position]
      // An empty field says nothing; an empty text has quotes.
      fields[column] = PointFields.Field(
        range: field.range, kind: field.range.isEmpty && !field.isQuoted ? .absent : .text)
    }
    return true
  }
}

/// Points in NDJSON: members by name, in any order, beside others that are ignored.
struct JSONPointRows: PointRows {
  private var reader: JSONReader
  private(set) var fields = PointFields()
  private static let names: [(column: PointColumn, name: [UInt8])] = PointColumn.allCases.map {
    ($0, Array($0.name.utf8))
  }

  init(_ source: any ByteSource) { reader = JSONReader(source) }

  var bytes: Span<UInt8> {
    @_lifetime(borrow self) get { reader.bytes }
  }
  var line: UInt64 { reader.line }
  var bytesRead: UInt64 { reader.bytesRead }

  func error(_ detail: String, remedy: String?) -> TrackerError {
    reader.error(detail, remedy: remedy)
  }

  mutating func readRow() throws(TrackerError) -> Bool {
    guard try reader.readObject() else { return false }
    fields.removeAll()
    for member in reader.members {
      guard let column = column(named: member.name) else { continue }
      let kind: PointFields.Kind =
        switch member.kind {
        case .string, .number: .text
        case .null: .absent
        case .bool, .nested: .wrong
        }
      fields[column] = PointFields.Field(range: member.value, kind: kind)
    }
    return true
  }

  private func column(named range: Range<Int>) -> PointColumn? {
    let bytes = reader.bytes
    next: for (column, name) in Self.names where name.count == range.count {
      for position in name.indices where bytes[range.lowerBound + position] != name[position] {
        continue next
      }
      return column
    }
    return nil
  }
}
