import TrackerFile
import TrackerMerge
import TrackerModel
import TrackerSystem

/// What an import holds that is too large for memory: temporary trackers, united at the end.
///
/// They stand beside the output and have no name any more when they are written: whatever ends the
/// process, they go. A run is as large as memory allows; `fanIn` of them become one larger run, so
/// that few files are open and each point is written O(log runs) times.
struct ImportRuns {
  private let path: String
  private let indexType: IndexType
  private let valueType: ValueType
  private let fanIn: Int
  private var runs: [Run] = []
  /// The first points that contradict one another, after `unite` or `add` has thrown
  /// `mergeConflict`.
  private(set) var conflict: MergeConflict?

  /// A temporary tracker, and how many times its points were united.
  private struct Run {
    // Holds the file open.
    var file: OutputFile
    var reader: TrackerReader
    var level: Int
  }

  init(besides path: String, indexType: IndexType, valueType: ValueType, fanIn: Int = 32) {
    self.path = path
    self.indexType = indexType
    self.valueType = valueType
    self.fanIn = fanIn
  }

  var isEmpty: Bool { runs.isEmpty }

  /// Writes a run.
  ///
  /// - Parameter sources: its channels, sorted.
  mutating func add(_ sources: [any HistorySource]) throws(TrackerError) {
    let valueType = valueType
    try add(level: 0) { (writer) throws(TrackerError) in
      for source in sources { try writer.writeCanonically(source, valueType) }
    }
    while let level = runs.last?.level,
      case let parts = Array(runs.suffix(fanIn).filter({ $0.level == level })),
      parts.count == fanIn
    {
      runs.removeLast(fanIn)
      var found: MergeConflict?
      do throws(TrackerError) {
        try add(level: level + 1) { (writer) throws(TrackerError) in
          try Self.unite(parts, valueType, into: writer, conflict: &found)
        }
      } catch {
        conflict = found
        throw error
      }
    }
  }

  private mutating func add(
    level: Int, _ write: (TrackerWriter) throws(TrackerError) -> Void
  ) throws(TrackerError) {
    let file = try OutputFile(path: path, overwriting: true)
    try file.removeName()
    let storage = FileStorage(handle: file.handle, name: path)
    let writer = try TrackerWriter(creating: storage, indexType: indexType, identity: nil)
    try write(writer)
    try writer.commit(step: nil, epoch: nil, wallTime: nil, durability: .wholeFile)
    runs.append(Run(file: file, reader: try TrackerReader(storage), level: level))
  }

  /// Writes the union of all runs.
  ///
  /// - Parameters:
  ///   - precision: in which values are rounded; nil to keep them exactly.
  ///   - progress: called with the points written so far.
  /// - Throws: `mergeConflict` where one key has different points; see `conflict`.
  mutating func unite(
    into writer: TrackerWriter, _ precision: Precision? = nil, progress: (Int) -> Void
  ) throws(TrackerError) {
    try Self.unite(
      runs, valueType, into: writer, precision, conflict: &conflict, progress: progress)
  }

  private static func unite(
    _ runs: [Run], _ valueType: ValueType, into writer: TrackerWriter,
    _ precision: Precision? = nil, conflict: inout MergeConflict?,
    progress: (Int) -> Void = { _ in }
  ) throws(TrackerError) {
    let readers = runs.map(\.reader)
    var done = 0
    for channel in Set(readers.flatMap(\.snapshot.channels)).sorted() {
      let scan = UnionScan(readers, channel, policy: .error)
      done += try writer.writeCanonically(scan, valueType, precision) { progress(done + $0) }
      if let first = scan.conflicts.first.first {
        conflict = first
        throw TrackerError(
          .mergeConflict, "import",
          "index \(first.index) of \(channel) has different points at step \(first.step)")
      }
    }
  }
}

extension TrackerWriter {
  /// Writes all points of a source, tiled as merges tile them, and returns how many they are.
  @discardableResult
  func writeCanonically(
    _ source: any HistorySource, _ valueType: ValueType, _ precision: Precision? = nil,
    progress: (Int) -> Void = { _ in }
  ) throws(TrackerError) -> Int {
    var tiler = CanonicalTiler(
      self, channel: source.channel, valueType: valueType, identities: [], precision: precision)
    try tiler.write(source, progress: progress)
    return tiler.pointCount
  }
}
