import Testing
@testable import TrackerInterchange
import TrackerModel

/// Decimals beside those of the standard library, which prints the shortest, too.
@Suite struct ShortestDecimalTests {
  private func check(_ value: Double) {
    guard value.isFinite, value.magnitude < 0x1p53, value != value.rounded(.towardZero) else {
      return
    }
    #expect(ValueText.text(value.bitPattern, as: .float64) == value.description)
  }

  private func check(_ value: Float) {
    guard value.isFinite, value.magnitude < 0x1p24, value != value.rounded(.towardZero) else {
      return
    }
    #expect(
      ValueText.text(Widening.widen(value.bitPattern), as: .float32) == value.description)
  }

  @Test(arguments: SeededRandom.seeds) func randomValuesAreAsDescribed(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for _ in 0..<4_000 {
      check(Double(bitPattern: random.next()))
      check(Float(bitPattern: UInt32(truncatingIfNeeded: random.next())))
      check(Double.random(in: -20..<20, using: &random))
      check(Float.random(in: -20..<20, using: &random))
      // Of few digits.
      check(Double(Int.random(in: 1..<1_000_000, using: &random)) / 1000)
      check(Double(Int.random(in: 1..<1000, using: &random)) * 0x1p-30)
    }
  }

  /// Powers of two have nearer neighbours below than above.
  @Test func powersOfTwoAndTheirNeighboursAreAsDescribed() {
    for exponent in UInt64(0)..<2047 {
      for distance in UInt64(0)..<7 { check(Double(bitPattern: exponent << 52 &+ distance &- 3)) }
    }
    for exponent in UInt32(0)..<255 {
      for distance in UInt32(0)..<7 { check(Float(bitPattern: exponent << 23 &+ distance &- 3)) }
    }
  }

  @Test func linesOfABlockAreTheirValuesTexts() {
    let values: [UInt64] =
      [
        0.1, -0.0, 1e-300, -2.5, 1 / 3, 16_777_216, 9_007_199_254_740_994, 1e300, .infinity,
        -.infinity, .nan, .leastNonzeroMagnitude, -2.225_073_858_507_201_4e-308, 123_456.789,
      ].map { (value: Double) in value.bitPattern } + [0xFFF8_0000_0000_0001]
    let types: [ValueType] = [.float32, .float64]
    let fields = types.map { InstanceField(name: "\($0)", type: $0) }
    // More than are written at once, with gaps, and with the longest integers.
    var indices = (0..<1000).map { Int64($0) * 7 - 3000 }
    indices[0] = .min
    indices[999] = .max
    let counts = indices.indices.map { $0 % 5 == 3 ? 0 : $0 }
    let columns = [0, 1].map { field in
      indices.indices.map { values[($0 + field * 3) % values.count] }
    }
    let text = InstanceText(.csv, Channel(metric: "ce", mode: .train), fields)
      .text(
        of: InstanceBlock(rows: .integers(indices), pointCounts: counts, values: columns))
    var expected: [UInt8] = []
    for row in indices.indices where counts[row] > 0 {
      expected += "ce,train,,\(indices[row]),\(counts[row])".utf8
      for field in 0..<2 {
        expected.append(UInt8(ascii: ","))
        ValueText.append(columns[field][row], as: types[field], to: &expected)
      }
      expected.append(UInt8(ascii: "\n"))
    }
    #expect(text == expected)
  }
}
