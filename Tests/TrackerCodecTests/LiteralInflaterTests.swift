import Testing
import TrackerModel

@testable import TrackerCodec

/// The inflater of literals agrees with zlib, or leaves the stream to it.
@Suite struct LiteralInflaterTests {
  private func inflate(_ stream: [UInt8], count: Int) -> [UInt8]? {
    var inflater = LiteralInflater()
    var output = [UInt8](repeating: 0xEE, count: count)
    var target = output.mutableSpan
    return inflater.inflate(stream.span, into: &target) ? output : nil
  }

  private func inflateByZlib(_ stream: [UInt8], count: Int) -> [UInt8]? {
    var output = [UInt8](repeating: 0, count: count)
    var target = output.mutableSpan
    do throws(TrackerError) {
      try Inflater().inflate(stream.span, into: &target)
      return output
    } catch {
      return nil
    }
  }

  /// Bytes whose frequencies fall off, faster or slower; with codes of 15 bits where they do so fast.
  private func symbols(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
    let (kinds, ratio) = (1 + random.below(256), 1 + random.below(40))
    return (0..<count).map { _ in
      var symbol = 0
      while symbol + 1 < kinds, random.below(ratio + 1) > 0, random.below(3) > 0 { symbol += 1 }
      return UInt8(random.below(20) == 0 ? random.below(kinds) : symbol)
    }
  }

  @Test func whatTheDeflaterWritesIsRead() throws {
    for seed in 0..<UInt64(60) {
      var random = SeededRandom(seed)
      let count = seed < 20 ? Int(seed) : random.below(40_000)
      let input = symbols(count, &random)
      var stream: [UInt8] = []
      var deflater = HuffmanDeflater()
      deflater.deflate(input.span, into: &stream)
      #expect(inflate(stream, count: count) == input, "seed \(seed)")
      #expect(inflateByZlib(stream, count: count) == input, "seed \(seed)")
      // Too short and too long an output are refused.
      #expect(inflate(stream, count: count + 1) == nil, "seed \(seed)")
      if count > 0 { #expect(inflate(stream, count: count - 1) == nil, "seed \(seed)") }
      #expect(inflate(stream + [0], count: count) == nil, "seed \(seed)")
    }
  }

  /// Codes of all lengths up to 15 bits: frequencies that double.
  @Test func longCodesAreRead() {
    var input: [UInt8] = []
    for symbol in 0..<17 {
      input.append(contentsOf: repeatElement(UInt8(symbol), count: 1 << symbol))
    }
    var random = SeededRandom(7)
    for place in input.indices.reversed() { input.swapAt(place, random.below(place + 1)) }
    var stream: [UInt8] = []
    var deflater = HuffmanDeflater()
    deflater.deflate(input.span, into: &stream)
    #expect(inflate(stream, count: input.count) == input)
  }

  /// Matches, runs, stored and fixed blocks are zlib's to read: never read otherwise.
  @Test(arguments: [Deflater.Strategy.normal, .runLength, .huffmanOnly])
  func otherStreamsAreLeftToZlib(_ strategy: Deflater.Strategy) {
    for seed in 0..<UInt64(30) {
      var random = SeededRandom(seed)
      let count = random.below(5000)
      let input =
        seed % 3 == 0
        ? (0..<count).map { _ in UInt8(random.below(256)) } : symbols(count, &random)
      let deflater = Deflater(level: 6, strategy: strategy, memoryLevel: 8)
      var stream: [UInt8] = []
      _ = deflater.deflate(input.span, into: &stream)
      let found = inflate(stream, count: count)
      #expect(found == nil || found == input, "seed \(seed)")
    }
  }

  /// Whatever is read of a damaged stream, zlib reads the same.
  @Test func damagedStreamsAreNotReadOtherwise() {
    var readCount = 0
    for seed in 0..<UInt64(40) {
      var random = SeededRandom(seed)
      let count = 1 + random.below(600)
      let input = symbols(count, &random)
      var stream: [UInt8] = []
      var deflater = HuffmanDeflater()
      deflater.deflate(input.span, into: &stream)
      for _ in 0..<60 {
        var damaged = stream
        switch random.below(3) {
        case 0: damaged[random.below(damaged.count)] ^= 1 << UInt8(random.below(8))
        case 1: damaged[random.below(damaged.count)] = UInt8(random.below(256))
        default: damaged.removeLast(1 + random.below(damaged.count))
        }
        guard let found = inflate(damaged, count: count) else { continue }
        readCount += 1
        #expect(inflateByZlib(damaged, count: count) == found, "seed \(seed)")
      }
    }
    // Some damage is a change of literals alone.
    #expect(readCount > 0)
  }
}
