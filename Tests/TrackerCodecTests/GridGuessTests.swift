import Testing
@testable import TrackerCodec
import TrackerModel

/// Every value of a grid is found on it.
@Suite struct GridGuessTests {
  /// No value of the grid needs a correction or an exception, and its code is its k, or another that
  /// has the same value. (The release builds' runs over all 2²³ + 1 are the same but for the stride.)
  @Test(arguments: [LogarithmCurve.rising, .falling])
  func valuesOfGridsAreFound(_ curve: LogarithmCurve) {
    let logarithm = GridLogarithm(curve)
    for precision in ValuePrecision.allCases {
      let grid = LogarithmGrid.of(curve, precision)
      let shift = 23 - precision.mantissaBits
      let step = precision == .float32 ? 293 : 1
      var ks = Array(stride(from: Int32(0), through: grid.highestK, by: step))
      // Densely where segments of the table meet, where values are least, and at the end.
      if precision == .float32 {
        ks += 1..<500
        ks += grid.highestK - 500...grid.highestK
        for segment in Int32(1)..<1024 { ks += (segment << 13) - 4..<(segment << 13) + 4 }
      }
      let values = ks.map {
        UInt64(precision.widen(precision.round(logarithm.kernel.value(at: $0 << Int32(shift)))))
      }
      var codes = [UInt64](repeating: 0, count: values.count)
      var misfits = Misfits()
      var target = codes.mutableSpan
      grid.encode(values.span, firstCell: 0, into: &target, &misfits)
      #expect(misfits.correctedCells.isEmpty && misfits.exceptionCells.isEmpty)
      var others = 0
      for cell in values.indices where codes[cell] != UInt64(ks[cell]) + 1 {
        others += 1
        let k = Int32(codes[cell]) - 1
        let value = precision.round(logarithm.kernel.value(at: k << Int32(shift)))
        #expect(UInt64(precision.widen(value)) == values[cell])
      }
      // In float32 nearly all k have values of their own.
      if precision == .float32 { #expect(others * 100 < values.count) }
      // Wide codes are decoded one by one, short ones in fours.
      var wide = values.map { _ in 0 as UInt64 }
      var wideSpan = wide.mutableSpan
      grid.decode(codes.span, into: &wideSpan, from: 0)
      #expect(wide == values)
      let steps = codes.map { UInt32(truncatingIfNeeded: $0) &- 1 }
      var narrow = values.map { _ in 0 as UInt32 }
      var narrowSpan = narrow.mutableSpan
      grid.decode(steps: steps.span, into: &narrowSpan)
      #expect(narrow.map { UInt64($0) } == values)
      var again = values.map { _ in 0 as UInt64 }
      var againSpan = again.mutableSpan
      grid.decode(steps: steps.span, into: &againSpan)
      #expect(again == values)
    }
  }

  /// Below a power of two floats are closer than above it: a grid value between may be that of the float
  /// below.
  @Test(arguments: [LogarithmCurve.rising, .falling])
  func valuesAroundPowersOfTwoComeBack(_ curve: LogarithmCurve) {
    let values = (1...40).flatMap { exponent in
      (-3...3).map { UInt64(UInt32(Int((127 - exponent) << 23) + $0)) }
    }
    for precision in ValuePrecision.allCases {
      let grid = LogarithmGrid.of(curve, precision)
      var codes = [UInt64](repeating: 0, count: values.count)
      var misfits = Misfits()
      var target = codes.mutableSpan
      grid.encode(values.span, firstCell: 0, into: &target, &misfits)
      var found = codes
      var foundSpan = found.mutableSpan
      grid.decode(codes.span, into: &foundSpan, from: 0)
      for (cell, steps) in zip(misfits.correctedCells, misfits.corrections) {
        found[Int(cell)] = UInt64(grid.correct(UInt32(found[Int(cell)]), by: Int(steps)))
      }
      for (cell, bits) in zip(misfits.exceptionCells, misfits.exceptionBits) {
        found[Int(cell)] = bits
      }
      #expect(found == values, "\(precision)")
    }
  }

  /// Floats rise with k, so that codes ascend with the values.
  @Test(arguments: [LogarithmCurve.rising, .falling])
  func gridValuesAscend(_ curve: LogarithmCurve) {
    let logarithm = GridLogarithm(curve)
    let kernel = logarithm.kernel
    var last: Float = 0
    for k in stride(from: Int32(0), through: 1 << 23, by: 257) {
      let value = kernel.value(at: k)
      #expect(value >= last && value < 0.7)
      last = value
    }
    #expect(kernel.value(at: 0).bitPattern == 0)
    #expect(kernel.value(at: 1 << 23).bitPattern == Float(0.693_147_180_559_945_3).bitPattern)
  }
}
