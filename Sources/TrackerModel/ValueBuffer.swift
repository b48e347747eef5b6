/// The values of one channel in its own type: four bytes a value where it is float32, eight where it
/// is float64.
///
/// Single values go in and out *widened*, as float64 bits, whatever the type (`Widening`); whole
/// columns are copied from buffer to buffer, as they are where both have one type. Nothing is lost on
/// the way: who puts values into a float32 buffer has float32 values.
public struct ValueBuffer: Sendable, Hashable {
  public private(set) var type: ValueType
  /// The values' bits where the type is float32; else empty.
  public private(set) var float32Bits: [UInt32]
  /// The values' bits where the type is float64; else empty.
  public private(set) var float64Bits: [UInt64]

  /// An empty buffer.
  public init(_ type: ValueType) {
    self.type = type
    float32Bits = []
    float64Bits = []
  }

  public init(float32Bits: [UInt32]) {
    type = .float32
    self.float32Bits = float32Bits
    float64Bits = []
  }

  public init(float64Bits: [UInt64]) {
    type = .float64
    float32Bits = []
    self.float64Bits = float64Bits
  }

  /// Zeros.
  public init(_ type: ValueType, zeros count: Int) {
    self.init(type)
    appendZeros(count)
  }

  /// - Parameter bits: in `type`, not widened.
  public init(_ bits: Span<UInt64>, _ type: ValueType) {
    self.init(type)
    if type == .float32 {
      float32Bits = Array(capacity: bits.count) { target in
        for place in bits.indices { target.append(UInt32(truncatingIfNeeded: bits[place])) }
      }
    } else {
      float64Bits = Array(capacity: bits.count) { target in
        for place in bits.indices { target.append(bits[place]) }
      }
    }
  }

  @inlinable
  public var count: Int { type == .float32 ? float32Bits.count : float64Bits.count }

  /// One value, widened.
  @inlinable
  public subscript(place: Int) -> UInt64 {
    type == .float32 ? Widening.widen(float32Bits[place]) : float64Bits[place]
  }

  /// - Parameter bits: widened from the buffer's type.
  public mutating func set(_ place: Int, to bits: UInt64) {
    if type == .float32 {
      float32Bits[place] = Widening.narrowWidened(bits)
    } else {
      float64Bits[place] = bits
    }
  }

  /// - Parameter bits: widened from the buffer's type.
  public mutating func append(_ bits: UInt64) {
    if type == .float32 {
      float32Bits.append(Widening.narrowWidened(bits))
    } else {
      float64Bits.append(bits)
    }
  }

  public mutating func appendZeros(_ count: Int) {
    if type == .float32 {
      float32Bits.append(contentsOf: repeatElement(0, count: count))
    } else {
      float64Bits.append(contentsOf: repeatElement(0, count: count))
    }
  }

  /// Empties the buffer, for values of any type; keeps its memory.
  public mutating func removeAll(for type: ValueType) {
    self.type = type
    float32Bits.removeAll(keepingCapacity: true)
    float64Bits.removeAll(keepingCapacity: true)
  }

  /// Drops values at the end, or appends zeros.
  public mutating func resize(to count: Int) {
    let surplus = self.count - count
    if surplus < 0 {
      // No more than that: appending would double what there is.
      reserveCapacity(count)
      return appendZeros(-surplus)
    }
    if type == .float32 { float32Bits.removeLast(surplus) } else { float64Bits.removeLast(surplus) }
  }

  /// Takes the memory out, to be filled and given back by `init(float32Bits:)`.
  public mutating func takeFloat32Bits() -> [UInt32] { exchange(&float32Bits, with: []) }

  /// Takes the memory out, to be filled and given back by `init(float64Bits:)`.
  public mutating func takeFloat64Bits() -> [UInt64] { exchange(&float64Bits, with: []) }

  public mutating func reserveCapacity(_ count: Int) {
    if type == .float32 {
      float32Bits.reserveCapacity(count)
    } else {
      float64Bits.reserveCapacity(count)
    }
  }

  /// The same values in no more memory than they need.
  public consuming func compacted() -> ValueBuffer {
    guard max(float32Bits.capacity, float64Bits.capacity) > count + count / 4 + 16 else {
      return self
    }
    var copy = ValueBuffer(type)
    copy.reserveCapacity(count)
    copy.append(0..<count, of: self)
    return copy
  }

  // MARK: Columns

  /// Appends some values of another buffer.
  ///
  /// - Precondition: this buffer's type holds them exactly.
  public mutating func append(_ places: Range<Int>, of other: ValueBuffer) {
    switch (type == .float32, other.type == .float32) {
    case (true, true): float32Bits.append(contentsOf: other.float32Bits[places])
    case (false, false): float64Bits.append(contentsOf: other.float64Bits[places])
    default:
      let start = count
      appendZeros(places.count)
      copy(places, of: other, to: start)
    }
  }

  /// Puts some values of another buffer in the place of those from `start` on.
  ///
  /// - Precondition: this buffer's type holds them exactly.
  public mutating func copy(_ places: Range<Int>, of other: ValueBuffer, to start: Int) {
    let range = start..<start + places.count
    switch (type == .float32, other.type == .float32) {
    case (true, true):
      let source = other.float32Bits.span.extracting(places)
      var cells = float32Bits.mutableSpan
      var target = cells._mutatingExtracting(range)
      for place in source.indices { target[place] = source[place] }
    case (false, false):
      let source = other.float64Bits.span.extracting(places)
      var cells = float64Bits.mutableSpan
      var target = cells._mutatingExtracting(range)
      for place in source.indices { target[place] = source[place] }
    case (false, true):
      let source = other.float32Bits.span.extracting(places)
      var cells = float64Bits.mutableSpan
      var target = cells._mutatingExtracting(range)
      for place in source.indices { target[place] = Widening.widen(source[place]) }
    case (true, false):
      let source = other.float64Bits.span.extracting(places)
      var cells = float32Bits.mutableSpan
      var target = cells._mutatingExtracting(range)
      for place in source.indices { target[place] = Widening.narrowWidened(source[place]) }
    }
  }

  /// Moves some values towards the front, those first that stand first.
  ///
  /// - Precondition: `start` is not beyond where they stand.
  public mutating func move(_ places: Range<Int>, to start: Int) {
    guard start != places.lowerBound else { return }
    let distance = places.lowerBound - start
    if type == .float32 {
      for place in places { float32Bits[place - distance] = float32Bits[place] }
    } else {
      for place in places { float64Bits[place - distance] = float64Bits[place] }
    }
  }

  /// Copies all values' bits in the buffer's type, not widened.
  public var bits: [UInt64] {
    type == .float32 ? float32Bits.map { UInt64($0) } : float64Bits
  }
}

// MARK: Columns with gaps

extension ValueBuffer {
  /// Spreads the values of another buffer from `first` on over up to 64 places from `start` on: those
  /// whose bit of `mask` is 1, the lowest first.
  ///
  /// - Precondition: this buffer's type holds them exactly.
  public mutating func spread(from first: Int, of other: ValueBuffer, to start: Int, mask: UInt64) {
    var (rest, next) = (mask, first)
    if type == .float32, other.type == .float32 {
      let source = other.float32Bits.span
      var target = float32Bits.mutableSpan
      while rest != 0 {
        target[start + rest.trailingZeroBitCount] = source[next]
        next += 1
        rest &= rest &- 1
      }
    } else {
      while rest != 0 {
        set(start + rest.trailingZeroBitCount, to: other[next])
        next += 1
        rest &= rest &- 1
      }
    }
  }

  /// Appends those of up to 64 values of another buffer from `start` on whose bit of `mask` is 1.
  ///
  /// - Precondition: this buffer's type holds them exactly.
  public mutating func append(from start: Int, of other: ValueBuffer, mask: UInt64) {
    var rest = mask
    if type == .float32, other.type == .float32 {
      let source = other.float32Bits.span
      while rest != 0 {
        float32Bits.append(source[start + rest.trailingZeroBitCount])
        rest &= rest &- 1
      }
    } else {
      while rest != 0 {
        append(other[start + rest.trailingZeroBitCount])
        rest &= rest &- 1
      }
    }
  }

  /// Appends up to 64 values of another buffer of the same type: zeros where the bit of `mask` is 0.
  public mutating func append(_ places: Range<Int>, of other: ValueBuffer, elseZero mask: UInt64) {
    if type == .float32 {
      let source = other.float32Bits.span.extracting(places)
      for place in source.indices {
        let keep = UInt32(truncatingIfNeeded: mask &>> UInt64(place) & 1)
        float32Bits.append(source[place] & (0 &- keep))
      }
    } else {
      let source = other.float64Bits.span.extracting(places)
      for place in source.indices {
        float64Bits.append(source[place] & (0 &- (mask &>> UInt64(place) & 1)))
      }
    }
  }

  /// Puts some values of another buffer in the places from `start` on that are named for them.
  ///
  /// - Precondition: this buffer's type holds them exactly; a place for each value.
  public mutating func scatter(
    _ values: Range<Int>, of other: ValueBuffer, to start: Int, at places: Span<Int32>
  ) {
    if type == .float32, other.type == .float32 {
      let source = other.float32Bits.span.extracting(values)
      var target = float32Bits.mutableSpan
      for value in source.indices { target[start + Int(places[value])] = source[value] }
    } else {
      for place in places.indices {
        set(start + Int(places[place]), to: other[values.lowerBound + place])
      }
    }
  }
}

extension Precision {
  /// Rounds all values. Complexity: O(values).
  public func round(_ values: inout ValueBuffer) { values.round(to: self) }
}

extension ValueBuffer {
  fileprivate mutating func round(to precision: Precision) {
    for place in float32Bits.indices {
      float32Bits[place] = UInt32(
        truncatingIfNeeded: precision.rounded(UInt64(float32Bits[place]), .float32))
    }
    for place in float64Bits.indices {
      float64Bits[place] = precision.rounded(float64Bits[place], .float64)
    }
  }
}
