import TrackerModel

/// Packs integers of varying width end to end, lowest bits first.
struct BitPacker {
  /// Words that are full, and room.
  private var words: [UInt64] = []
  private var fullWords = 0
  private var pending: UInt64 = 0
  private var pendingBits = 0

  /// Bits appended so far.
  var bitCount: Int { fullWords << 6 + pendingBits }

  mutating func removeAll() {
    fullWords = 0
    pending = 0
    pendingBits = 0
  }

  /// Appends the low `width` bits of `value`, whose other bits are zero; `width` is 0 to 64.
  mutating func append(_ value: UInt64, width: Int) {
    if words.count < fullWords + 2 { words.resize(to: 2 * fullWords + 16) }
    // Shifts by 64 or more give 0 with Swift's smart shifts, which the edge cases rely on.
    words[fullWords] = pending | value << UInt64(pendingBits)
    let filled = pendingBits + width
    pending = filled < 64 ? words[fullWords] : value >> UInt64(64 - pendingBits)
    fullWords += filled >> 6
    pendingBits = filled & 63
  }

  /// Appends the extra bits of a column: each value less its symbol's base, in its symbol's width.
  mutating func append(
    _ values: Span<UInt64>, symbols: Span<UInt8>, bases: Span<UInt64>, widths: Span<UInt8>
  ) {
    // Room for the widest: 64 bits each.
    if words.count < fullWords + values.count + 2 { words.resize(to: fullWords + values.count + 2) }
    // Out of the packer while it is written.
    var buffer = exchange(&words, with: [])
    defer { words = buffer }
    var sink = Sink(buffer.mutableSpan, fullWords, pending, pendingBits)
    var position = 0
    while position &+ 2 <= values.count {
      let (first, second) = (Int(symbols[position]), Int(symbols[position &+ 1]))
      let low = values[position] &- bases[first]
      let high = values[position &+ 1] &- bases[second]
      let (lowWidth, highWidth) = (UInt64(widths[first]), UInt64(widths[second]))
      if lowWidth &+ highWidth <= 63 {
        sink.append(low | high &<< lowWidth, lowWidth &+ highWidth)
      } else {
        sink.append(low, lowWidth)
        sink.append(high, highWidth)
      }
      position &+= 2
    }
    if position < values.count {
      let symbol = Int(symbols[position])
      sink.append(values[position] &- bases[symbol], UInt64(widths[symbol]))
    }
    let end = sink.end
    (fullWords, pending, pendingBits) = end
  }

  /// Where whole columns are packed to.
  private struct Sink: ~Copyable, ~Escapable {
    private var words: MutableSpan<UInt64>
    private var place: Int
    private var pending: UInt64
    private var used: UInt64

    @_lifetime(copy words)
    @inline(__always)
    init(_ words: consuming MutableSpan<UInt64>, _ place: Int, _ pending: UInt64, _ used: Int) {
      self.words = words
      self.place = place
      self.pending = pending
      self.used = UInt64(used)
    }

    var end: (Int, UInt64, Int) { (place, pending, Int(used)) }

    /// Without a branch: a word that is not full yet is written again.
    @_lifetime(self: copy self)
    @inline(__always)
    mutating func append(_ value: UInt64, _ width: UInt64) {
      let word = pending | value &<< used
      words[place] = word
      let filled = used &+ width
      // 64 − used, less 1, and once more by 1: used may be 0.
      pending = filled < 64 ? word : (value &>> (63 &- used)) &>> 1
      place &+= Int(truncatingIfNeeded: filled &>> 6)
      used = filled & 63
    }
  }

  /// Appends a code for each symbol; codes are of at most 15 bits.
  mutating func append(codesOf symbols: Span<UInt8>, values: Span<UInt64>, widths: Span<UInt8>) {
    let room = fullWords + symbols.count / 4 + 4
    if words.count < room { words.resize(to: room) }
    // Out of the packer while it is written.
    var buffer = exchange(&words, with: [])
    defer { words = buffer }
    var sink = Sink(buffer.mutableSpan, fullWords, pending, pendingBits)
    var position = 0
    // Four codes are 60 bits at most.
    while position &+ 4 <= symbols.count {
      let (first, second) = (Int(symbols[position]), Int(symbols[position &+ 1]))
      let (third, fourth) = (Int(symbols[position &+ 2]), Int(symbols[position &+ 3]))
      let (firstWidth, thirdWidth) = (UInt64(widths[first]), UInt64(widths[third]))
      let low = values[first] | values[second] &<< firstWidth
      let high = values[third] | values[fourth] &<< thirdWidth
      let lowWidth = firstWidth &+ UInt64(widths[second])
      sink.append(
        low | high &<< lowWidth, lowWidth &+ thirdWidth &+ UInt64(widths[fourth]))
      position &+= 4
    }
    while position < symbols.count {
      let symbol = Int(symbols[position])
      sink.append(values[symbol], UInt64(widths[symbol]))
      position &+= 1
    }
    let end = sink.end
    (fullWords, pending, pendingBits) = end
  }

  private static func store(_ words: Span<UInt64>, into output: inout [UInt8], at start: Int) {
    var target = output.mutableSpan
    for place in words.indices { store(words[place], &target, at: start &+ 8 &* place) }
  }

  @inline(__always)
  private static func store(_ word: UInt64, _ bytes: inout MutableSpan<UInt8>, at place: Int) {
    // The last byte first: one bounds check serves all.
    bytes[place &+ 7] = UInt8(truncatingIfNeeded: word >> 56)
    bytes[place] = UInt8(truncatingIfNeeded: word)
    bytes[place &+ 1] = UInt8(truncatingIfNeeded: word >> 8)
    bytes[place &+ 2] = UInt8(truncatingIfNeeded: word >> 16)
    bytes[place &+ 3] = UInt8(truncatingIfNeeded: word >> 24)
    bytes[place &+ 4] = UInt8(truncatingIfNeeded: word >> 32)
    bytes[place &+ 5] = UInt8(truncatingIfNeeded: word >> 40)
    bytes[place &+ 6] = UInt8(truncatingIfNeeded: word >> 48)
  }

  /// Appends all bits to `output`, the last byte filled up with zeros, and begins anew.
  mutating func finish(into output: inout [UInt8]) {
    let start = output.count
    let byteCount = (bitCount + 7) / 8
    output.append(contentsOf: repeatElement(0, count: (fullWords + 1) * 8))
    if words.count <= fullWords { words.resize(to: fullWords + 1) }
    words[fullWords] = pending
    Self.store(words.span.extracting(0...fullWords), into: &output, at: start)
    output.removeLast(output.count - start - byteCount)
    removeAll()
  }
}

/// Reads what `BitPacker` wrote.
struct BitUnpacker {
  private var words: [UInt64]
  private var position = 0
  private let bitCount: Int

  /// Copies `bytes` into whole words, so that reading needs no byte-wise assembly.
  init(_ bytes: Span<UInt8>, reusing buffer: consuming [UInt64] = []) {
    words = buffer
    words.removeAll(keepingCapacity: true)
    words.reserveCapacity(bytes.count / 8 + 2)
    bitCount = bytes.count * 8
    var offset = 0
    while offset + 8 <= bytes.count {
      let part = bytes.extracting(offset..<offset + 8)
      var word: UInt64 = 0
      for byte in 0..<8 { word |= UInt64(part[byte]) << UInt64(8 * byte) }
      words.append(word)
      offset += 8
    }
    var word: UInt64 = 0
    for byte in offset..<bytes.count { word |= UInt64(bytes[byte]) << UInt64(8 * (byte - offset)) }
    words.append(word)
    words.append(0)
  }

  /// Whether the bits not read, less than a byte, are all zero: the one canonical filling.
  var restIsZero: Bool {
    let rest = bitCount - position
    guard rest > 0 else { return true }
    let (word, shift) = (position >> 6, UInt64(position & 63))
    return words[word] >> shift == 0
  }

  /// The next `width` bits, 0 to 64. The caller has checked that they are there.
  @inline(__always)
  mutating func read(_ width: Int) -> UInt64 {
    let word = position >> 6
    let shift = UInt64(position & 63)
    let bits = words[word] &>> shift | words[word + 1] << (64 - shift)
    position += width
    return width == 64 ? bits : bits & (1 &<< UInt64(width) &- 1)
  }

  /// Fills `range` of `target` with each symbol's base plus its extra bits. The caller has checked that
  /// they are there.
  mutating func read(
    _ symbols: Span<UInt8>, bases: Span<UInt64>, widths: Span<UInt8>,
    into target: inout MutableSpan<UInt64>, _ range: Range<Int>
  ) {
    position = fill(&target, range, symbols, bases, widths)
  }

  /// - Returns: the bit behind those read.
  private func fill(
    _ target: inout MutableSpan<UInt64>, _ range: Range<Int>, _ symbols: Span<UInt8>,
    _ bases: Span<UInt64>, _ widths: Span<UInt8>
  ) -> Int {
    let source = words.span
    var bit = position
    var cell = range.lowerBound
    while cell &+ 2 <= range.upperBound {
      let (first, second) = (Int(symbols[cell]), Int(symbols[cell &+ 1]))
      let (firstWidth, secondWidth) = (UInt64(widths[first]), UInt64(widths[second]))
      let bits = Self.bits(source, bit)
      bit &+= Int(truncatingIfNeeded: firstWidth)
      // Two at a time where the word that was read has both.
      let both = firstWidth &+ secondWidth <= 63
      let rest = both ? bits &>> firstWidth : Self.bits(source, bit)
      bit &+= Int(truncatingIfNeeded: secondWidth)
      target[cell] = bases[first] &+ Self.low(firstWidth, of: bits)
      target[cell &+ 1] = bases[second] &+ Self.low(secondWidth, of: rest)
      cell &+= 2
    }
    if cell < range.upperBound {
      let symbol = Int(symbols[cell])
      let width = UInt64(widths[symbol])
      target[cell] = bases[symbol] &+ Self.low(width, of: Self.bits(source, bit))
      bit &+= Int(truncatingIfNeeded: width)
    }
    return bit
  }

  /// The low `width` bits, 0 to 64.
  @inline(__always)
  private static func low(_ width: UInt64, of bits: UInt64) -> UInt64 {
    width >= 64 ? bits : bits & (1 &<< width &- 1)
  }

  /// The 64 bits from one on.
  @inline(__always)
  private static func bits(_ words: Span<UInt64>, _ bit: Int) -> UInt64 {
    let (word, shift) = (bit &>> 6, UInt64(truncatingIfNeeded: bit & 63))
    return words[word] &>> shift | (words[word &+ 1] &<< 1) &<< (63 &- shift)
  }

  /// Gives the buffer back; nothing may be read after.
  mutating func takeBuffer() -> [UInt64] { exchange(&words, with: []) }
}
