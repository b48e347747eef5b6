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
    // Of a length that the compiler knows, so that bytes as places need no bounds checks.
    let (bases, widths) = (bases.extracting(0..<256), widths.extracting(0..<256))
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

  /// Appends parts of at most 15 bits: bits in the low half of each, how many in the high one.
  mutating func append(parts: Span<UInt32>) {
    let room = fullWords + parts.count / 4 + 4
    if words.count < room { words.resize(to: room) }
    // Out of the packer while it is written.
    var buffer = exchange(&words, with: [])
    defer { words = buffer }
    var sink = Sink(buffer.mutableSpan, fullWords, pending, pendingBits)
    var position = 0
    // Four are 60 bits at most.
    while position &+ 4 <= parts.count {
      let (first, second) = (UInt64(parts[position]), UInt64(parts[position &+ 1]))
      let (third, fourth) = (UInt64(parts[position &+ 2]), UInt64(parts[position &+ 3]))
      let (firstWidth, thirdWidth) = (first &>> 16, third &>> 16)
      let low = first & 0xFFFF | (second & 0xFFFF) &<< firstWidth
      let high = third & 0xFFFF | (fourth & 0xFFFF) &<< thirdWidth
      let lowWidth = firstWidth &+ second &>> 16
      sink.append(low | high &<< lowWidth, lowWidth &+ thirdWidth &+ fourth &>> 16)
      position &+= 4
    }
    while position < parts.count {
      sink.append(UInt64(parts[position] & 0xFFFF), UInt64(parts[position] &>> 16))
      position &+= 1
    }
    let end = sink.end
    (fullWords, pending, pendingBits) = end
  }

  private static func store(_ words: Span<UInt64>, into output: inout [UInt8], at start: Int) {
    var target = output.mutableSpan
    for place in words.indices { target.store(words[place], at: start &+ 8 &* place) }
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
