import TrackerModel

@testable import TrackerCodec

/// Value columns of each mapping.
enum ValueFuzzing {
  /// The shape of a column, which stands before it: float64, absent cells, rows and columns.
  struct Shape {
    var type: ValueType
    var rowCount: Int
    var columnCount: Int
    var presence: Presence

    static let mostRows = 96
    static let mostColumns = 24

    /// - Returns: nil where the bytes end before the column begins.
    init?(_ bytes: [UInt8], _ place: inout Int) {
      guard bytes.count >= 3 else { return nil }
      type = bytes[0] & 1 == 0 ? .float32 : .float64
      rowCount = Int(bytes[1]) % Self.mostRows + 1
      columnCount = Int(bytes[2]) % Self.mostColumns + 1
      let cellCount = rowCount * columnCount
      place = 3
      guard bytes[0] & 2 != 0 else {
        presence = .all(cellCount)
        return
      }
      let length = (cellCount + 7) / 8
      guard bytes.count - place >= length else { return nil }
      var found = Presence.none(cellCount)
      for cell in 0..<cellCount where bytes[place + cell >> 3] >> UInt8(cell & 7) & 1 == 1 {
        found.insert(cell)
      }
      presence = found.canonical
      place += length
    }

    /// The bytes that are read as this shape; nil where it has too many rows or columns.
    static func bytes(_ type: ValueType, rows: Int, columns: Int, _ presence: Presence) -> [UInt8]?
    {
      guard (1...mostRows).contains(rows), (1...mostColumns).contains(columns) else { return nil }
      let isFull = presence.words == nil
      var bytes: [UInt8] = [
        (type == .float32 ? 0 : 1) | (isFull ? 0 : 2), UInt8(rows - 1), UInt8(columns - 1),
      ]
      guard !isFull else { return bytes }
      bytes.append(contentsOf: repeatElement(0, count: (rows * columns + 7) / 8))
      for cell in 0..<rows * columns where presence[cell] {
        bytes[3 + cell >> 3] |= 1 << UInt8(cell & 7)
      }
      return bytes
    }

    var cells: CellRows {
      CellRows(rowCount: rowCount, columnCount: columnCount, presence: presence)
    }
  }

  /// A shape, then a column of it.
  ///
  /// - Parameter mapping: put in the column's first byte, so that each mapping gets its share.
  static func readColumn(_ bytes: [UInt8], mapping: UInt8) {
    var place = 0
    guard let shape = Shape(bytes, &place), place < bytes.count else { return }
    var column = Array(bytes[place...])
    column[0] = column[0] & 0x80 | mapping
    check(column, shape)
  }

  /// Whole, in part and in a matrix a column gives the same; written again it reads the same.
  static func check(_ column: [UInt8], _ shape: Shape) {
    var coder = ValueColumnCoder(level: .fast)
    let cells = shape.cells
    var values = ValueBuffer(shape.type)
    let isRead: Bool
    do throws(TrackerError) {
      var reader = ByteReader(column.span, subject: "column")
      _ = try coder.decode(&reader, cells: cells, type: shape.type, into: &values)
      isRead = true
    } catch {
      isRead = false
    }
    checkRows(column, shape, cells, isRead ? values.bits : nil, &coder)
    if shape.presence.words == nil {
      checkMatrix(column, shape, cells, isRead ? values.bits : nil, &coder)
    }
    guard isRead else { return }
    require(values.count == cells.count, "a column has a value for each cell")
    var written: [UInt8] = []
    let coding = coder.encode(values, cells: cells, into: &written)
    var again = ValueBuffer(shape.type)
    do throws(TrackerError) {
      var reader = ByteReader(written.span, subject: "column")
      _ = try coder.decode(&reader, cells: cells, type: shape.type, into: &again)
    } catch {
      require(false, "a column that was written cannot be read: \(error)")
    }
    let differing = zip(again.bits, values.bits).enumerated().first { $1.0 != $1.1 }
    require(
      again.bits == values.bits,
      "columns read as they were written: \(shape.type), \(shape.rowCount) rows, \(coding), "
        + "value \(differing.map { "\($0.offset): \(String($0.element.1, radix: 16)) became \(String($0.element.0, radix: 16))" } ?? "")"
    )
  }

  /// - Parameter expected: nil where the whole column is refused.
  private static func checkRows(
    _ column: [UInt8], _ shape: Shape, _ cells: CellRows, _ expected: [UInt64]?,
    _ coder: inout ValueColumnCoder
  ) {
    // Few rows are decoded by a way of their own, more by the way of all.
    for step in [2, 7] {
      let rows = (0..<shape.rowCount).filter { $0 % step == step - 1 }
      guard !rows.isEmpty, rows.count < shape.rowCount else { continue }
      let wanted = WantedValues(
        rows: rows, rowCount: shape.rowCount, columnCount: shape.columnCount,
        presence: shape.presence)
      var values = ValueBuffer(shape.type)
      do throws(TrackerError) {
        var reader = ByteReader(column.span, subject: "column")
        try coder.decode(&reader, cells: cells, wanted: wanted, type: shape.type, into: &values)
      } catch {
        require(expected == nil, "rows of a column that can be read cannot: \(error)")
        continue
      }
      require(values.count == wanted.cells.count, "rows have a value for each cell")
      guard let expected else { continue }
      require(
        values.bits == wanted.places.map { expected[$0] }, "rows are those of the whole column")
    }
  }

  private static func checkMatrix(
    _ column: [UInt8], _ shape: Shape, _ cells: CellRows, _ expected: [UInt64]?,
    _ coder: inout ValueColumnCoder
  ) {
    let (first, stride) = (3, shape.rowCount + 2)
    var matrix = ValueBuffer(shape.type, zeros: first + stride * shape.columnCount)
    do throws(TrackerError) {
      var reader = ByteReader(column.span, subject: "column")
      try coder.decode(
        &reader, cells: cells, type: shape.type, into: &matrix,
        at: MatrixPlaces(first: first, stride: stride))
    } catch {
      return require(
        expected == nil, "a column that can be read alone cannot in a matrix: \(error)")
    }
    guard let expected else {
      return require(false, "a column that cannot be read alone can in a matrix")
    }
    let bits = matrix.bits
    for (cell, value) in expected.enumerated() {
      let (number, row) = cell.quotientAndRemainder(dividingBy: shape.rowCount)
      require(bits[first + number * stride + row] == value, "a matrix holds the column's values")
    }
    for place in bits.indices
    where place < first || (place - first) % stride >= shape.rowCount {
      require(bits[place] == 0, "other places of a matrix stay")
    }
  }
}
