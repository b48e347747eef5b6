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

  /// Integers, floats or pairs of a pickle, each, and elements of all its collections: what a word
  /// can name.
  public static let maxPickleValues = 1 << 28
  /// Texts and bytes of a pickle, and integers of more than 64 bits.
  public static let maxPickleTexts = 1 << 26
  /// Lists, tuples of other than two elements, sets and dictionaries of a pickle.
  public static let maxPickleCollections = 1 << 26
  /// Classes, and objects, of a pickle.
  public static let maxPickleObjects = 1 << 24
  /// Values on the stack of a pickle's machine: more than the elements of any tuple of a checkpoint.
  public static let maxPickleStack = 1 << 24
  /// Marks on it. Writers make few for each level, and have at most some thousands of levels.
  public static let maxPickleMarks = 1 << 16
  /// Places of a pickle's memo. Their numbers may be any; writers count from 0.
  public static let maxPickleMemo = 1 << 28
  /// Those of them that do not follow one another.
  public static let maxPickleSparseMemo = 1 << 20
  /// Bytes of a text in a pickle that is ended by a line feed, as protocol 0 has them.
  public static let maxPickleLineBytes = 1 << 26
  /// Bytes of the name of a module, or of a class or function in it.
  public static let maxPickleNameBytes = 1 << 12
  /// Bytes that a pickle keeps in memory for one text; longer ones stay in the file.
  public static let maxPickleShortText = 1 << 10
  /// Bytes of one array, or one tensor, that a checkpoint may have of unsealed points.
  public static let maxPickleArrayBytes = 1 << 28
  /// States of trackers in one checkpoint, of which one tracker may have two.
  public static let maxPickleTrackers = 1 << 7
}
