import Foundation
import TrackerCodec
import TrackerFile
import TrackerModel

/// Trackers of random tiles: overlapping and gapped, written over, of both value types, with steps that
/// stand with several epochs, by several writers, in one or more channels.
struct RandomTrackers {
  struct Key: Hashable {
    var channel: Channel
    var index: InstanceIndex
    var step: Int64
  }

  struct Point: Hashable {
    /// Widened.
    var bits: UInt64
    var epoch: Int64?

    func contradicts(_ other: Point) -> Bool {
      bits != other.bits || (epoch != nil && other.epoch != nil && epoch != other.epoch)
    }
  }

  /// As files, in the order of `contents`.
  private(set) var storages: [MemoryStorage] = []
  /// What each holds: of points written over the last.
  private(set) var contents: [[Key: Point]] = []

  private var chances: MergePropertyTests.Chances
  private let type: IndexType
  private let rows: [InstanceIndex]
  private let conflicts: Bool

  init(seed: UInt64) throws {
    chances = MergePropertyTests.Chances(state: seed &* 0x1234_5677 &+ 1)
    type = seed % 3 == 1 ? .string : .int64
    conflicts = seed % 2 == 0
    let count = Int.random(in: 1...300, using: &chances)
    let spread = [1, 1, 3, 1_000_003].randomElement(using: &chances) ?? 1
    var rows: [InstanceIndex] = []
    for row in 0..<count {
      let number = Int64(row - count / 3) * Int64(spread)
      rows.append(type == .int64 ? .integer(number) : .string(Name("image-\(number)")))
    }
    if type == .int64, seed % 4 == 0 { rows += [.integer(.min), .integer(.max)] }
    self.rows = rows.sorted()
    for tracker in 0..<Int.random(in: 1...7, using: &chances) { try write(tracker) }
  }

  private mutating func write(_ number: Int) throws {
    let storage = MemoryStorage(name: "tracker \(number)")
    let run = try RunIdentity(
      runID: "r", generation: UInt32.random(in: 0...1, using: &chances),
      rank: UInt32.random(in: 0...6, using: &chances), worldSize: 7)
    let writer = try TrackerWriter(
      creating: storage, indexType: type,
      identity: UInt8.random(in: 0..<8, using: &chances) == 0 ? nil : run)
    writer.cores = 1
    var content: [Key: Point] = [:]
    for _ in 0..<Int.random(in: 0...8, using: &chances) {
      try writeTile(writer, &content)
      if Bool.random(using: &chances) {
        try writer.commit(step: 1, epoch: nil, wallTime: nil, durability: .wholeFile)
      }
    }
    try writer.commit(step: 1, epoch: nil, wallTime: nil, durability: .wholeFile)
    writer.close()
    storages.append(storage)
    contents.append(content)
  }

  private mutating func writeTile(_ writer: TrackerWriter, _ content: inout [Key: Point]) throws {
    let channel = Channel(
      metric: Bool.random(using: &chances) ? "ce" : "hits", mode: .train, dsID: nil)
    let first = Int.random(in: 0..<rows.count, using: &chances)
    let last = Int.random(in: first..<rows.count, using: &chances)
    var chosen = Array(rows[first...last])
    if Bool.random(using: &chances) {
      chosen = chosen.filter { _ in Bool.random(using: &chances) }
      if chosen.isEmpty { chosen = [rows[first]] }
    }
    var columns: [TileColumn] = []
    for step in Int64(1)...6 where UInt8.random(in: 0..<3, using: &chances) == 0 {
      let epochs: [Int64?] = [step, step, step, nil, step + 1]
      columns.append(
        TileColumn(step: step, epoch: epochs.randomElement(using: &chances) ?? nil))
    }
    if columns.isEmpty { columns = [TileColumn(step: 3, epoch: 3)] }
    let isWide = UInt8.random(in: 0..<6, using: &chances) == 0
    var presence = Presence.all(chosen.count * columns.count)
    var values = ValueBuffer(isWide ? .float64 : .float32)
    let isFull = Bool.random(using: &chances)
    for (place, column) in columns.enumerated() {
      for (row, index) in chosen.enumerated() {
        let cell = place * chosen.count + row
        guard isFull || Bool.random(using: &chances) else {
          presence.remove(cell)
          continue
        }
        let bits = value(index, column)
        values.append(bits)
        content[Key(channel: channel, index: index, step: column.step)] = Point(
          bits: bits, epoch: column.epoch)
      }
    }
    guard values.count > 0 else { return }
    try writer.appendTile(
      channel: channel, rows: IndexColumn(chosen, type: type), columns: columns,
      presence: presence, values: values)
  }

  /// The same for all trackers, but for a few where they may conflict.
  private mutating func value(_ index: InstanceIndex, _ column: TileColumn) -> UInt64 {
    var value = Float(column.step) * 0.37
    if case .integer(let number) = index { value += Float(truncatingIfNeeded(number)) / 64 }
    if case .string(let name) = index { value += Float(name.utf8.count) }
    if conflicts, UInt8.random(in: 0..<40, using: &chances) == 0 { value += 1 }
    return Double(value).bitPattern
  }

  private func truncatingIfNeeded(_ number: Int64) -> Int16 { Int16(truncatingIfNeeded: number) }

  /// What conflicts there are: keys for which two trackers hold what cannot both be.
  var conflictCount: Int {
    var count = 0
    for key in Set(contents.flatMap(\.keys)) {
      let points = contents.compactMap { $0[key] }
      if points.contains(where: { one in points.contains { one.contradicts($0) } }) { count += 1 }
    }
    return count
  }

  var keys: Set<Key> { Set(contents.flatMap(\.keys)) }

  func readers() throws -> [TrackerReader] {
    try storages.map { storage throws in try TrackerReader(storage) }
  }
}
