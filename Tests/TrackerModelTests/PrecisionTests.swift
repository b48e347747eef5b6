import Testing
import TrackerModel

@Suite struct PrecisionTests {
  /// Bits of one type: any at all, subnormals, and those around powers of two and the infinities.
  static func bits(_ type: ValueType, _ seed: UInt64) -> [UInt64] {
    var state = seed
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state ^ state >> 29) &* 0xBF58_476D_1CE4_E5B9 ^ state >> 32
    }
    let (width, mantissa): (UInt64, UInt64) = type == .float32 ? (32, 23) : (64, 52)
    let mask = UInt64.max >> (64 - width)
    var bits: [UInt64] = [0, 1, 2, 3, 1 << mantissa - 1, 1 << mantissa]
    for _ in 0..<3000 {
      bits.append(next() & mask)
      bits.append(next() & mask & (1 << mantissa - 1) >> (next() % mantissa))
      bits.append(((next() & mask & ~(1 << mantissa - 1)) &+ (next() % 5) &- 2) & mask)
    }
    return bits + bits.map { $0 ^ 1 << (width - 1) }
  }

  static func value(_ bits: UInt64, _ type: ValueType) -> Double {
    type == .float32
      ? Double(Float(bitPattern: UInt32(bits))) : Double(bitPattern: bits)
  }

  static let settings = [1, 2, 7, 10, 22, 23, 24, 37, 51, 52]

  @Test(arguments: settings, [ValueType.float32, .float64])
  func theErrorStaysWithinTheBound(_ keep: Int, _ type: ValueType) throws {
    let precision = try Precision(keepMantissaBits: keep)
    for bits in Self.bits(type, 1) {
      let rounded = precision.rounded(bits, type)
      let (exact, found) = (Self.value(bits, type), Self.value(rounded, type))
      if exact.isNaN || exact.isInfinite || exact == 0 {
        #expect(rounded == bits)
        continue
      }
      #expect(found.isFinite && found.sign == exact.sign)
      // Exact: both are powers of two and multiples of the lowest bit, or below the least normal,
      // where the bound is compared after scaling.
      let scale = abs(exact) < 0x1p-900 ? 0x1p200 : 0x1p-1
      let bound = abs(exact * scale) / Double(1 << keep)
      #expect(abs(found * scale - exact * scale) * 2 <= bound, "\(String(bits, radix: 16))")
      #expect(precision.rounded(rounded, type) == rounded)
    }
  }

  @Test(arguments: settings, [ValueType.float32, .float64])
  func theOrderStays(_ keep: Int, _ type: ValueType) throws {
    let precision = try Precision(keepMantissaBits: keep)
    let sorted = Self.bits(type, 2).filter { !Self.value($0, type).isNaN }
      .sorted { Self.value($0, type) < Self.value($1, type) }
    var last = -Double.infinity
    for bits in sorted {
      let value = Self.value(precision.rounded(bits, type), type)
      #expect(value >= last)
      last = value
    }
  }

  @Test(arguments: settings)
  func aWidenedValueRoundsAlike(_ keep: Int) throws {
    let precision = try Precision(keepMantissaBits: keep)
    for bits in Self.bits(.float32, 3) {
      let wide = Widening.widen(UInt32(bits))
      let rounded = precision.rounded(wide, .float64)
      // But for those that would be infinite in float32.
      guard let narrow = Widening.narrow(rounded) else {
        #expect(precision.rounded(bits, .float32) == bits)
        continue
      }
      #expect(UInt64(narrow) == precision.rounded(bits, .float32))
    }
  }

  @Test func tiesGoToEven() throws {
    let precision = try Precision(keepMantissaBits: 2)
    for (value, expected): (Float, Float) in [
      (1.125, 1), (1.375, 1.5), (1.126, 1.25), (1.374, 1.25), (1.875, 2), (-1.375, -1.5),
      // Subnormals of the lowest bits 9 and 11.
      (Float(bitPattern: 9), Float(bitPattern: 8)), (Float(bitPattern: 11), Float(bitPattern: 12)),
    ] {
      let bits = precision.rounded(UInt64(value.bitPattern), .float32)
      #expect(Float(bitPattern: UInt32(bits)) == expected)
    }
    // A finite value stays finite.
    let greatest = UInt64(Float.greatestFiniteMagnitude.bitPattern)
    #expect(precision.rounded(greatest, .float32) == greatest)
  }

  @Test func thePrecisionIsStated() throws {
    #expect(
      "\(try Precision(keepMantissaBits: 10))"
        == "lossy: 10 mantissa bits kept, relative error at most 2^-11 = 4.9e-4")
    #expect(
      "\(try Precision(keepMantissaBits: 1))"
        == "lossy: 1 mantissa bit kept, relative error at most 2^-2 = 2.5e-1")
    for keep in [0, -1, 53, Int.max] {
      #expect(throws: TrackerError.self) { try Precision(keepMantissaBits: keep) }
      #expect(throws: TrackerError.self) {
        try Parameters(metricKeys: ["ce"], keepMantissaBits: keep)
      }
    }
    #expect(try Parameters(metricKeys: ["ce"]).precision == nil)
  }

  @Test func theCoarsestIsTheOneWithFewestBits() throws {
    let (coarse, fine) = (try Precision(keepMantissaBits: 4), try Precision(keepMantissaBits: 20))
    #expect(Precision.coarsest(coarse, fine) == coarse)
    #expect(Precision.coarsest(fine, coarse) == coarse)
    #expect(Precision.coarsest(nil, fine) == fine)
    #expect(Precision.coarsest(fine, nil) == fine)
    #expect(Precision.coarsest(nil, nil) == nil)
  }
}
