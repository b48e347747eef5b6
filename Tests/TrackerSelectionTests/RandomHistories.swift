import TrackerFile
import TrackerModel

/// SplitMix64: a test's chances, the same in every process.
struct Chances: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Histories of any kind: gaps, values that are no numbers, ties, one point, steps far apart, and steps
/// recorded again by later tiles.
struct RandomHistories {
  static let channel = Channel(metric: "ce", mode: .train)

  let type: ValueType
  /// What each instance has in the end: bits by step, widened.
  private(set) var points: [Int64: [Int64: UInt64]] = [:]
  /// Tiles in the order written: rows and values of one step.
  private(set) var tiles: [(step: Int64, epoch: Int64?, values: [Int64: UInt64])] = []
  private var chances: Chances

  init(seed: UInt64) {
    chances = Chances(state: seed)
    type = seed % 2 == 0 ? .float32 : .float64
    let rows = Int64.random(in: 1...(seed % 5 == 4 ? 700 : 40), using: &chances)
    let spread: Int64 = Bool.random(using: &chances) ? 1 : 1_000_003
    let densities: [Double] = [1, 0.7, 0.2]
    let density = densities.randomElement(using: &chances) ?? 1
    let stepSizes: [Int64] = [1, 7, 1 << 58]
    let stepSize = stepSizes.randomElement(using: &chances) ?? 1
    let kind = Int.random(in: 0..<4, using: &chances)
    let epochs = Int64.random(in: 1...16, using: &chances)
    var order: [Int64] = []
    for epoch in 1...epochs {
      order.append(epoch)
      if epoch % 4 == 3 { order.append(epoch) }
    }
    if Bool.random(using: &chances) { order.shuffle(using: &chances) }
    for epoch in order {
      let step = (epoch - 8) * stepSize
      var values: [Int64: UInt64] = [:]
      for row in 0..<rows where Double.random(in: 0..<1, using: &chances) < density {
        values[(row - rows / 2) * spread] = bits(kind)
      }
      guard !values.isEmpty else { continue }
      tiles.append((step, epoch, values))
      for (index, value) in values { points[index, default: [:]][step] = value }
    }
  }

  /// Three epochs of all rows, with values drawn from few.
  init(seed: UInt64, rows: Int64, values: [Float]) {
    chances = Chances(state: seed)
    type = .float32
    for epoch in Int64(1)...3 {
      for row in 0..<rows {
        let value = values.randomElement(using: &chances) ?? 0
        points[row, default: [:]][epoch * 10] = Widening.widen(value.bitPattern)
      }
    }
  }

  private mutating func bits(_ kind: Int) -> UInt64 {
    let float: Float
    switch kind {
    case 0: float = Bool.random(using: &chances) ? 1 : 0
    case 1: float = Float(Int.random(in: -3...3, using: &chances)) / 4
    default: float = Float.random(in: -1..<2, using: &chances)
    }
    let isOdd = kind == 3 && UInt8.random(in: 0..<6, using: &chances) == 0
    if isOdd {
      let odd: [UInt32] = [0x8000_0000, 0, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0xFFA0_1234]
      return Widening.widen(odd.randomElement(using: &chances) ?? 0)
    }
    if type == .float64, kind > 1 {
      return Double.random(in: -1..<2, using: &chances).bitPattern
    }
    return Widening.widen(float.bitPattern)
  }

  /// The instances, ascending, each with its values and steps in order.
  var histories: [(index: Int64, steps: [Int64], bits: [UInt64])] {
    points.sorted { $0.key < $1.key }.map { index, points in
      let sorted = points.sorted { $0.key < $1.key }
      return (index, sorted.map(\.key), sorted.map(\.value))
    }
  }
}

/// Points as a source, cut into blocks of any size, with columns that hold nothing.
final class PointSource: HistorySource {
  let channel = RandomHistories.channel
  let valueType: ValueType
  private(set) var rows = IndexColumn(type: .int64)
  let columns: [TileColumn]
  private(set) var block = CellBlock()
  private let histories: [(index: Int64, steps: [Int64], bits: [UInt64])]
  private let rowsPerBlock: Int
  private var next = 0

  init(_ random: RandomHistories, rowsPerBlock: Int, spareColumns: Bool = false) {
    valueType = random.type
    histories = random.histories
    self.rowsPerBlock = rowsPerBlock
    var steps = Set(histories.flatMap(\.steps))
    if spareColumns { for step in Array(steps) { steps.insert(step &+ 1) } }
    columns = steps.sorted().map { TileColumn(step: $0, epoch: nil) }
  }

  func advance() -> Bool {
    guard next < histories.count else { return false }
    let part = histories[next..<min(next + rowsPerBlock, histories.count)]
    next += part.count
    rows = .integers(part.map(\.index))
    block = CellBlock(rowCount: part.count, columnCount: columns.count, valueType)
    for (row, history) in part.enumerated() {
      for (step, bits) in zip(history.steps, history.bits) {
        let column = columns.firstIndex { $0.step == step } ?? 0
        block.set(block.cell(row: row, column: column), to: bits)
      }
    }
    return true
  }
}
