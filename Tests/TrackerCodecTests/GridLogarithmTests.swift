import Testing

@testable import TrackerCodec

/// The checksums of the Spec's section "Grid logarithm".
@Suite struct GridLogarithmTests {
  @Test(arguments: [(LogarithmCurve.rising, 0xEBDE_C033 as UInt32), (.falling, 0xAC90_EF83)])
  func everyValueIsThatOfTheSpec(_ curve: LogarithmCurve, checksum expected: UInt32) {
    let grid = GridLogarithm(curve)
    let kernel = grid.kernel
    var checksum: UInt32 = 0
    var bytes: [UInt8] = []
    let piece: Int32 = 1 << 16
    for start in stride(from: 0, through: Int32(1) << 23, by: Int(piece)) {
      bytes.removeAll(keepingCapacity: true)
      for k in start..<min(start + piece, (1 << 23) + 1) {
        let bits = kernel.value(at: k).bitPattern
        for byte in 0..<4 {
          bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(8 * byte)))
        }
      }
      checksum = Checksum.crc32(bytes.span, continuing: checksum)
      // Four side by side are the same as one by one, and those above the grid are themselves.
      let steps =
        (UInt32(start)..<min(UInt32(start) + 513, 1 << 23)).map { $0 } + [.max, 1 << 23 + 1]
      var side = [UInt32](repeating: 7, count: steps.count)
      var span = side.mutableSpan
      let count = kernel.fill(&span, from: steps.span, less: 5)
      #expect(count == steps.count / 4 * 4)
      for place in 0..<count {
        let expected: UInt32 =
          switch steps[place] {
          case .max: 0x8000_0000
          case 1 << 23 + 1: 1 << 23 - 4
          default: kernel.value(at: Int32(steps[place])).bitPattern
          }
        #expect(side[place] == expected)
      }
      #expect(side[count...].allSatisfy { $0 == 7 })
    }
    #expect(checksum == expected)
  }

  @Test(arguments: [
    (LogarithmCurve.rising, ValuePrecision.float16, 0xBA77_B416 as UInt32),
    (.rising, .bfloat16, 0x2051_C9FA), (.falling, .float16, 0x0F9B_36E7),
    (.falling, .bfloat16, 0x21AF_F4C6),
  ])
  func everyValueOfALowerPrecisionIsThatOfTheSpec(
    _ curve: LogarithmCurve, _ precision: ValuePrecision, checksum expected: UInt32
  ) throws {
    let steps = Array(0...UInt32(1) << UInt32(precision.mantissaBits))
    var values = [UInt32](repeating: 0, count: steps.count)
    var span = values.mutableSpan
    LogarithmGrid.of(curve, precision).decode(steps: steps.span, into: &span)
    var bytes: [UInt8] = []
    for value in values {
      let bits = try #require(precision.narrow(value))
      bytes += [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8)]
    }
    #expect(Checksum.crc32(bytes.span) == expected)
  }
}
