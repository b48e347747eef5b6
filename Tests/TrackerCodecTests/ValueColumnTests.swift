import Testing
import TrackerCodec
import TrackerModel

/// Columns of values as training makes them, and as nobody should.
enum Sample: String, CaseIterable {
  case constant, binary, fewDistinct, losses, anyBits, specials, extremes

  func values(_ count: Int, _ type: ValueType, _ random: inout SeededRandom) -> [UInt64] {
    (0..<count).map { _ in
      switch self {
      case .constant: bits(0.25, type)
      case .binary: bits(random.below(2) == 0 ? 0 : 1, type)
      case .fewDistinct: bits(Double(random.below(300)) / 7, type)
      case .losses: bits(Double(random.below(1 << 24)) * Double(random.below(1 << 12)) / 1e10, type)
      case .anyBits: type == .float32 ? random.next() >> 32 : random.next()
      case .specials:
        (type == .float32
          ? [0x7FC0_0000, 0x7F80_0001, 0xFFC1_2345, 0x8000_0000, 0, 1, 0x7F80_0000, 0xFF80_0000]
          : [
            0x7FF8_0000_0000_0000, 0x7FF0_0000_0000_0001, 0xFFF8_0000_DEAD_BEEF, 1 << 63, 0, 1,
            0x7FF0_0000_0000_0000, 0xFFF0_0000_0000_0000,
          ])[random.below(8)]
      case .extremes:
        random.below(2) == 0 ? 0 : type == .float32 ? UInt64(UInt32.max) : .max
      }
    }
  }

  private func bits(_ value: Double, _ type: ValueType) -> UInt64 {
    type == .float32 ? UInt64(Float(value).bitPattern) : value.bitPattern
  }
}

/// SplitMix64: the same numbers everywhere for the same seed.
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

@Suite struct ValueColumnTests {
  @Test(arguments: Sample.allCases, [ValueType.float32, .float64])
  func everyBitPatternIsGivenBack(_ sample: Sample, _ type: ValueType) throws {
    var coder = ValueColumnCoder()
    for count in [0, 1, 2, 15, 16, 17, 255, 256, 257, 5000, 70_000] {
      var random = SeededRandom(UInt64(count) &+ 7)
      let values = sample.values(count, type, &random)
      var bytes: [UInt8] = []
      let coding = coder.encode(
        values.span, type: type, cells: CellRows(column: values.count), into: &bytes)
      var reader = ByteReader(bytes.span, subject: "values")
      var decoded: [UInt64] = []
      let found = try coder.decode(
        &reader, cells: CellRows(column: count), type: type, into: &decoded)
      #expect(decoded == values, "\(sample) \(type) \(count)")
      #expect(reader.remaining == 0)
      #expect(found.mapping == coding.mapping)
      var again: [UInt8] = []
      _ = coder.encode(
        decoded.span, type: type, cells: CellRows(column: count), into: &again)
      #expect(again == bytes)
    }
  }

  @Test func zeroesAndOnesCostLittle() throws {
    var random = SeededRandom(3)
    let values = (0..<65_536).map { _ in
      UInt64(Float(random.below(50) == 0 ? 0 : 1).bitPattern)
    }
    var coder = ValueColumnCoder()
    var bytes: [UInt8] = []
    _ = coder.encode(
      values.span, type: .float32, cells: CellRows(column: values.count), into: &bytes)
    // The entropy of 2 % zeros is 0.14 bits a value.
    #expect(bytes.count < 65_536 / 8 / 3)
  }

  /// Every cut and every flipped bit gives an error or some values, and never a trap.
  @Test(arguments: Sample.allCases, [ValueType.float32, .float64])
  func damagedColumnsAreRefusedOrRead(_ sample: Sample, _ type: ValueType) throws {
    var coder = ValueColumnCoder()
    var random = SeededRandom(11)
    let values = sample.values(60, type, &random)
    var bytes: [UInt8] = []
    _ = coder.encode(values.span, type: type, cells: CellRows(column: values.count), into: &bytes)
    var decoded: [UInt64] = []
    for length in 0..<bytes.count {
      var reader = ByteReader(bytes.span.extracting(..<length), subject: "values")
      do throws(TrackerError) {
        _ = try coder.decode(&reader, cells: CellRows(column: 60), type: type, into: &decoded)
        Issue.record("cut to \(length) of \(bytes.count) bytes and read")
      } catch {
        #expect(error.offset ?? 0 <= UInt64(length))
      }
    }
    for bit in 0..<bytes.count * 8 {
      var damaged = bytes
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      var reader = ByteReader(damaged.span, subject: "values")
      _ = try? coder.decode(&reader, cells: CellRows(column: 60), type: type, into: &decoded)
    }
  }
}
