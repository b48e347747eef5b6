public import TrackerFile
public import TrackerModel
import TrackerSystem

/// The largest jump of each instance's relative rank, in bounded memory.
///
/// In every step the instances that have a value other than NaN are ranked: an instance's relative rank
/// is the share of the others that have a lower value, those with an equal one counting half; it is ½
/// where there are no others. The jump is the distance between the ranks of two successive steps in
/// which the instance has one, and 0 where it has fewer than two.
///
/// What memory there is does not change the result: ranks are quotients of integers.
/// Complexity: O(n log n) for n points. One owner.
public final class RankChanges {
  /// How much memory to use, and where to put what does not fit.
  public struct Resources: Sendable, Hashable {
    /// In bytes; a few kilobytes for each sorted run come on top.
    public var memory = 256 << 20
    /// A folder for temporary files without names.
    public var folder: String

    public init(folder: String) { self.folder = folder }
  }

  private let rowCount: Int
  private let rowsPerBucket: Int
  private var buckets: RankBuckets?
  /// Those of the bucket at hand.
  private var jumps: [Double] = []
  private var taken = 0

  /// Reads the source to its end.
  ///
  /// - Parameters:
  ///   - source: all instances of a channel: ranks are among them.
  ///   - epochs: as for `CriterionScan`.
  ///   - wanted: the instances whose jumps are asked for, sorted; nil for all.
  public init(
    _ source: any HistorySource, epochs: ClosedRange<Int64>? = nil, wanted: [InstanceIndex]? = nil,
    _ resources: Resources
  ) throws(TrackerError) {
    let memory = resources.memory
    var runs = RankRuns(source.valueType, memory: memory, folder: resources.folder)
    var numbers: [Int64: Int] = [:]
    var rows = RankedRows(wanted)
    while try source.advance() {
      let columns = source.countedColumns(epochs)
      try rows.number(source.rows, source.block, columns)
      let block = source.block
      for (place, step) in columns {
        let number = numbers[step] ?? runs.addStep()
        numbers[step] = number
        try runs.add(step: number) { words, target in
          if block.isFull, block.values.type == .float32 {
            let cells = block.cells(ofColumn: place)
            words.append(
              block.values.float32Bits.span.extracting(cells), rows.numbers.span, to: &target)
            return
          }
          block.forEachPoint(ofColumn: place, rows: 0..<block.rowCount) { row, bits in
            if !Double(bitPattern: bits).isNaN {
              words.append(bits, rows.numbers[row], to: &target)
            }
          }
        }
      }
    }
    try runs.finish()
    rowCount = rows.count
    rowsPerBucket = max(1, memory / 2 / RankJumps.size)
    let order = numbers.sorted { $0.key < $1.key }.map(\.value)
    if let steps = StepRanks(
      runs.words, rowCount: rowCount, longest: runs.longest, memory: memory)
    {
      jumps = try steps.jumps(&runs, order)
    } else if rowCount <= rowsPerBucket {
      var all = RankJumps(rowCount: rowCount)
      try Self.rank(&runs, order, resources) { rank, row in all.note(rank, ofRow: row) }
      jumps = all.finish()
    } else {
      var buckets = try RankBuckets(
        rowCount: rowCount, rowsPerBucket: rowsPerBucket, memory: memory, folder: resources.folder)
      try Self.rank(&runs, order, resources) { (rank, row) throws(TrackerError) in
        try buckets.note(rank, ofRow: row)
      }
      try buckets.finish()
      self.buckets = buckets
    }
  }

  /// Calls `body` with the rank of every wanted row that has one, step by step.
  @inline(__always)
  private static func rank(
    _ runs: inout RankRuns, _ order: [Int], _ resources: Resources,
    _ body: (_ rank: Double, _ row: Int) throws(TrackerError) -> Void
  ) throws(TrackerError) {
    var group = TieGroup(memory: resources.memory, folder: resources.folder)
    for step in order {
      var merge = try runs.merge(step: step)
      // Twice the number of the others.
      let divisor = Double(2 * (merge.count - 1))
      var below = 0
      var next = try merge.next()
      while let first = next {
        next = try merge.next()
        if next?.key != first.key {
          if first.row != RankedRows.unwanted {
            try body(divisor == 0 ? 0.5 : Double(2 * below) / divisor, Int(first.row))
          }
          below += 1
          continue
        }
        try group.append(first.row)
        while let equal = next, equal.key == first.key {
          try group.append(equal.row)
          next = try merge.next()
        }
        let rank = Double(2 * below + group.count - 1) / divisor
        below += group.count
        try group.drain { (row) throws(TrackerError) in
          if row != RankedRows.unwanted { try body(rank, Int(row)) }
        }
      }
    }
  }

  /// The jump of the next instance that has points and is wanted, in the order of indices, as float64
  /// bits.
  ///
  /// - Precondition: there is one.
  func next() throws(TrackerError) -> UInt64 {
    precondition(taken < rowCount, "ranks are of the same source")
    let place = taken % rowsPerBucket
    if place == 0, let buckets { jumps = try buckets.jumps(ofBucket: taken / rowsPerBucket) }
    taken += 1
    return jumps[place].bitPattern
  }
}

/// The numbers of the rows that are ranked: their places among those that have points and are wanted.
struct RankedRows {
  /// Stands for rows that count in others' ranks only.
  static let unwanted = UInt32.max

  private let wanted: [InstanceIndex]?
  private var nextWanted = 0
  private(set) var count = 0
  /// Of each row of the block.
  private(set) var numbers: [UInt32] = []

  init(_ wanted: [InstanceIndex]?) { self.wanted = wanted }

  /// Numbers the rows of the next block.
  ///
  /// - Throws: `limitExceeded` beyond 2³² − 1 rows.
  mutating func number(
    _ rows: IndexColumn, _ block: CellBlock, _ columns: [(place: Int, step: Int64)]
  ) throws(TrackerError) {
    numbers.removeAll(keepingCapacity: true)
    numbers.append(contentsOf: repeatElement(Self.unwanted, count: block.rowCount))
    // Those that have points are marked first.
    for column in columns {
      block.forEachPoint(ofColumn: column.place, rows: 0..<block.rowCount) { row, _ in
        numbers[row] = 0
      }
    }
    for row in numbers.indices where numbers[row] == 0 {
      guard isWanted(rows, row) else {
        numbers[row] = Self.unwanted
        continue
      }
      guard count < Int(Self.unwanted) else {
        throw TrackerError(
          .limitExceeded, "ranks", "at most \(Self.unwanted) instances can be ranked")
      }
      numbers[row] = UInt32(count)
      count += 1
    }
  }

  private mutating func isWanted(_ rows: IndexColumn, _ row: Int) -> Bool {
    guard let wanted else { return true }
    let index = rows[row]
    while nextWanted < wanted.count, wanted[nextWanted] < index { nextWanted += 1 }
    return nextWanted < wanted.count && wanted[nextWanted] == index
  }
}
