public import TrackerModel

/// Tells whether all indices of a text are integers.
public enum IndexTypeSniffer {
  /// `int64` where every index is the canonical decimal of an Int64, `string` from the first other
  /// one on; `int64` for a text without points.
  ///
  /// Reads the source, up to the first index that is no integer; the import then needs another
  /// source of the same bytes (a file opened anew, or `SpooledInput` for a stream).
  public static func indexType(of source: any ByteSource, format: TextFormat) throws(TrackerError)
    -> IndexType
  {
    switch format {
    case .csv: try indexType(of: try CSVPointRows(source))
    case .ndjson: try indexType(of: JSONPointRows(source))
    }
  }

  private static func indexType(of rows: consuming some PointRows) throws(TrackerError)
    -> IndexType
  {
    while try rows.readRow() {
      let field = rows.fields[.index]
      guard field.kind == .text else {
        throw rows.error("expected a number or a string for 'index', found none", remedy: nil)
      }
      if IntegerText.parseCanonical(rows.bytes.extracting(field.range)) == nil { return .string }
    }
    return .int64
  }
}
