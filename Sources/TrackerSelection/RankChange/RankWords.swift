import TrackerModel

/// How a value and its row are packed into words to be sorted: one word where 32 bits say the value's
/// rank, as they do for float32, else two.
struct RankWords: Sendable {
  /// Words of each pair.
  let stride: Int

  init(_ type: ValueType) { stride = type == .float32 ? 1 : 2 }

  /// Appends a pair.
  ///
  /// - Parameter bits: of a value that is no NaN, widened; a float32 where `stride` is 1.
  @inline(__always)
  func append(_ bits: UInt64, _ row: UInt32, to words: inout [UInt64]) {
    if stride == 1 {
      words.append(UInt64(Self.narrowRank(Widening.narrowWidened(bits))) << 32 | UInt64(row))
    } else {
      words.append(ValueOrder.rank(bits))
      words.append(UInt64(row))
    }
  }

  /// Appends the pairs of all values that are no NaN, where `stride` is 1.
  func append(_ values: Span<UInt32>, _ rows: Span<UInt32>, to words: inout [UInt64]) {
    let start = words.count
    words.append(contentsOf: repeatElement(0, count: values.count))
    var target = words.mutableSpan
    var place = start
    for row in values.indices {
      let bits = values[row]
      target[place] = UInt64(Self.narrowRank(bits)) << 32 | UInt64(rows[row])
      // What is left by a NaN is overwritten.
      place += bits << 1 > 0xFF00_0000 ? 0 : 1
    }
    words.removeLast(words.count - place)
  }

  /// A key whose order is that of `ValueOrder`, zeros being equal.
  @inline(__always)
  private static func narrowRank(_ bits: UInt32) -> UInt32 {
    if bits << 1 == 0 { return 0x8000_0000 }
    return bits >> 31 == 1 ? ~bits : bits | 0x8000_0000
  }

  /// What the pair at a place sorts by.
  @inline(__always)
  func key(_ words: Span<UInt64>, at place: Int) -> UInt64 {
    stride == 1 ? words[place] >> 32 : words[place]
  }

  @inline(__always)
  func key(_ words: [UInt64], at place: Int) -> UInt64 {
    stride == 1 ? words[place] >> 32 : words[place]
  }

  @inline(__always)
  func row(_ words: Span<UInt64>, at place: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: stride == 1 ? words[place] : words[place + 1])
  }

  @inline(__always)
  func row(_ words: [UInt64], at place: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: stride == 1 ? words[place] : words[place + 1])
  }

  /// Sorts pairs by their keys; those of equal keys stay in order.
  ///
  /// A pass for every eleven bits in which keys differ: several times as fast as comparing.
  /// - Parameter scratch: becomes as long as `words`.
  func sort(_ words: inout [UInt64], _ scratch: inout [UInt64]) {
    guard words.count > stride else { return }
    if scratch.count < words.count {
      scratch.append(contentsOf: repeatElement(0, count: words.count - scratch.count))
    } else {
      scratch.removeLast(scratch.count - words.count)
    }
    let differing = differingBits(words.span)
    var shift: UInt64 = 0
    while shift < 64, differing >> shift != 0 {
      if differing >> shift & Self.digitMask != 0 {
        pass(shift, words.span, &scratch)
        swap(&words, &scratch)
      }
      shift += Self.digitBits
    }
  }

  /// The same of words that stay as they are: `sorted` becomes what they are sorted.
  func sort(
    _ words: Span<UInt64>, into sorted: inout [UInt64], _ scratch: inout [UInt64]
  ) {
    Self.resize(&sorted, to: words.count)
    Self.resize(&scratch, to: words.count)
    guard words.count > 0 else { return }
    let differing = differingBits(words)
    var shift: UInt64 = 0
    var isFirst = true
    while shift < 64, differing >> shift != 0 {
      if differing >> shift & Self.digitMask != 0 {
        if isFirst {
          pass(shift, words, &sorted)
        } else {
          pass(shift, sorted.span, &scratch)
          swap(&sorted, &scratch)
        }
        isFirst = false
      }
      shift += Self.digitBits
    }
    guard isFirst else { return }
    var target = sorted.mutableSpan
    for place in words.indices { target[place] = words[place] }
  }

  private static func resize(_ words: inout [UInt64], to count: Int) {
    if words.count < count {
      words.reserveCapacity(count)
      words.append(contentsOf: repeatElement(0, count: count - words.count))
    } else {
      words.removeLast(words.count - count)
    }
  }

  private static let digitBits: UInt64 = 11
  private static let digitMask: UInt64 = (1 << digitBits) - 1

  private func differingBits(_ words: Span<UInt64>) -> UInt64 {
    let first = key(words, at: 0)
    var differing: UInt64 = 0
    var place = 0
    while place < words.count {
      differing |= key(words, at: place) ^ first
      place += stride
    }
    return differing
  }

  private func pass(_ shift: UInt64, _ words: Span<UInt64>, _ target: inout [UInt64]) {
    var starts = [Int](repeating: 0, count: 1 << Int(Self.digitBits))
    var places = starts.mutableSpan
    var place = 0
    while place < words.count {
      places[Int(key(words, at: place) >> shift & Self.digitMask)] += stride
      place += stride
    }
    var next = 0
    for digit in places.indices {
      let count = places[digit]
      places[digit] = next
      next += count
    }
    var target = target.mutableSpan
    place = 0
    while place < words.count {
      let digit = Int(key(words, at: place) >> shift & Self.digitMask)
      let to = places[digit]
      target[to] = words[place]
      if stride == 2 { target[to + 1] = words[place + 1] }
      places[digit] = to + stride
      place += stride
    }
  }
}
