import Testing
import TrackerModel

/// Buffers of either type hold the same values.
@Suite struct ValueBufferTests {
  /// Zeros, subnormals, infinities, NaNs of either kind, and others.
  static let bits: [UInt32] = [
    0, 0x8000_0000, 1, 0x007F_FFFF, 0x3F80_0000, 0xBF80_0001, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0001,
    0x7F80_0001, 0xFFBF_FFFF,
  ]

  @Test(arguments: [ValueType.float32, .float64], [ValueType.float32, .float64])
  func copiesKeepEveryBit(_ from: ValueType, _ to: ValueType) {
    var source = ValueBuffer(from)
    for bits in Self.bits { source.append(Widening.widen(bits)) }
    let places = 2..<Self.bits.count
    var appended = ValueBuffer(to, zeros: 1)
    appended.append(places, of: source)
    var copied = ValueBuffer(to, zeros: 1 + places.count)
    copied.copy(places, of: source, to: 1)
    #expect(appended == copied)
    #expect(copied.type == to && copied.count == 1 + places.count)
    for place in places { #expect(copied[place - 1] == Widening.widen(Self.bits[place])) }
    var set = copied
    for place in 0..<set.count { set.set(place, to: copied[place]) }
    #expect(set == copied)
  }

  @Test func bitsAreThoseOfTheType() {
    let narrow = ValueBuffer(float32Bits: Self.bits)
    var bits: [UInt64] = Array(repeating: 5, count: 100)
    narrow.copyBits(into: &bits)
    #expect(bits == Self.bits.map(UInt64.init))
    #expect(ValueBuffer(bits.span, .float32) == narrow)
    let wide = ValueBuffer(float64Bits: [1, 2, 3])
    wide.copyBits(into: &bits)
    #expect(bits == [1, 2, 3])
    #expect(ValueBuffer(bits.span, .float64) == wide)
    narrow.copyBits(into: &bits)
    #expect(bits.count == Self.bits.count)
  }

  @Test(arguments: [ValueType.float32, .float64])
  func valuesMoveTowardsTheFront(_ type: ValueType) {
    var buffer = ValueBuffer(type)
    for value in 0..<10 { buffer.append(Double(value).bitPattern) }
    buffer.move(4..<9, to: 2)
    buffer.resize(to: 7)
    let found = (0..<7).map { Double(bitPattern: buffer[$0]) }
    #expect(found == [0, 1, 4, 5, 6, 7, 8])
    buffer.removeAll(for: .float64)
    #expect(buffer == ValueBuffer(.float64))
  }
}
