import TrackerFile
import TrackerInterchange
import TrackerModel
import TrackerSystem

/// Writes one channel as a NumPy archive.
///
/// An archive has its values epoch by epoch, a tracker instance by instance: the channel is read
/// once for its indices and steps, then once for every few epochs that fit memory.
struct NPZExport {
  private let union: TrackerUnion
  private let filter: FilterOptions
  private let channel: Channel
  private let maxCells: Int
  private var indices: IndexColumn
  private var columns: [TileColumn] = []
  private var pointCount = 0

  /// Values held at a time, of 9 bytes each; one epoch is held whatever it has.
  static let maxCells = 1 << 23

  /// Looks for the instances and steps that have points.
  ///
  /// - Throws: `invalidParameter` where the filter leaves not exactly one channel; `inexactValue`
  ///   where one step has several epochs.
  init(_ union: TrackerUnion, _ filter: FilterOptions, maxCells: Int = Self.maxCells)
    throws(TrackerError)
  {
    self.union = union
    self.filter = filter
    self.maxCells = maxCells
    channel = try Self.onlyChannel(of: union, filter)
    indices = IndexColumn(type: union.indexType)
    try findShape()
  }

  private static func onlyChannel(of union: TrackerUnion, _ filter: FilterOptions)
    throws(TrackerError) -> Channel
  {
    let all = union.channels
    let channels = all.filter { filter.channels.includes($0) }
    if channels.count == 1 { return channels[0] }
    let shown = channels.isEmpty ? all : channels
    let list = shown.prefix(20).map { "'\($0)'" }.joined(separator: ", ")
    let names = list + (shown.count > 20 ? ", and \(shown.count - 20) more" : "")
    let detail =
      all.isEmpty
      ? "the file holds no points"
      : channels.isEmpty
        ? "no channel is left; the file has \(names)"
        : "an npz holds one channel, these are \(channels.count): \(names)"
    throw TrackerError(
      .invalidParameter, "export", detail, file: union.name,
      remedy: all.isEmpty ? nil : "choose one with --metric, --mode and --ds-id")
  }

  private mutating func findShape() throws(TrackerError) {
    let scan = try FilteredScan(union, channel, filter, limit: .max)
    var found: Set<TileColumn> = []
    var rows = IndexColumn(type: union.indexType)
    while try scan.advance() {
      let block = scan.block
      var hasPoint = [Bool](repeating: false, count: block.rowCount)
      for (place, column) in scan.columns.enumerated() {
        let base = block.cell(row: 0, column: place)
        var count = 0
        for row in 0..<block.rowCount where block.hasPoint(base + row) {
          hasPoint[row] = true
          count += 1
        }
        if count > 0 { found.insert(column) }
        pointCount += count
      }
      Self.append(scan.rows, where: hasPoint, to: &rows)
    }
    indices = rows
    columns = found.sorted()
    for (column, next) in zip(columns, columns.dropFirst()) where column.step == next.step {
      throw TrackerError(
        .inexactValue, "export",
        "step \(column.step) has the epochs \(column.epoch.map(String.init) ?? "none") and"
          + " \(next.epoch.map(String.init) ?? "none"); an npz has one for each step",
        file: union.name, remedy: "export csv or ndjson")
    }
  }

  private static func append(
    _ source: IndexColumn, where isWanted: [Bool], to target: inout IndexColumn
  ) {
    switch (target, source) {
    case (.integers(var values), .integers(let more)):
      target = .integers([])
      for row in more.indices where isWanted[row] { values.append(more[row]) }
      target = .integers(values)
    case (.strings(var values), .strings(let more)):
      target = .strings(StringColumn())
      for row in 0..<more.count where isWanted[row] { values.append(row: row, of: more) }
      target = .strings(values)
    default: preconditionFailure("a tracker has indices of one type")
    }
  }

  /// Writes the archive.
  ///
  /// - Parameter progress: called with the points written so far, and how many there are.
  /// - Returns: how many points were written.
  func write(to output: OutputFile, progress: (Int, Int) -> Void = { _, _ in })
    throws(TrackerError) -> Int
  {
    var writer = try NPZHistoryWriter(
      output, indices: HistoryIndices(indices), steps: columns.map(\.step),
      epochs: columns.map(\.epoch), valueType: union.valueType(of: channel))
    let epochsPerPass = max(1, maxCells / max(1, indices.count))
    var (bits, recorded): ([UInt64], [Bool]) = ([], [])
    var done = 0
    for start in stride(from: 0, to: columns.count, by: epochsPerPass) {
      let part = columns[start..<min(start + epochsPerPass, columns.count)]
      let cells = part.count * indices.count
      bits = Array(repeating: 0, count: cells)
      recorded = Array(repeating: false, count: cells)
      done += try read(part, into: &bits, &recorded)
      for epoch in 0..<part.count {
        let row = epoch * indices.count..<(epoch + 1) * indices.count
        try writer.writeEpoch(
          bits: bits.span.extracting(row), recorded: recorded.span.extracting(row))
      }
      progress(done, pointCount)
    }
    try writer.finish()
    return done
  }

  /// Reads some epochs, each a row in the order of the indices, and returns their points.
  private func read(
    _ part: ArraySlice<TileColumn>, into bits: inout [UInt64], _ recorded: inout [Bool]
  ) throws(TrackerError) -> Int {
    guard let first = part.first, let last = part.last else { return 0 }
    let scan = try FilteredScan(
      union, channel, filter, steps: first.step...last.step, limit: .max)
    var count = 0
    var next = 0
    while try scan.advance() {
      let block = scan.block
      // Both are sorted, and every row that has a point stands in the indices.
      var places = [Int](repeating: -1, count: block.rowCount)
      for row in 0..<block.rowCount {
        while next < indices.count, indices.compare(next, with: scan.rows, row) < 0 { next += 1 }
        guard next < indices.count else { break }
        if indices.compare(next, with: scan.rows, row) == 0 { places[row] = next }
      }
      for (place, column) in scan.columns.enumerated() {
        guard let epoch = part.firstIndex(of: column) else { continue }
        let target = (epoch - part.startIndex) * indices.count
        let base = block.cell(row: 0, column: place)
        for row in 0..<block.rowCount where block.hasPoint(base + row) {
          bits[target + places[row]] = block.bits(base + row)
          recorded[target + places[row]] = true
          count += 1
        }
      }
    }
    return count
  }
}

extension HistoryIndices {
  init(_ column: IndexColumn) {
    switch column {
    case .integers(let values): self = .integers(values)
    case .strings(let strings):
      self = .strings(bytes: strings.bytes, ends: Array(strings.offsets.dropFirst()))
    }
  }
}
