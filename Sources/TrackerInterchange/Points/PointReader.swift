public import TrackerModel

/// Reads points from text, a batch of columns at a time.
///
/// Columns or members are `metric,mode,ds_id,index,epoch,step,value`. `index`, `step` and `value` are
/// required; others may be absent or empty, and then say what the options say. Memory holds one
/// batch and one block of text.
///
/// An index is text: a number and a string of the same digits are one index. An empty CSV field is
/// no index; the empty string as an index is written `""`. An empty metric, mode, data set id or
/// epoch is an absent one, quoted or not.
public struct PointReader {
  /// How to read what the text leaves open.
  public struct Options: Sendable {
    /// The precision in which values are rounded.
    public var valueType: ValueType
    /// What indices are; `IndexTypeSniffer` tells what a text holds.
    public var indexType: IndexType
    public var defaultMetric: Name
    public var defaultMode: Mode
    public var defaultDSID: Name?

    public init(
      valueType: ValueType = .float64, indexType: IndexType = .int64,
      defaultMetric: Name = "value", defaultMode: Mode = .train, defaultDSID: Name? = nil
    ) {
      self.valueType = valueType
      self.indexType = indexType
      self.defaultMetric = defaultMetric
      self.defaultMode = defaultMode
      self.defaultDSID = defaultDSID
    }
  }

  /// Points of one batch at most.
  public static let batchSize = 1 << 14

  private var decoder: any PointBatching

  /// - Throws: `badInput` where CSV has no header with the required columns.
  public init(_ source: any ByteSource, format: TextFormat, options: Options = Options())
    throws(TrackerError)
  {
    decoder =
      switch format {
      case .csv: PointDecoder(try CSVPointRows(source), options)
      case .ndjson: PointDecoder(JSONPointRows(source), options)
      }
  }

  /// The channels seen so far, in the order in which they appeared.
  public var channels: [Channel] { decoder.channels }

  /// Bytes of the source that were parsed, for showing progress.
  public var bytesRead: UInt64 { decoder.bytesRead }

  /// Replaces what `batch` holds by the next points; false where there are none left.
  ///
  /// - Throws: `badInput` with the line, what was expected and what was found.
  public mutating func next(into batch: inout PointBatch) throws(TrackerError) -> Bool {
    batch.removeAll()
    try decoder.fill(&batch)
    return batch.count > 0
  }
}

/// A reader of one format, behind one call a batch.
protocol PointBatching {
  var channels: [Channel] { get }
  var bytesRead: UInt64 { get }
  mutating func fill(_ batch: inout PointBatch) throws(TrackerError)
}
