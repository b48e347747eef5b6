/// Columns that ascend strictly, as sets.
extension IndexColumn {
  /// All indices of both, each once. Complexity: O(count of both).
  ///
  /// - Precondition: both ascend strictly and have one type.
  public func union(_ other: IndexColumn) -> IndexColumn {
    var all = IndexColumn(type: type)
    var (row, otherRow) = (0, 0)
    // Runs of rows of one column are appended at once.
    while row < count, otherRow < other.count {
      let (start, otherStart) = (row, otherRow)
      while row < count, compare(row, with: other, otherRow) < 0 { row += 1 }
      all.append(rows: start..<row, of: self) { _ in true }
      guard row < count else { break }
      while otherRow < other.count, other.compare(otherRow, with: self, row) < 0 { otherRow += 1 }
      all.append(rows: otherStart..<otherRow, of: other) { _ in true }
      if otherRow < other.count, compare(row, with: other, otherRow) == 0 { otherRow += 1 }
    }
    all.append(rows: row..<count, of: self) { _ in true }
    all.append(rows: otherRow..<other.count, of: other) { _ in true }
    return all
  }

  /// The rows of `base` that hold indices of this column, and the indices that it lacks.
  ///
  /// - Precondition: both ascend strictly and have one type.
  /// - Complexity: O(count of both).
  public func divided(by base: IndexColumn) -> (rows: [Int], others: IndexColumn) {
    var rows: [Int] = []
    rows.reserveCapacity(count)
    var isOther = [Bool](repeating: false, count: count)
    var place = 0
    for row in 0..<count {
      while place < base.count, base.compare(place, with: self, row) < 0 { place += 1 }
      if place < base.count, base.compare(place, with: self, row) == 0 {
        rows.append(place)
        place += 1
      } else {
        isOther[row] = true
      }
    }
    var others = IndexColumn(type: type)
    others.append(rows: 0..<count, of: self) { isOther[$0] }
    return (rows, others)
  }
}
