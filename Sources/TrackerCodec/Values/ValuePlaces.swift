import TrackerModel

/// Where in a larger matrix the values of a tile stand, each cell of which holds one.
public struct MatrixPlaces: Sendable {
  /// The place of the first row in the first column.
  public var first: Int
  /// How many places each column begins behind the one before.
  public var stride: Int

  public init(first: Int, stride: Int) {
    self.first = first
    self.stride = stride
  }
}

/// Where values are put that are listed by their cells: one after the other, or in a larger matrix.
struct ValuePlaces {
  /// Nil for one after the other.
  private let matrix: MatrixPlaces?
  private let rowCount: Int

  init(_ cells: borrowing CellRows) {
    matrix = nil
    rowCount = cells.rowCount
  }

  /// - Precondition: the cells have no gaps.
  init(_ cells: borrowing CellRows, in matrix: MatrixPlaces) {
    precondition(cells.isFull, "tiles with gaps are spread out")
    self.matrix = matrix
    rowCount = cells.rowCount
  }

  /// Finds the places of cells that ascend, without a division for each.
  struct Cursor {
    private let places: ValuePlaces
    /// Behind the last cell of the column of the last one, and how far its places are from its cells.
    private var end = 0
    private var distance = 0

    init(_ places: ValuePlaces) {
      self.places = places
      if places.matrix == nil { end = .max }
    }

    /// The place of a cell, not before the one asked for last.
    @inline(__always)
    mutating func place(of cell: Int) -> Int {
      if cell >= end { move(to: cell) }
      return cell &+ distance
    }

    @inline(never)
    private mutating func move(to cell: Int) {
      guard let matrix = places.matrix else { return }
      let column = cell / places.rowCount
      end = (column + 1) * places.rowCount
      distance = matrix.first + column * (matrix.stride - places.rowCount)
    }
  }

  /// The place of a column's first value, given which values are the column's.
  func first(of column: Int, _ cells: Range<Int>) -> Int {
    matrix.map { $0.first + column * $0.stride } ?? cells.lowerBound
  }

  /// All values, by runs that stand one after the other.
  func runs(of cells: borrowing CellRows) -> [(cells: Range<Int>, place: Int)] {
    guard matrix != nil else { return [(0..<cells.count, 0)] }
    var runs: [(cells: Range<Int>, place: Int)] = []
    for column in 0..<cells.columnCount {
      let range = cells.range(of: column)
      runs.append((range, first(of: column, range)))
    }
    return runs
  }
}

extension ValueColumnCoder {
  /// Puts the values that the reader stands before in their places of a matrix of the same type; others
  /// stay as they are.
  ///
  /// - Throws: as for values of their own; then any of their places may hold anything.
  /// - Precondition: `cells` have no gaps, and the matrix has their places.
  @_lifetime(reader: copy reader)
  mutating func decode(
    _ reader: inout ByteReader, cells: CellRows, type: ValueType, into matrix: inout ValueBuffer,
    at places: MatrixPlaces
  ) throws(TrackerError) {
    precondition(matrix.type == type, "the matrix is of the values' type")
    let head = try readHead(&reader, cells, type)
    if head.isConstant || head.isNarrowed {
      // Rare: by way of values of their own.
      var values = ValueBuffer(type)
      switch type {
      case .float32:
        var words: [UInt32] = []
        _ = try decodeBody(&reader, head, cells, into: &words)
        values = ValueBuffer(float32Bits: words)
      case .float64:
        var words: [UInt64] = []
        _ = try decodeBody(&reader, head, cells, into: &words)
        values = ValueBuffer(float64Bits: words)
      }
      let target = ValuePlaces(cells, in: places)
      for run in target.runs(of: cells) { matrix.copy(run.cells, of: values, to: run.place) }
      return
    }
    let target = ValuePlaces(cells, in: places)
    switch type {
    case .float32:
      var words = matrix.takeFloat32Bits()
      defer { matrix = ValueBuffer(float32Bits: words) }
      _ = try decodeStored(&reader, head, cells, into: &words, at: target)
    case .float64:
      var words = matrix.takeFloat64Bits()
      defer { matrix = ValueBuffer(float64Bits: words) }
      _ = try decodeStored(&reader, head, cells, into: &words, at: target)
    }
  }
}
