import TrackerFile
import TrackerModel

/// The histories of a few rows, each without gaps: what criteria are made of.
///
/// Point `k` of row `r`, counted in the order of steps, stands at `k * rowCount + r`. So it does not
/// matter how a block came to its columns, and sums over points are added in one order: that of
/// steps.
struct HistoryStrip {
  private(set) var rowCount = 0
  /// Points of each row.
  private(set) var pointCounts: [Int] = []
  /// Points of the row that has most.
  private(set) var longest = 0
  /// Points that every row has.
  private(set) var shortest = 0
  /// Widened to float64.
  private(set) var bits: [UInt64] = []
  /// Where `commonSteps` is nil.
  private(set) var steps: [Int64] = []
  /// The steps of every row, where all have the same; nil where they have not.
  private(set) var commonSteps: [Int64]?

  /// So many cells, of 16 bytes each, stay in a core's cache.
  private static let cells = 1 << 14

  /// How many rows of so many columns to take at a time.
  static func rows(ofColumns count: Int) -> Int { Swift.max(8, cells / Swift.max(1, count)) }

  /// Replaces the content by the points of some rows of a block.
  ///
  /// - Parameter columns: those that count, and their steps, ascending.
  mutating func load(
    _ block: CellBlock, _ columns: [(place: Int, step: Int64)], rows: Range<Int>
  ) {
    rowCount = rows.count
    let cells = rows.count * columns.count
    if bits.count < cells {
      bits.append(contentsOf: repeatElement(0, count: cells - bits.count))
      steps.append(contentsOf: repeatElement(0, count: cells - steps.count))
    }
    pointCounts.removeAll(keepingCapacity: true)
    if block.isFull {
      // No row has a gap: whole columns go where they are wanted.
      for (number, column) in columns.enumerated() {
        block.copyPoints(ofColumn: column.place, rows: rows, to: &bits, at: number * rowCount)
      }
      pointCounts.append(contentsOf: repeatElement(columns.count, count: rows.count))
    } else {
      pointCounts.append(contentsOf: repeatElement(0, count: rows.count))
      for (place, step) in columns {
        block.forEachPoint(ofColumn: place, rows: rows) { row, value in
          let row = row - rows.lowerBound
          let number = pointCounts[row]
          let cell = number &* rowCount &+ row
          bits[cell] = value
          steps[cell] = step
          pointCounts[row] = number &+ 1
        }
      }
    }
    longest = pointCounts.max() ?? 0
    shortest = pointCounts.min() ?? 0
    commonSteps = shortest == columns.count ? columns.map(\.step) : nil
  }

  /// The step of a row's point.
  func step(_ number: Int, ofRow row: Int) -> Int64 {
    commonSteps?[number] ?? steps[number * rowCount + row]
  }

  /// The cells of one point of all rows; those of rows that have no such point mean nothing.
  func points(_ number: Int) -> Range<Int> { number * rowCount..<(number + 1) * rowCount }
}

/// The bits of what is computed: every NaN is the usual one, because which of several an operation
/// gives is the processor's choice.
enum ComputedBits {
  static let nan: UInt64 = 0x7FF8_0000_0000_0000

  @inline(__always)
  static func of(_ value: Double) -> UInt64 { value.isNaN ? nan : value.bitPattern }
}
