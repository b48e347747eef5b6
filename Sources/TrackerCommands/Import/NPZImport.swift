import TrackerFile
import TrackerInterchange
import TrackerMerge
import TrackerModel

/// Imports one channel from a NumPy archive.
///
/// Epochs are gathered to a matrix of some four million values. Where one matrix holds all, its
/// tiles go straight to the tracker; otherwise each becomes a temporary file, and all are united.
struct NPZImport {
  private var archive: NPZHistoryReader
  private let name: String
  private let channel: Channel
  private let valueType: ValueType
  private let maxCells: Int
  /// The archive's indices, sorted and each once.
  private let indices: IndexColumn
  /// For each column of the archive its place in `indices`.
  private let places: [UInt32]

  /// Values of a matrix.
  static let maxCells = 1 << 22

  /// - Parameters:
  ///   - valueType: nil for the archive's own.
  ///   - maxCells: values of a matrix; one epoch is gathered whatever it has.
  /// - Throws: `badInput` where the archive is damaged or no history.
  init(
    _ input: ImportInput, channel: Channel, valueType: ValueType?, maxCells: Int = Self.maxCells
  ) throws(TrackerError) {
    archive = try NPZHistoryReader(try input.bytes(), name: input.name)
    name = input.name
    self.channel = channel
    self.valueType = valueType ?? archive.valueType
    self.maxCells = maxCells
    guard archive.indices.count <= Int(Int32.max) else {
      throw TrackerError(
        .limitExceeded, "array 'indices'",
        "\(archive.indices.count) indices, the limit is \(Int32.max)", file: input.name)
    }
    (indices, places) = Self.sorted(archive.indices)
  }

  var indexType: IndexType { archive.indices.type }

  /// Writes all points, without committing.
  ///
  /// - Parameters:
  ///   - precision: in which values are rounded; nil to keep them exactly.
  ///   - path: the output's; temporary files stand beside it.
  mutating func write(
    to writer: TrackerWriter, _ precision: Precision? = nil, besides path: String,
    report: inout ImportReport,
    progress: (ImportProgress) -> Void = { _ in }
  ) throws(TrackerError) {
    var runs = ImportRuns(besides: path, indexType: indexType, valueType: valueType)
    do throws(TrackerError) {
      let total = try write(to: writer, precision, &runs, progress)
      try writer.finishTiles()
      report.points = writer.tiles.pointCount
      report.repeated = total - report.points
    } catch {
      guard error.code == .mergeConflict, let conflict = runs.conflict else { throw error }
      throw self.error(
        "steps",
        "step \(conflict.step) stands twice, with different points of index \(conflict.index)")
    }
  }

  /// Returns the number of points in the archive.
  private mutating func write(
    to writer: TrackerWriter, _ precision: Precision?, _ runs: inout ImportRuns,
    _ progress: (ImportProgress) -> Void
  ) throws(TrackerError) -> Int {
    var matrix = EpochMatrix(width: indices.count, valueType)
    var columns: [TileColumn] = []
    var steps: Set<Int64> = []
    var (bits, recorded): ([UInt64], [Bool]) = ([], [])
    var total = 0
    let rowSize = UInt64(indices.count) * (archive.valueType == .float32 ? 4 : 8)
    while let epoch = try archive.readEpoch(bits: &bits, recorded: &recorded) {
      let column = TileColumn(step: archive.steps[epoch], epoch: archive.epochs?[epoch])
      let isFull = (columns.count + 1) * matrix.width > maxCells
      // A step that stands twice goes to another run: uniting them finds out whether they agree.
      if !columns.isEmpty, isFull || steps.contains(column.step) {
        try runs.add([scan(matrix, columns)])
        columns.removeAll()
        steps.removeAll()
        matrix.removeAll()
      }
      matrix.appendEpoch()
      columns.append(column)
      steps.insert(column.step)
      total += try gather(bits, recorded, into: &matrix, epoch)
      progress(.read(bytes: UInt64(epoch + 1) * rowSize))
    }
    let last = scan(matrix, columns)
    if runs.isEmpty {
      try writer.writeCanonically(last, valueType, precision) {
        progress(.written(points: $0, of: total))
      }
    } else {
      try runs.add([last])
      try runs.unite(into: writer, precision) { progress(.written(points: $0, of: total)) }
    }
    return total
  }

  private func scan(_ matrix: EpochMatrix, _ columns: [TileColumn]) -> MatrixScan {
    MatrixScan(
      channel: channel, indices: indices, columns: columns, values: matrix.values,
      presence: matrix.presence)
  }

  /// Puts an epoch's values in their places and returns how many they are.
  private func gather(
    _ bits: [UInt64], _ recorded: [Bool], into matrix: inout EpochMatrix, _ epoch: Int
  ) throws(TrackerError) -> Int {
    var count = 0
    let narrows = valueType == .float32 && archive.valueType == .float64
    for position in bits.indices where recorded[position] {
      let value = narrows ? try rounded(bits[position], epoch, position) : bits[position]
      guard matrix.set(Int(places[position]), value) else {
        throw error(
          "indices",
          "index \(archive.indices[position]) stands twice, with different values at step"
            + " \(archive.steps[epoch]), as in [\(epoch), \(position)]")
      }
      count += 1
    }
    return count
  }

  /// The nearest float32, as float64 bits.
  private func rounded(_ bits: UInt64, _ epoch: Int, _ position: Int) throws(TrackerError) -> UInt64
  {
    if Widening.narrow(bits) != nil { return bits }
    let narrow = Float(Double(bitPattern: bits))
    guard narrow.isFinite else {
      throw error(
        "values",
        "no float32 is near to \(ValueText.text(bits, as: .float64)) at [\(epoch), \(position)]",
        remedy: "import as float64")
    }
    return Widening.widen(narrow.bitPattern)
  }

  private func error(_ array: String, _ detail: String, remedy: String? = nil) -> TrackerError {
    TrackerError(.badInput, "array '\(array)'", detail, file: name, remedy: remedy)
  }

  // MARK: Order

  private static func sorted(_ indices: HistoryIndices) -> (IndexColumn, [UInt32]) {
    var places = [UInt32](repeating: 0, count: indices.count)
    switch indices {
    case .integers(let values):
      var sorting = RadixOrder(count: values.count)
      sorting.sort { PointRun.key(values[$0]) }
      var sorted: [Int64] = []
      for position in sorting.order {
        let value = values[Int(position)]
        if sorted.last != value { sorted.append(value) }
        places[Int(position)] = UInt32(sorted.count - 1)
      }
      return (.integers(sorted), places)
    case .strings(let bytes, let ends):
      var column = StringColumn()
      var start = 0
      for end in ends {
        column.append(sharing: 0, middle: bytes.span.extracting(start..<end), ending: 0)
        start = end
      }
      let order = ends.indices.sorted { column.compare($0, with: column, $1) < 0 }
      var sorted = StringColumn()
      for position in order {
        if sorted.count == 0 || sorted.compare(sorted.count - 1, with: column, position) != 0 {
          sorted.append(row: position, of: column)
        }
        places[position] = UInt32(sorted.count - 1)
      }
      return (.strings(sorted), places)
    }
  }
}
