/// What texts and archives from outside may ask for, in one place.
///
/// Checked before memory is taken, so that a hostile length costs nothing.
public enum InterchangeLimits {
  /// Bytes of one CSV record or one NDJSON line: ten times the longest that an export writes, which
  /// is one index, one metric and one data set id.
  public static let maxRecordBytes = 1 << 20
  /// Columns of a CSV file, and members of one JSON object.
  public static let maxColumns = 1 << 8
  /// Arrays and objects within each other.
  public static let maxDepth = 1 << 6
  /// Different channels of one text.
  public static let maxChannels = 1 << 16
  /// Bytes of the text that heads a NumPy array. NumPy's own limit for untrusted files is 10,000.
  public static let maxArrayHeaderBytes = 1 << 16
  /// Members of a zip archive, and the bytes of their directory.
  public static let maxZipMembers = 1 << 12
  public static let maxZipDirectoryBytes = 1 << 24
}
