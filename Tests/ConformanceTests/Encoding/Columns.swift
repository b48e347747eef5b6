import TrackerCodec
import TrackerModel

/// How bytes that may be coded are written. The library's own writer would store most of these few.
enum BytePlan: CaseIterable {
  case stored
  /// zlib's level 6: fixed or dynamic codes, with matches.
  case deflated
  /// A deflate stream of stored blocks.
  case storedBlocks
  case huffmanOnly
  case runLengths
  /// A stream of one block for every three bytes, with fixed codes, ended by an empty one.
  case manyBlocks
  /// Symbols only: numerals of one table.
  case numerals

  var isDeflated: Bool { self != .stored && self != .numerals }

  func deflate(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    switch self {
    case .stored: return bytes
    case .deflated: Deflater(level: 6, memoryLevel: 8).deflate(bytes.span, into: &output)
    case .storedBlocks: Deflater(level: 0).deflate(bytes.span, into: &output)
    case .huffmanOnly:
      Deflater(level: 6, strategy: .huffmanOnly, memoryLevel: 9).deflate(bytes.span, into: &output)
    case .runLengths:
      Deflater(level: 6, strategy: .runLength, memoryLevel: 6).deflate(bytes.span, into: &output)
    case .manyBlocks: return Self.fixedBlocks(bytes)
    case .numerals: preconditionFailure("only symbols are numerals")
    }
    return output
  }

  private static func fixedBlocks(_ bytes: [UInt8]) -> [UInt8] {
    var bits = BitWriter()
    func code(_ byte: Int) -> (UInt64, Int) {
      byte < 144 ? (UInt64(0x30 + byte), 8) : (UInt64(0x190 + byte - 144), 9)
    }
    for start in stride(from: 0, to: bytes.count, by: 3) {
      bits.append(0, 1)
      bits.append(1, 2)
      for byte in bytes[start..<min(start + 3, bytes.count)] {
        let (value, length) = code(Int(byte))
        for bit in (0..<length).reversed() { bits.append(value >> UInt64(bit) & 1, 1) }
      }
      bits.append(0, 7)
    }
    // The last block is empty.
    bits.append(1, 1)
    bits.append(1, 2)
    bits.append(0, 7)
    return bits.bytes
  }
}

/// Bits from the lowest of each byte upwards.
struct BitWriter {
  private(set) var bytes: [UInt8] = []
  private var count = 0

  mutating func append(_ value: UInt64, _ width: Int) {
    for bit in 0..<width {
      if count & 7 == 0 { bytes.append(0) }
      if value >> UInt64(bit) & 1 == 1 { bytes[count >> 3] |= 1 << UInt8(count & 7) }
      count += 1
    }
  }
}

/// A table of symbols: their bases and widths.
struct SymbolTableText {
  var bases: [UInt64]
  var widths: [Int]

  static let magnitude: SymbolTableText = {
    var table = SymbolTableText(bases: [0, 1, 2, 3], widths: [0, 0, 0, 0])
    for symbol in 4..<252 {
      let length = 3 + (symbol - 4) / 4
      table.bases.append(UInt64(4 + symbol % 4) << UInt64(length - 3))
      table.widths.append(length - 3)
    }
    return table
  }()

  static func direct(_ count: Int) -> SymbolTableText {
    SymbolTableText(
      bases: (0..<UInt64(count)).map { $0 }, widths: [Int](repeating: 0, count: count))
  }

  /// Intervals of these lengths, as powers of two.
  init(widths: [Int]) {
    var base: UInt64 = 0
    bases = []
    self.widths = widths
    for width in widths {
      bases.append(base)
      base = width == 64 ? 0 : base &+ (1 << UInt64(width))
    }
  }

  init(bases: [UInt64], widths: [Int]) {
    self.bases = bases
    self.widths = widths
  }

  /// The symbol and extra bits of a value.
  func split(_ value: UInt64) -> (symbol: UInt8, extra: UInt64) {
    var symbol = 0
    while symbol + 1 < bases.count, bases[symbol + 1] <= value { symbol += 1 }
    return (UInt8(symbol), value - bases[symbol])
  }
}

extension [UInt8] {
  /// symbolCoding, symbolBytes, symbols.
  mutating func appendSymbols(
    _ symbols: [UInt8], _ plan: BytePlan, _ numerals: NumeralsText = NumeralsText()
  ) {
    if plan == .numerals, !symbols.isEmpty {
      append(2)
      let last = symbols.count - 1
      var partBits = 10
      while last >> partBits > 255 { partBits += 1 }
      let bytes = numerals.encode(
        symbols, buckets: symbols.indices.map { $0 >> partBits },
        places: symbols.indices.map { $0 },
        bucketCount: last >> partBits + 1, highest: nil)
      appendVarint(bytes.count)
      append(contentsOf: bytes)
      return
    }
    append(plan.isDeflated ? 1 : 0)
    let bytes = plan.deflate(symbols)
    appendVarint(bytes.count)
    append(contentsOf: bytes)
  }

  mutating func appendExtraBits(_ values: [UInt64], _ table: SymbolTableText) {
    var bits = BitWriter()
    for value in values {
      let (symbol, extra) = table.split(value)
      bits.append(extra, table.widths[Int(symbol)])
    }
    appendVarint(bits.bytes.count)
    append(contentsOf: bits.bytes)
  }

  mutating func appendSymbolColumn(
    _ values: [UInt64], _ table: SymbolTableText = .magnitude, _ plan: BytePlan = .stored
  ) {
    appendSymbols(values.map { table.split($0).symbol }, plan)
    appendExtraBits(values, table)
  }

  mutating func appendBins(_ widths: [Int]) {
    append(UInt8(widths.count - 1))
    for width in widths { append(UInt8(width)) }
  }

  mutating func appendByteBlock(_ bytes: [UInt8], _ plan: BytePlan) {
    append(plan.isDeflated ? 1 : 0)
    let coded = plan.deflate(bytes)
    if plan.isDeflated { appendVarint(coded.count) }
    append(contentsOf: coded)
  }

  mutating func appendBitSequence(_ bits: [Bool], _ plan: BitPlan) {
    switch plan {
    case .bitmap, .deflatedBitmap:
      append(0)
      var writer = BitWriter()
      for bit in bits { writer.append(bit ? 1 : 0, 1) }
      appendByteBlock(writer.bytes, plan == .bitmap ? .stored : .deflated)
    case .ones, .zeros, .deflatedOnes:
      append(plan == .zeros ? 2 : 1)
      var gaps: [UInt64] = []
      var gap: UInt64 = 0
      for bit in bits {
        if bit == (plan != .zeros) {
          gaps.append(gap)
          gap = 0
        } else {
          gap += 1
        }
      }
      appendVarint(gaps.count)
      appendSymbolColumn(gaps, .magnitude, plan == .deflatedOnes ? .deflated : .stored)
    }
  }
}

/// How a sequence of bits is written.
enum BitPlan {
  case bitmap, deflatedBitmap, ones, deflatedOnes, zeros
}
