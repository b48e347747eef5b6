/// Writes deflate streams (RFC 1951) of literals only: Huffman codes and no matches, which is what symbols
/// want.
///
/// Several times as fast as zlib with `Z_HUFFMAN_ONLY`, and smaller, because blocks end where what is
/// frequent changes rather than after a fixed number of bytes. Any inflater reads the streams, and they
/// are the same whatever zlib is installed.
struct HuffmanDeflater {
  private var packer = BitPacker()
  /// Symbols of the block so far, and of the next unit.
  private var counts = [UInt32](repeating: 0, count: 256)
  private var unitCounts = [UInt32](repeating: 0, count: 256)
  private var joinedCounts = [UInt32](repeating: 0, count: 256)
  private var lengths = [UInt8](repeating: 0, count: 257)

  /// Blocks are joined from units of so many symbols.
  private static let unit = 2048
  /// What a block's codes cost, about: in all, and for each symbol that occurs. In bits. They take some
  /// 70 bits; the rest is for the time that a reader takes over a block's tables.
  private static let tableCost = 150.0
  private static let symbolCost = 4.2

  private static func cost(_ counts: [UInt32]) -> Double {
    Entropy.bits(counts.span) + tableCost + symbolCost * Double(counts.count { $0 > 0 })
  }

  /// Appends the stream. Complexity: O(input).
  mutating func deflate(_ input: Span<UInt8>, into output: inout [UInt8]) {
    packer.removeAll()
    var start = 0
    var end = min(Self.unit, input.count)
    count(input.extracting(start..<end), &counts)
    var cost = Self.cost(counts)
    while end < input.count {
      let next = min(end + Self.unit, input.count)
      count(input.extracting(end..<next), &unitCounts)
      for symbol in 0..<256 { joinedCounts[symbol] = counts[symbol] &+ unitCounts[symbol] }
      let (unitCost, joinedCost) = (Self.cost(unitCounts), Self.cost(joinedCounts))
      if joinedCost < cost + unitCost {
        swap(&counts, &joinedCounts)
        cost = joinedCost
      } else {
        writeBlock(input.extracting(start..<end), isLast: false)
        start = end
        swap(&counts, &unitCounts)
        cost = unitCost
      }
      end = next
    }
    writeBlock(input.extracting(start..<end), isLast: true)
    packer.finish(into: &output)
  }

  private func count(_ input: Span<UInt8>, _ counts: inout [UInt32]) {
    for symbol in 0..<256 { counts[symbol] = 0 }
    // Of a length that the compiler knows, so that bytes as places need no bounds checks.
    var all = counts.mutableSpan
    var target = all._mutatingExtracting(0..<256)
    for place in input.indices { target[Int(input[place])] &+= 1 }
  }

  // MARK: Blocks

  private static let endOfBlock = 256
  /// The order in which lengths of the lengths' codes are written (RFC 1951, 3.2.7).
  static let lengthOrder = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
  ]

  private mutating func writeBlock(_ input: Span<UInt8>, isLast: Bool) {
    var all = counts
    all.append(1)
    lengths = HuffmanCode.lengths(all, limit: 15)
    let codes = HuffmanCode.codes(lengths)
    packer.append(isLast ? 1 : 0, width: 1)
    packer.append(2, width: 2)
    writeLengths()
    var values = InlineArray<256, UInt64>(repeating: 0)
    var widths = InlineArray<256, UInt8>(repeating: 0)
    for symbol in 0..<256 {
      values[symbol] = UInt64(codes[symbol])
      widths[symbol] = lengths[symbol]
    }
    packer.append(codesOf: input, values: values.span, widths: widths.span)
    packer.append(UInt64(codes[Self.endOfBlock]), width: Int(lengths[Self.endOfBlock]))
  }

  /// Writes the lengths of all codes, runs of equal ones shortened, by a Huffman code of their own.
  private mutating func writeLengths() {
    // No distance code: one length of 0.
    let all = lengths + [0]
    var tokens: [(symbol: Int, extra: UInt64, extraBits: Int)] = []
    var place = 0
    while place < all.count {
      let length = all[place]
      var run = 1
      while place + run < all.count, all[place + run] == length { run += 1 }
      place += run
      if length > 0 {
        tokens.append((Int(length), 0, 0))
        run -= 1
      }
      while run > 0 {
        if length == 0, run >= 11 {
          let part = min(run, 138)
          tokens.append((18, UInt64(part - 11), 7))
          run -= part
        } else if length == 0, run >= 3 {
          let part = min(run, 10)
          tokens.append((17, UInt64(part - 3), 3))
          run -= part
        } else if length > 0, run >= 3 {
          let part = min(run, 6)
          tokens.append((16, UInt64(part - 3), 2))
          run -= part
        } else {
          tokens.append((Int(length), 0, 0))
          run -= 1
        }
      }
    }
    var counts = [UInt32](repeating: 0, count: 19)
    for token in tokens { counts[token.symbol] += 1 }
    let lengthLengths = HuffmanCode.lengths(counts, limit: 7)
    let codes = HuffmanCode.codes(lengthLengths)
    var used = 19
    while used > 4, lengthLengths[Self.lengthOrder[used - 1]] == 0 { used -= 1 }
    packer.append(0, width: 5)  // 257 literal codes
    packer.append(0, width: 5)  // 1 distance code
    packer.append(UInt64(used - 4), width: 4)
    for symbol in Self.lengthOrder.prefix(used) {
      packer.append(UInt64(lengthLengths[symbol]), width: 3)
    }
    for token in tokens {
      packer.append(UInt64(codes[token.symbol]), width: Int(lengthLengths[token.symbol]))
      packer.append(token.extra, width: token.extraBits)
    }
  }
}

/// Huffman's codes (1952), canonical and of limited length, as deflate wants them.
enum HuffmanCode {
  /// The lengths of the codes of symbols that occur so often; 0 for those that do not.
  ///
  /// Where a code would be longer than the limit, counts are halved until none is: that costs next to
  /// nothing, and blocks where it happens are rare. Complexity: O(n log n).
  static func lengths(_ counts: [UInt32], limit: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: counts.count)
    var symbols: [Int] = []
    for symbol in counts.indices where counts[symbol] > 0 { symbols.append(symbol) }
    // A code needs a bit, and inflaters want a complete set of codes: one symbol takes two.
    if symbols.count < 2 {
      let only = symbols.first ?? 0
      result[only] = 1
      result[only == 0 ? 1 : 0] = 1
      return result
    }
    var weights = symbols.map { UInt64(counts[$0]) << 16 | UInt64($0) }
    weights.sort()
    var shift = 0
    while true {
      let depths = depths(weights.map { max(1, ($0 >> 16) >> UInt64(shift)) })
      if depths.allSatisfy({ Int($0) <= limit }) {
        for (place, weight) in weights.enumerated() {
          result[Int(weight & 0xFFFF)] = depths[place]
        }
        return result
      }
      shift += 1
    }
  }

  /// The depths of leaves with ascending weights in Huffman's tree, built from two queues.
  private static func depths(_ weights: [UInt64]) -> [UInt8] {
    let count = weights.count
    // Leaves, then inner nodes in the order they are made, which is that of their weights.
    var nodeWeights = weights
    nodeWeights.reserveCapacity(2 * count)
    var parents = [Int](repeating: 0, count: 2 * count)
    var (leaf, inner) = (0, count)
    func lighter() -> Int {
      if leaf < count, inner >= nodeWeights.count || nodeWeights[leaf] <= nodeWeights[inner] {
        leaf += 1
        return leaf - 1
      }
      inner += 1
      return inner - 1
    }
    while nodeWeights.count < 2 * count - 1 {
      let (first, second) = (lighter(), lighter())
      parents[first] = nodeWeights.count
      parents[second] = nodeWeights.count
      nodeWeights.append(nodeWeights[first] + nodeWeights[second])
    }
    var depths = [UInt8](repeating: 0, count: 2 * count)
    var node = 2 * count - 3
    while node >= 0 {
      depths[node] = min(depths[parents[node]] &+ 1, 64)
      node -= 1
    }
    return Array(depths[..<count])
  }

  /// A code of `length` bits, its first bit lowest, as deflate packs it.
  @inline(__always)
  static func reversed(_ code: UInt16, _ length: UInt8) -> UInt16 {
    var bits = code.byteSwapped
    bits = bits >> 4 & 0x0F0F | (bits & 0x0F0F) << 4
    bits = bits >> 2 & 0x3333 | (bits & 0x3333) << 2
    bits = bits >> 1 & 0x5555 | (bits & 0x5555) << 1
    return bits >> UInt16(16 - length)
  }

  /// The codes of given lengths, bits reversed as deflate packs them.
  static func codes(_ lengths: [UInt8]) -> [UInt16] {
    var counts = [UInt16](repeating: 0, count: 17)
    for length in lengths where length > 0 { counts[Int(length)] += 1 }
    var next = [UInt16](repeating: 0, count: 17)
    for length in 1..<16 { next[length + 1] = (next[length] &+ counts[length]) << 1 }
    return lengths.map { length in
      guard length > 0 else { return 0 }
      let code = next[Int(length)]
      next[Int(length)] &+= 1
      return reversed(code, length)
    }
  }
}
