/// The limits of the format, in one place. Spec/FORMAT.md lists the same numbers with their reasons.
///
/// Readers check them before they take memory, so that a damaged or hostile length costs nothing.
public enum Limits {
  /// Bytes of a metric, data set id, run id or parameter text.
  public static let maxNameBytes = 1 << 12
  /// Bytes of one string index.
  public static let maxIndexBytes = 1 << 16
  /// Rows of one tile or index set.
  public static let maxTileRows = 1 << 20
  /// Columns (steps) of one tile.
  public static let maxTileColumns = 1 << 16
  /// Rows × columns of one tile.
  public static let maxTileCells = 1 << 24
  /// Bytes of the payload of one record.
  public static let maxRecordBytes = 1 << 30
  /// Bytes of all strings of one index set.
  public static let maxIndexSetStringBytes = 1 << 28
  /// Metrics of the parameters.
  public static let maxMetrics = 1 << 10
  /// Indices of a list to keep, and bytes of their strings: every reader of a file holds it.
  public static let maxListedIndices = 1 << 18
  public static let maxListedStringBytes = 1 << 24
  /// Indices of a kept set.
  public static let maxKeptIndices = 1 << 24
  /// Data set ids of the parameters.
  public static let maxDataSetIDs = 1 << 16
  /// Run identities of a merged file.
  public static let maxIdentities = 1 << 20
  /// Points that one unsealed group may claim.
  public static let maxUnsealedPoints = 1 << 40
  /// Groups of unsealed points.
  public static let maxUnsealedGroups = 1 << 16
}
