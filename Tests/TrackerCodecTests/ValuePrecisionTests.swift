import Testing
@testable import TrackerCodec
import TrackerModel

/// The narrow types by their definition: a sign, an exponent and a mantissa.
@Suite struct ValuePrecisionTests {
  struct Layout: Sendable {
    let precision: ValuePrecision
    let mantissaBits: Int
    let bias: Int

    static let all = [
      Layout(precision: .float16, mantissaBits: 10, bias: 15),
      Layout(precision: .bfloat16, mantissaBits: 7, bias: 127),
    ]

    /// The value of finite bits, computed by multiplication.
    func value(_ bits: UInt32) -> Double {
      let mantissa = Double(bits & (1 << UInt32(mantissaBits) - 1))
      let exponent = Int(bits & 0x7FFF) >> mantissaBits
      let scale = Double(sign: .plus, exponent: -mantissaBits, significand: 1)
      let magnitude =
        exponent == 0
        ? Double(sign: .plus, exponent: 1 - bias, significand: 1) * (mantissa * scale)
        : Double(sign: .plus, exponent: exponent - bias, significand: 1) * (1 + mantissa * scale)
      return bits & 0x8000 == 0 ? magnitude : -magnitude
    }

    var infinity: UInt32 { UInt32(2 * bias + 1) << UInt32(mantissaBits) }
  }

  @Test(arguments: Layout.all)
  func everyPatternHasItsValue(_ layout: Layout) {
    let precision = layout.precision
    var failures = 0
    for bits in 0..<UInt32(1 << 16) {
      let wide = precision.widen(bits)
      let magnitude = bits & 0x7FFF
      let expected: UInt32
      if magnitude < layout.infinity {
        expected = Float(layout.value(bits)).bitPattern
      } else {
        // Infinities, and NaN with all their payload at the top of the wider one.
        let payload = magnitude - layout.infinity
        expected = (bits >> 15) << 31 | 0x7F80_0000 | payload << UInt32(23 - layout.mantissaBits)
      }
      if wide != expected || precision.narrow(wide) != bits { failures += 1 }
      // Between two patterns there is none.
      for near in [wide &+ 1, wide &- 1] where precision.narrow(near) != nil { failures += 1 }
    }
    #expect(failures == 0)
  }

  @Test func otherFloatsHaveNoFloat16() {
    var random = SeededRandom(21)
    var failures = 0
    for _ in 0..<100_000 {
      let bits =
        UInt32(truncatingIfNeeded: random.next() >> 32)
        & (random.next() & 1 == 0 ? .max : 0xFFFF_E000)
      guard let half = ValuePrecision.float16.narrow(bits) else {
        // Too large, too fine or between two.
        let value = Double(Float(bitPattern: bits))
        let isMultiple = value * 0x1p24 == (value * 0x1p24).rounded()
        let isShort = bits & 0x1FFF == 0
        if value.magnitude <= 65_504, isMultiple, isShort { failures += 1 }
        continue
      }
      if ValuePrecision.float16.widen(half) != bits { failures += 1 }
    }
    #expect(failures == 0)
  }

  /// Rounding goes to the nearest, to the even one of two as near: at, between and beside all
  /// neighbours from 0 to 1.
  @Test(arguments: Layout.all)
  func roundingIsToNearestEven(_ layout: Layout) {
    let precision = layout.precision
    let one = UInt32(layout.bias) << UInt32(layout.mantissaBits)
    var failures = 0
    for bits in 0..<one {
      let (low, high) = (layout.value(bits), layout.value(bits + 1))
      let middle = Float((low + high) / 2)
      let isTie = Double(middle) == (low + high) / 2
      let even = bits & 1 == 0 ? bits : bits + 1
      if precision.round(Float(low)) != bits { failures += 1 }
      if precision.round(Float(high)) != bits + 1 { failures += 1 }
      // bfloat16's least subnormals have no float32 between them.
      guard isTie else {
        failures += 1
        continue
      }
      if precision.round(middle) != even { failures += 1 }
      if precision.round(middle.nextDown) != bits { failures += 1 }
      if precision.round(middle.nextUp) != bits + 1 { failures += 1 }
    }
    #expect(failures == 0)
  }
}
