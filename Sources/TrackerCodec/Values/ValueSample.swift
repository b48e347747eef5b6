/// Some rows of a column of values, to try codings on.
struct ValueSample {
  /// Listed as the column's.
  private(set) var values: [UInt64] = []
  let cells: CellRows

  /// Rows are taken in runs, so that neighbours can be compared.
  private static let run = 16

  /// - Parameter target: values to take, about.
  init<Word: ValueWord>(_ column: Span<Word>, _ cells: borrowing CellRows, target: Int) {
    guard column.count > target * 3 / 2 else {
      self.cells = copy cells
      values.reserveCapacity(column.count)
      for cell in column.indices { values.append(UInt64(truncatingIfNeeded: column[cell])) }
      return
    }
    let runs = max(1, target / Self.run * cells.rowCount / column.count)
    let length = min(cells.rowCount, max(1, min(Self.run, target * cells.rowCount / column.count)))
    let firsts = (0..<runs).map { $0 * (cells.rowCount - length) / max(1, runs - 1) }
    var starts = [0]
    var rows: [UInt32] = []
    for column_ in Self.columns(cells, taking: runs * length, target: target) {
      let (start, end) = (cells.starts[column_], cells.starts[column_ + 1])
      for (number, first) in firsts.enumerated() {
        let base = number * length
        if !cells.isFull {
          let all = cells.allRows
          var cell = Self.lowerBound(all, UInt32(first), start, end)
          while cell < end, Int(all[cell]) < first + length {
            values.append(UInt64(truncatingIfNeeded: column[cell]))
            rows.append(UInt32(base + Int(all[cell]) - first))
            cell += 1
          }
        } else {
          for row in first..<first + length {
            values.append(UInt64(truncatingIfNeeded: column[start + row]))
          }
        }
      }
      starts.append(values.count)
    }
    self.cells = CellRows(
      rowCount: runs * length, starts: starts, rows: cells.isFull ? nil : rows)
  }

  /// All columns; where the rows are so few that a run of them has far more values than are to be taken,
  /// runs of columns, so that epochs can be compared.
  private static func columns(_ cells: borrowing CellRows, taking rows: Int, target: Int) -> [Int] {
    let all = cells.columnCount
    let values = rows * cells.count / cells.rowCount
    let runs = max(1, target * all / max(1, values) / run)
    guard values > 2 * target, runs * run < all else { return Array(0..<all) }
    return (0..<runs * run).map { $0 / run * (all - run) / max(1, runs - 1) + $0 % run }
  }

  private static func lowerBound(_ rows: Span<UInt32>, _ row: UInt32, _ start: Int, _ end: Int)
    -> Int
  {
    var (low, high) = (start, end)
    while low < high {
      let middle = (low + high) >> 1
      if rows[middle] < row { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The codes of a mapping.
  func map(_ mapping: ValueMapping, into codes: inout [UInt64], _ misfits: inout Misfits) {
    CodeColumns.encode(values.span, cells, mapping, .none, into: &codes, &misfits)
  }

  /// Replaces codes by their differences.
  func subtract(_ difference: Difference, from origin: UInt64, _ codes: inout [UInt64]) {
    var differences = DifferenceCoder(difference, rowCount: cells.rowCount, start: origin)
    var target = codes.mutableSpan
    for column in 0..<cells.columnCount {
      differences.subtract(&target, cells.range(of: column), rows: cells.rows(of: column))
    }
  }

  /// The bits of symbols given the states of their rows, at a coarse resolution that a sample can
  /// fill.
  func groupedBits(_ symbols: [UInt8]) -> Double {
    let levels = 12
    var counts = [UInt32](repeating: 0, count: levels * 256)
    var states = [Int](repeating: -1, count: cells.rowCount)
    // States are spread evenly over the symbols that occur.
    var all = [UInt32](repeating: 0, count: 256)
    for symbol in symbols { all[Int(symbol)] += 1 }
    var level = [Int](repeating: 0, count: 256)
    var below = 0
    for symbol in 0..<256 {
      level[symbol] = (below + Int(all[symbol]) / 2) * (levels - 1) / max(1, symbols.count)
      below += Int(all[symbol])
    }
    for column in 0..<cells.columnCount {
      let range = cells.range(of: column)
      let rows = cells.rows(of: column)
      for cell in range {
        let row = rows[cell - range.lowerBound]
        let symbol = Int(symbols[cell])
        let key = states[row] < 0 ? levels - 1 : level[states[row]]
        counts[key * 256 + symbol] += 1
        states[row] = states[row] < 0 ? symbol : (states[row] + 3 * symbol) / 4
      }
    }
    var bits = 0.0
    for key in 0..<levels {
      let row = Array(counts[key * 256..<key * 256 + 256])
      // Small samples look more orderly than they are (Miller and Madow's correction).
      let kinds = row.count { $0 > 0 }
      bits += Entropy.bits(row.span) + 0.72 * Double(max(0, kinds - 1))
    }
    let kinds = all.count { $0 > 0 }
    return bits - 0.72 * Double(max(0, kinds - 1))
  }
}

/// Codes of all columns, one after the other.
enum CodeColumns {
  static func encode<Word: ValueWord>(
    _ values: Span<Word>, _ cells: borrowing CellRows, _ mapping: ValueMapping,
    _ difference: Difference, into codes: inout [UInt64], _ misfits: inout Misfits
  ) {
    codes.resize(to: values.count)
    var differences = DifferenceCoder(
      difference, rowCount: cells.rowCount, start: mapping.origin)
    var target = codes.mutableSpan
    for column in 0..<cells.columnCount {
      let range = cells.range(of: column)
      let rows = cells.rows(of: column)
      mapping.encode(
        values.extracting(range), rows: rows, firstCell: range.lowerBound, into: &target, &misfits)
      differences.subtract(&target, range, rows: rows)
    }
  }
}
