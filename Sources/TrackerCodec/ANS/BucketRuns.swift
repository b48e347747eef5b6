/// Runs of buckets, joined where one table for both is shorter than two.
struct BucketRuns {
  /// Behind the last bucket of each run.
  private(set) var ends: [Int] = []
  /// 256 of each run, in slots that stay where they are.
  private var counts: [UInt32] = []
  private var slots: [Int] = []
  private var costs: [Double] = []
  /// What joining each with the next one saves.
  private var savings: [Double] = []
  /// No symbol occurs from here on.
  private var width = 1

  /// What a table costs in bits: less is written, the rest stands for the time to make it.
  private static let tableCost = 40.0
  private static let symbolCost = 6.0

  /// The length of a buffer for the counts of so many buckets: one of three that loops are compiled for.
  static func room(for bucketCount: Int) -> Int {
    bucketCount << 8 <= tinyRoom ? tinyRoom : bucketCount << 8 <= smallRoom ? smallRoom : maxRoom
  }
  static let tinyRoom = 1 << 9
  static let smallRoom = 1 << 13
  static let maxRoom = 1 << 16

  var count: Int { ends.count }
  var cost: Double { costs.reduce(0, +) }

  /// How many symbols occur in the run where there are most.
  var kinds: Int {
    slots.reduce(1) { most, slot in
      max(most, counts[slot << 8..<(slot + 1) << 8].count { $0 > 0 })
    }
  }

  /// - Parameter all: 256 counts of each bucket.
  init(_ all: Span<UInt32>, bucketCount: Int) {
    var total: UInt64 = 0
    for place in 0..<bucketCount << 8 where all[place] > 0 {
      total += UInt64(all[place])
      width = max(width, place & 255 + 1)
    }
    // Buckets of few symbols are joined without a look at what it costs.
    let fewest = max(64, total / 160)
    var sums = [UInt32](repeating: 0, count: bucketCount << 8)
    var (slot, size): (Int, UInt64) = (0, 0)
    for bucket in 0..<bucketCount {
      for symbol in 0..<width {
        let count = all[bucket << 8 | symbol]
        sums[slot << 8 | symbol] &+= count
        size += UInt64(count)
      }
      guard size >= fewest || bucket == bucketCount - 1 else { continue }
      if size > 0 || ends.isEmpty {
        ends.append(bucket + 1)
        slots.append(slot)
        slot += 1
      } else {
        ends[ends.count - 1] = bucket + 1
      }
      size = 0
    }
    counts = sums
    for run in 0..<ends.count { costs.append(cost(slots[run], nil)) }
    for run in 0..<max(0, ends.count - 1) { savings.append(saving(run)) }
  }

  func makeFrequencies(tableBits: Int) -> [SymbolFrequencies] {
    slots.map { slot in
      SymbolFrequencies(
        counts: counts.span.extracting(slot << 8..<(slot + 1) << 8), tableBits: tableBits)
    }
  }

  /// What one table for a run, or for two, costs with the symbols that it codes, in bits.
  private func cost(_ slot: Int, _ other: Int?) -> Double {
    let first = counts.span.extracting(slot << 8..<slot << 8 + width)
    let otherSlot = other ?? slot
    let second = counts.span.extracting(otherSlot << 8..<otherSlot << 8 + width)
    let isBoth: UInt32 = other == nil ? 0 : .max
    var (total, kinds, sum) = (0, 0, 0.0)
    for symbol in first.indices {
      let count = Int(first[symbol] &+ second[symbol] & isBoth)
      guard count > 0 else { continue }
      kinds += 1
      total += count
      sum += Entropy.weighted(count)
    }
    return Entropy.weighted(total) - sum + Self.tableCost + Self.symbolCost * Double(kinds)
  }

  private func saving(_ run: Int) -> Double {
    costs[run] + costs[run + 1] - cost(slots[run], slots[run + 1])
  }

  /// Joins neighbours, those first that save most, while that saves anything.
  mutating func join() {
    while let best = savings.indices.max(by: { savings[$0] < savings[$1] }), savings[best] > 0 {
      join(best)
    }
  }

  mutating func join(toAtMost limit: Int) {
    while ends.count > limit,
      let best = savings.indices.max(by: { savings[$0] < savings[$1] })
    {
      join(best)
    }
  }

  private mutating func join(_ run: Int) {
    let (slot, other) = (slots[run], slots[run + 1])
    costs[run] += costs[run + 1] - savings[run]
    for symbol in 0..<width { counts[slot << 8 | symbol] &+= counts[other << 8 | symbol] }
    slots.remove(at: run + 1)
    ends.remove(at: run)
    costs.remove(at: run + 1)
    savings.remove(at: run)
    if run < savings.count { savings[run] = saving(run) }
    if run > 0 { savings[run - 1] = saving(run - 1) }
  }
}
