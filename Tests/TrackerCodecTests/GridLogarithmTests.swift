import Testing

@testable import TrackerCodec

/// The checksums of the Spec's section "Grid logarithm".
@Suite struct GridLogarithmTests {
  @Test(arguments: [(LogarithmCurve.rising, 0x7B61_048B as UInt32), (.falling, 0x9017_2450)])
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
      // Two side by side are the same as one by one.
      for k in start..<min(start + 512, 1 << 23) {
        let code = UInt64(k) + 1
        let both = kernel.values(atCodes: code, code + 1)
        #expect(both.x == kernel.value(at: k).bitPattern)
        #expect(both.y == kernel.value(at: k + 1).bitPattern)
      }
    }
    #expect(checksum == expected)
  }
}
