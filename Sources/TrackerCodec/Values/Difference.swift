import TrackerModel

/// What is subtracted from a code before it is split. Raw values are the Spec's.
public enum Difference: UInt8, Sendable, CaseIterable, CustomStringConvertible {
  case none = 0
  /// The row's code in the column before in which it has a value.
  case previous = 1
  /// That code and what it differed by: a straight line through the last two.
  case trend = 2
  /// The code of the row before in the same column.
  case neighbour = 3

  public var description: String {
    switch self {
    case .none: "none"
    case .previous: "previous epoch"
    case .trend: "trend of epochs"
    case .neighbour: "row before"
    }
  }
}

/// Takes differences of whole columns, and adds them up again. Differences are taken modulo 2⁶⁴ and
/// written in zigzag form.
struct DifferenceCoder {
  let difference: Difference
  private var last: [UInt64] = []
  private var step: [UInt64] = []
  private var isSeen: [Bool] = []

  /// - Parameter start: what stands for the code before the first.
  init(_ difference: Difference, rowCount: Int, start: UInt64) {
    self.difference = difference
    switch difference {
    case .none: break
    case .previous: last = Array(repeating: start, count: rowCount)
    case .trend:
      last = Array(repeating: start, count: rowCount)
      step = Array(repeating: 0, count: rowCount)
      isSeen = Array(repeating: false, count: rowCount)
    case .neighbour: last = [start]
    }
  }

  /// Replaces a column's codes by differences; columns in order.
  mutating func subtract(
    _ codes: inout MutableSpan<UInt64>, _ range: Range<Int>, rows: borrowing CellRows.Column
  ) {
    switch difference {
    case .none: break
    case .previous:
      var last = last.mutableSpan
      for cell in range {
        let row = rows[cell &- range.lowerBound]
        let code = codes[cell]
        codes[cell] = ZigZag.encode(Int64(bitPattern: code &- last[row]))
        last[row] = code
      }
    case .trend:
      for cell in range {
        let row = rows[cell &- range.lowerBound]
        let code = codes[cell]
        codes[cell] = ZigZag.encode(Int64(bitPattern: code &- last[row] &- step[row]))
        follow(code, row)
      }
    case .neighbour:
      // Each column begins anew from the first code of the column before.
      var before = last[0]
      if !range.isEmpty { last[0] = codes[range.lowerBound] }
      for cell in range {
        let code = codes[cell]
        codes[cell] = ZigZag.encode(Int64(bitPattern: code &- before))
        before = code
      }
    }
  }

  @inline(__always)
  private mutating func follow(_ code: UInt64, _ row: Int) {
    step[row] = isSeen[row] ? code &- last[row] : 0
    isSeen[row] = true
    last[row] = code
  }

  /// The inverse of `subtract`.
  mutating func add(
    _ codes: inout MutableSpan<UInt64>, _ range: Range<Int>, rows: borrowing CellRows.Column
  ) {
    switch difference {
    case .none: break
    case .previous:
      var last = last.mutableSpan
      for cell in range {
        let row = rows[cell &- range.lowerBound]
        let code = last[row] &+ UInt64(bitPattern: ZigZag.decode(codes[cell]))
        codes[cell] = code
        last[row] = code
      }
    case .trend:
      for cell in range {
        let row = rows[cell &- range.lowerBound]
        let code = last[row] &+ step[row] &+ UInt64(bitPattern: ZigZag.decode(codes[cell]))
        codes[cell] = code
        follow(code, row)
      }
    case .neighbour:
      var before = last[0]
      for cell in range {
        before = before &+ UInt64(bitPattern: ZigZag.decode(codes[cell]))
        codes[cell] = before
        if cell == range.lowerBound { last[0] = before }
      }
    }
  }
}
