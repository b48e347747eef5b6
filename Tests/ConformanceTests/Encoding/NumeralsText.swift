/// Writes a stream of numerals from the text of Spec/FORMAT.md: not as the library does it.
struct NumeralsText {
  /// At least; more where more symbols occur.
  var tableBits = 5
  /// How many buckets each table serves but the last, which serves the others.
  var runs: [Int] = []

  /// How many tables of so many states there may be.
  static func maxTables(_ tableBits: Int) -> Int { 8192 >> max(8, tableBits) }

  /// - Parameters:
  ///   - buckets: of each symbol.
  ///   - places: of each symbol in its column, or in the stream.
  ///   - highest: nil where the stream says itself which symbol that is.
  func encode(
    _ symbols: [UInt8], buckets: [Int], places: [Int], bucketCount: Int, highest given: Int?
  ) -> [UInt8] {
    var bits = BitWriter()
    let highest = given ?? Int(symbols.max() ?? 0)
    if given == nil { bits.append(UInt64(highest), 8) }
    var tableOfBucket: [Int] = []
    for (table, run) in runs.enumerated() {
      tableOfBucket += [Int](repeating: table, count: run)
    }
    tableOfBucket += [Int](repeating: runs.count, count: bucketCount - tableOfBucket.count)
    let kinds = Set(symbols).count
    let tableBits = max(self.tableBits, kinds > 32 ? Int.bitWidth - kinds.leadingZeroBitCount : 5)
    let size = 1 << tableBits
    bits.append(UInt64(tableBits), 4)
    bits.appendGolomb(runs.count, 0)
    for run in runs { bits.appendGolomb(run - 1, 1) }

    var tables: [[Int]] = []
    for table in 0...runs.count {
      let own = symbols.indices.filter { tableOfBucket[buckets[$0]] == table }
      tables.append(Self.shares(own.map { symbols[$0] }, size))
    }
    for (table, shares) in tables.enumerated() {
      bits.appendShares(shares, highest: highest, size, before: table > 0 ? tables[table - 1] : nil)
    }

    let laneCount = symbols.count < 256 ? 1 : 4
    var states = [Int](repeating: 0, count: laneCount)
    var steps: [(value: Int, width: Int)] = []
    for place in symbols.indices.reversed() {
      let lane = places[place] % laneCount
      let shares = tables[tableOfBucket[buckets[place]]]
      let found = Self.state(before: states[lane], Int(symbols[place]), shares, tableBits)
      states[lane] = found.state
      steps.append((found.steps, found.width))
    }
    for state in states { bits.append(UInt64(state), tableBits) }
    for step in steps.reversed() { bits.append(UInt64(step.value), step.width) }
    return bits.bytes
      + [UInt8](repeating: 0, count: max(0, symbols.count / 1040 - bits.bytes.count))
  }

  /// Some for each symbol that occurs, the most frequent one having what is left.
  private static func shares(_ symbols: [UInt8], _ size: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: 256)
    for symbol in symbols { counts[Int(symbol)] += 1 }
    // A table that nothing uses has shares, too.
    guard !symbols.isEmpty else { return [size] + [Int](repeating: 0, count: 255) }
    var shares = counts.map { $0 == 0 ? 0 : max(1, ($0 * size / 2) / symbols.count) }
    let usual = counts.indices.max { (counts[$0], -$0) < (counts[$1], -$1) } ?? 0
    shares[usual] += size - shares.reduce(0, +)
    return shares
  }

  /// The state from which a symbol leads to `next`, and by which steps.
  private static func state(
    before next: Int, _ symbol: Int, _ shares: [Int], _ tableBits: Int
  ) -> (state: Int, steps: Int, width: Int) {
    let size = 1 << tableBits
    var taken = [Int](repeating: 0, count: size)
    var state = 0
    for other in 0..<256 {
      for _ in 0..<shares[other] {
        taken[state] = other
        state = (state + size / 2 + size / 8 + 3) % size
      }
    }
    var number = shares[symbol]
    for state in 0..<size where taken[state] == symbol {
      let width = tableBits + 1 - (Int.bitWidth - number.leadingZeroBitCount)
      let base = number << width - size
      if (base..<base + 1 << width).contains(next) { return (state, next - base, width) }
      number += 1
    }
    preconditionFailure("symbol \(symbol) has no share")
  }
}

extension BitWriter {
  mutating func appendGolomb(_ value: Int, _ order: Int) {
    let high = value >> order + 1
    let length = Int.bitWidth - high.leadingZeroBitCount
    append(0, length - 1)
    append(1, 1)
    append(UInt64(high), length - 1)
    append(UInt64(value), order)
  }

  mutating func appendShares(_ shares: [Int], highest: Int, _ size: Int, before: [Int]?) {
    var (rest, last, symbol) = (size, 0, 0)
    while rest > 0, symbol < highest {
      let share = shares[symbol]
      let expected = before.map { ($0[symbol] + last) / 2 } ?? last
      let folded =
        share > 2 * expected
        ? share : share > expected ? 2 * (share - expected) - 1 : 2 * (expected - share)
      appendGolomb(folded, (Int.bitWidth - expected.leadingZeroBitCount) / 2)
      (rest, last) = (rest - share, share)
      symbol += 1
      guard share == 0 else { continue }
      var run = 0
      while symbol + run < highest, shares[symbol + run] == 0 { run += 1 }
      appendGolomb(run, 0)
      symbol += run
    }
  }
}
