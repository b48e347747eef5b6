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

  // One of the two, each of its own type: behind a protocol, every access to a row would cost more
  // than parsing it.
  private var csv: CSVPointRows?
  private var json: JSONPointRows?
  private var decoder: PointDecoder

  /// - Throws: `badInput` where CSV has no header with the required columns.
  public init(_ source: any ByteSource, format: TextFormat, options: Options = Options())
    throws(TrackerError)
  {
    decoder = PointDecoder(options)
    switch format {
    case .csv: csv = try CSVPointRows(source)
    case .ndjson: json = JSONPointRows(source)
    }
  }

  /// The channels seen so far, in the order in which they appeared.
  public var channels: [Channel] { decoder.channels }

  /// Bytes of the source that were parsed, for showing progress.
  public var bytesRead: UInt64 { csv?.bytesRead ?? json?.bytesRead ?? 0 }

  /// Replaces what `batch` holds by the next points; false where there are none left.
  ///
  /// - Throws: `badInput` with the line, what was expected and what was found. The batch then means
  ///   nothing.
  public mutating func next(into batch: inout PointBatch) throws(TrackerError) -> Bool {
    batch.removeAll()
    try csv?.fill(&batch, with: &decoder)
    try json?.fill(&batch, with: &decoder)
    return batch.count > 0
  }
}
