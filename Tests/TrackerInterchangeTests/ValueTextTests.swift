import Testing
import TrackerInterchange
import TrackerModel

@Suite struct ValueTextTests {
  private func text(_ value: Double) -> String { ValueText.text(value.bitPattern, as: .float64) }
  private func text(_ value: Float) -> String {
    ValueText.text(Widening.widen(value.bitPattern), as: .float32)
  }
  private func parse64(_ text: String) throws -> UInt64 {
    try ValueText.parseFloat64(bytes(text).span)
  }
  private func parse32(_ text: String) throws -> UInt32 {
    try ValueText.parseFloat32(bytes(text).span)
  }

  @Test func valuesPrintAsTheShortestTextOfTheirType() {
    #expect(text(Double(0.1)) == "0.1")
    #expect(text(Float(0.1)) == "0.1")
    #expect(text(Double(1)) == "1")
    #expect(text(Double(-0.0)) == "-0")
    #expect(text(Float(-0.0)) == "-0")
    #expect(text(Double(100)) == "100")
    #expect(text(Double(1e-7)) == "1e-07")
    #expect(text(Float(16_777_216)) == "16777216" || text(Float(16_777_216)) == "1.6777216e+07")
    #expect(text(Double.infinity) == "inf")
    #expect(text(-Float.infinity) == "-inf")
    #expect(text(Double.nan) == "nan")
    #expect(text(Float.nan) == "nan")
    #expect(ValueText.text(Widening.widen(0x7FC0_0001), as: .float32) == "nan(0x7fc00001)")
    #expect(ValueText.text(Widening.widen(0xFFC0_0000), as: .float32) == "nan(0xffc00000)")
    #expect(ValueText.text(0xFFF8_0000_0000_0000, as: .float64) == "nan(0xfff8000000000000)")
    // No float32: printed in full rather than wrong.
    #expect(ValueText.text((0.1).bitPattern, as: .float32) == "0.1")
    #expect(ValueText.text((1.0 / 3).bitPattern, as: .float32) == text(Double(1.0 / 3)))
  }

  @Test(arguments: SeededRandom.seeds) func textReadsBackToTheSameBits(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for round in 0..<8_000 {
      var bits64 = random.next()
      // A third each: any bits, of the size of losses, subnormal or NaN.
      if round % 3 == 1 { bits64 = Double.random(in: 0..<10, using: &random).bitPattern }
      if round % 3 == 2 {
        bits64 &= 0x800F_FFFF_FFFF_FFFF
        if round % 2 == 0 { bits64 |= 0x7FF0_0000_0000_0000 }
      }
      let text64 = ValueText.text(bits64, as: .float64)
      #expect(try parse64(text64) == bits64, "\(text64)")

      var bits32 = UInt32(truncatingIfNeeded: random.next())
      if round % 3 == 1 { bits32 = Float.random(in: 0..<10, using: &random).bitPattern }
      if round % 3 == 2 {
        bits32 &= 0x807F_FFFF
        if round % 2 == 0 { bits32 |= 0x7F80_0000 }
      }
      let text32 = ValueText.text(Widening.widen(bits32), as: .float32)
      #expect(try parse32(text32) == bits32, "\(text32)")
    }
    for value in awkwardDoubles {
      #expect(try parse64(text(value)) == value.bitPattern)
      #expect(try parse32(text(Float(value))) == Float(value).bitPattern)
    }
  }

  /// Any decimal rounds as the standard library rounds it, in each type by itself.
  @Test(arguments: SeededRandom.seeds) func decimalsRoundCorrectly(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for _ in 0..<8_000 {
      let digits = Int.random(in: 1...22, using: &random)
      var text = ""
      for _ in 0..<digits { text += "\(Int.random(in: 0...9, using: &random))" }
      let point = Int.random(in: 0...digits, using: &random)
      text.insert(".", at: text.index(text.startIndex, offsetBy: point))
      if Bool.random(using: &random) { text += "e\(Int.random(in: -35...25, using: &random))" }
      if Bool.random(using: &random) { text = "-" + text }
      let expected64 = try #require(Double(text))
      #expect(try parse64(text) == expected64.bitPattern, "\(text)")
      let expected32 = try #require(Float(text))
      if expected32.isFinite {
        #expect(try parse32(text) == expected32.bitPattern, "\(text)")
      } else {
        #expect(throws: ValueText.Failure.outOfRange) { try parse32(text) }
      }
    }
  }

  /// Halfway between two float32 values, and a little to each side: where rounding by way of a
  /// float64 goes wrong.
  @Test(arguments: SeededRandom.seeds) func halvesRoundToEven(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for _ in 0..<2_000 {
      // Integers of 25 bits: exactly halfway where odd.
      let half = UInt64.random(in: 1 << 24..<1 << 25, using: &random) | 1
      for text in ["\(half)", "\(half).0000000001", "\(half - 1).9999999999"] {
        #expect(try parse32(text) == #require(Float(text)).bitPattern, "\(text)")
      }
      let half64 = UInt64.random(in: 1 << 53..<1 << 54, using: &random) | 1
      for text in ["\(half64)", "\(half64).001", "\(half64 - 1).999"] {
        #expect(try parse64(text) == #require(Double(text)).bitPattern, "\(text)")
      }
    }
    // 1 + 2⁻²⁴ + 2⁻⁶⁰: by way of a float64 this becomes 1.
    #expect(try parse32("1.000000059604644775391") == Float(1).nextUp.bitPattern)
  }

  @Test func spellingsOfSpecialValuesAreRead() throws {
    for word in ["inf", "INF", "+inf", "Infinity", "+Infinity", "infinity"] {
      #expect(try parse64(word) == Double.infinity.bitPattern)
      #expect(try parse32(word) == Float.infinity.bitPattern)
    }
    for word in ["-inf", "-Infinity", "-INF"] {
      #expect(try parse64(word) == (-Double.infinity).bitPattern)
    }
    for word in ["nan", "NaN", "NAN", "+nan"] {
      #expect(try parse64(word) == 0x7FF8_0000_0000_0000)
      #expect(try parse32(word) == 0x7FC0_0000)
    }
    #expect(try parse32("-nan") == 0xFFC0_0000)
    #expect(try parse32("nan(0x7F800001)") == 0x7F80_0001)
    // Of the other type, where widening keeps it exact.
    #expect(try parse64("nan(0x7fc00001)") == Widening.widen(0x7FC0_0001))
    #expect(try parse32("nan(0x7ff8000020000000)") == 0x7FC0_0001)
    #expect(throws: ValueText.Failure.notANaN) { try parse32("nan(0x7ff8000000000001)") }
    #expect(throws: ValueText.Failure.notANaN) { try parse32("nan(0x3f800000)") }
    #expect(throws: ValueText.Failure.notANaN) { try parse64("nan(0x7ff0000000000000)") }
  }

  @Test func decimalsAreReadInEveryUsualForm() throws {
    for (text, value) in [
      ("1", 1.0), ("+1", 1), ("1.", 1), (".5", 0.5), ("1e3", 1000), ("1E+03", 1000),
      ("1e-3", 0.001),
      ("-0", -0.0), ("0e99999999999", 0), ("-0.0e-5", -0.0), ("000123", 123),
      ("0.00000000000000000000000000000001", 1e-32), ("1e-400", 0), ("1e-9999999999", 0),
      ("123456789012345678901234567890", 1.2345678901234568e29),
      (String(repeating: "0", count: 400) + "7", 7),
      ("1" + String(repeating: "0", count: 300), 1e300),
    ] {
      #expect(try parse64(text) == value.bitPattern, "\(text)")
    }
  }

  @Test(arguments: [
    "", "-", "+", ".", "e5", "1e", "1e+", "--1", "+-1", "1.2.3", "1,5", " 1", "1 ", "0x10", "0x1p3",
    "1p3", "1_000", "nan()", "nan(0x)", "nan(0x7fc0000)", "-nan(0x7fc00000)", "nan(0x7fc0000g)",
    "infi", "infinit", "NaNs", "i", "1d3", "1f", "٣", "\u{0}", "1\u{0}", "nan(7fc00001)", "true",
  ]) func otherTextIsNoNumber(text: String) {
    #expect(throws: ValueText.Failure.notANumber) { try parse64(text) }
    #expect(throws: ValueText.Failure.notANumber) { try parse32(text) }
  }

  @Test func finiteTextNeverBecomesInfinite() throws {
    #expect(throws: ValueText.Failure.outOfRange) { try parse64("1e309") }
    #expect(throws: ValueText.Failure.outOfRange) { try parse64("-1e999999999999999999999") }
    #expect(throws: ValueText.Failure.outOfRange) { try parse32("3.5e38") }
    #expect(throws: ValueText.Failure.outOfRange) { try parse32("3.4028236e38") }
    #expect(try parse32("3.4028235e38") == Float.greatestFiniteMagnitude.bitPattern)
    #expect(try parse32("1e-50") == 0)
  }
}

@Suite struct IntegerTextTests {
  private func canonical(_ text: String) -> Int64? {
    IntegerText.parseCanonical(bytes(text).span)
  }

  @Test(arguments: SeededRandom.seeds) func integersReadBack(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    for _ in 0..<10_000 {
      let value = Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random)
      var text: [UInt8] = []
      IntegerText.append(value, to: &text)
      #expect(String(decoding: text, as: UTF8.self) == "\(value)")
      #expect(IntegerText.parseCanonical(text.span) == value)
      #expect(IntegerText.parse(text.span) == value)
    }
  }

  @Test func onlyOneTextIsCanonical() {
    #expect(canonical("0") == 0)
    #expect(canonical("-1") == -1)
    #expect(canonical("9223372036854775807") == .max)
    #expect(canonical("-9223372036854775808") == .min)
    for text in [
      "", "-", "-0", "00", "01", "-01", "+1", " 1", "1 ", "1.0", "1e3", "a", "9223372036854775808",
      "-9223372036854775809", "99999999999999999999", "100000000000000000000",
    ] {
      #expect(canonical(text) == nil, "\(text)")
    }
    #expect(IntegerText.parse(bytes("+007").span) == 7)
    #expect(IntegerText.parse(bytes("-0").span) == 0)
    #expect(IntegerText.parse(bytes("-").span) == nil)
    #expect(IntegerText.parse(bytes("9223372036854775808").span) == nil)
  }
}
