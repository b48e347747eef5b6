import Testing
import TrackerCodec
@testable import TrackerFile
import TrackerModel

/// SplitMix64.
private struct Chances: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Marks say what the integers say that they were made of.
@Suite struct IndexMarksTests {
  static func values(_ seed: UInt64) -> [Int64] {
    var random = Chances(state: seed)
    let lowest: [Int64] = [.min, -1000, -64, 0, 1 << 40, .max - 5000]
    var value = lowest.randomElement(using: &random) ?? 0
    var values: [Int64] = []
    for _ in 0..<Int.random(in: 40..<400, using: &random) {
      values.append(value)
      value += Int64.random(in: 1..<9, using: &random)
    }
    return values
  }

  @Test(arguments: UInt64(0)..<40) func marksAreTheirIntegers(_ seed: UInt64) throws {
    let values = Self.values(seed)
    // A span cannot go through the macro.
    let made = IndexMarks(values.span)
    let marks = try #require(made)
    #expect(marks.integers == values && marks.count == values.count)
    #expect(values.indices.allSatisfy { marks[$0] == values[$0] })
    var random = Chances(state: seed)
    for _ in 0..<30 {
      let bits = 64 * marks.words.count
      let low = Int.random(in: 0...bits, using: &random)
      let high = Int.random(in: low...bits, using: &random)
      let expected = values.filter { (low..<high).contains(Int($0 &- marks.base)) }
      #expect(marks.count(in: low..<high) == expected.count)
      #expect((marks.clipped(to: low..<high)?.integers ?? []) == expected)
    }
  }

  @Test func onlyNearIntegersAreMarked() {
    func ends(_ values: [Int64]) -> ClosedRange<Int>? { IndexMarks(values.span)?.ends }
    #expect(ends([]) == nil)
    #expect(ends([.min, .max]) == nil)
    #expect(ends([0, 40, 63]) == 0...63)
    #expect(ends([0, 40, 6300]) == nil)
  }
}

/// Scans take no more than they gain by.
@Suite struct ScanMemoryTests {
  static func tiles(_ count: Int, rows: Int, isFull: Bool = true, apart: Int64 = 0) -> [TileEntry] {
    (0..<count).map { number in
      var tile = ScanAsideTests.entry(.float32, rows: rows, columns: 1, points: isFull ? nil : 1)
      tile.firstIndex = .integer(Int64(number) * apart)
      tile.lastIndex = .integer(Int64(number) * apart + Int64(rows) - 1)
      if !isFull { tile.statistics.pointCount = rows - 1 }
      return tile
    }
  }

  @Test func whatASufficingScanTakesDoesNotDependOnPoints() {
    let memory = ScanMemory(bytes: 200 << 20, folder: "/tmp")
    func bytes(_ tiles: [TileEntry], canWait: Bool = true) -> Int {
      memory.sufficing(for: tiles) { _ in canWait }.bytes
    }
    let many = bytes(Self.tiles(300, rows: 1_000_000))
    #expect(many < 8 << 20)
    #expect(bytes(Self.tiles(30, rows: 1_000_000)) <= many)
    // All at once where that is no more.
    #expect(bytes(Self.tiles(1, rows: 1_000_000)) < 17 << 20)
    // Tiles that would be decoded in every window.
    #expect(bytes(Self.tiles(30, rows: 1_000_000), canWait: false) == memory.bytes)
    // Those that stand one behind the other are not.
    #expect(bytes(Self.tiles(3000, rows: 10_000, apart: 10_000), canWait: false) < 8 << 20)
    // More than may wait.
    #expect(bytes(Self.tiles(3000, rows: 1_000_000)) == memory.bytes)
    // Nowhere to wait.
    let nowhere = ScanMemory(bytes: 200 << 20)
    #expect(nowhere.sufficing(for: Self.tiles(30, rows: 1_000_000)) { _ in true } == nowhere)
  }
}
