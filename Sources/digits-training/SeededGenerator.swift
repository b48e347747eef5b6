/// Random numbers that are the same for the same seeds on every machine and in every version of
/// Swift.
///
/// This is SplitMix64 (G. Steele, D. Lea, C. Flood, *Fast splittable pseudorandom number
/// generators*, 2014). It has no state to save: whoever resumes an epoch makes the epoch's
/// generator anew.
struct SeededGenerator {
  private var state: UInt64

  /// A generator of its own for every list of seeds.
  init(_ seeds: UInt64...) {
    state = 0
    for seed in seeds { state = next() ^ seed }
  }

  mutating func next() -> UInt64 {
    // Arithmetic modulo 2⁶⁴ is what the algorithm is defined by.
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in -1 ..< 1, in steps of 2⁻²³.
  mutating func nextSymmetric() -> Float { Float(next() >> 40) * 0x1p-23 - 1 }

  /// Shuffles in place; written out because the standard library does not promise which order its
  /// own `shuffle` gives.
  mutating func shuffle(_ ids: inout [Int]) {
    guard ids.count > 1 else { return }
    for last in (1..<ids.count).reversed() {
      let other = Int(next().multipliedFullWidth(by: UInt64(last + 1)).high)
      ids.swapAt(last, other)
    }
  }
}
