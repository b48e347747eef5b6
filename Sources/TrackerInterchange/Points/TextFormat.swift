/// How points are written as text.
public enum TextFormat: String, Sendable, Hashable, CaseIterable {
  /// A header line, then a point a line.
  case csv
  /// A JSON object a line.
  case ndjson
}

/// The columns of a point in text, in the order in which they are written.
enum PointColumn: Int, CaseIterable {
  case metric, mode, dsID, index, epoch, step, value

  var name: String { self == .dsID ? "ds_id" : "\(self)" }

  /// Columns without which there is no point.
  static let required: [PointColumn] = [.index, .step, .value]
}

/// Where the columns of one point lie in its record.
struct PointFields {
  enum Kind: UInt8 {
    case absent
    /// Bytes as written: a CSV field, a JSON number or string.
    case text
    /// Something that no column can hold.
    case wrong
  }

  struct Field {
    var range = 0..<0
    var kind = Kind.absent
  }

  private var fields = InlineArray<7, Field>(repeating: Field())

  subscript(column: PointColumn) -> Field {
    get { fields[column.rawValue] }
    set { fields[column.rawValue] = newValue }
  }

  mutating func removeAll() { fields = InlineArray(repeating: Field()) }
}
