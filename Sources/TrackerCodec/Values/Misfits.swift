/// The values of a column that their mapping does not give back exactly, in the order of their cells.
struct Misfits {
  /// Cells whose value is one ulp above (+1) or below (−1) what its code gives.
  private(set) var correctedCells: [UInt32] = []
  private(set) var corrections: [Int8] = []
  /// Cells whose code is only a stand-in, and their bits.
  private(set) var exceptionCells: [UInt32] = []
  private(set) var exceptionBits: [UInt64] = []

  mutating func removeAll() {
    correctedCells.removeAll(keepingCapacity: true)
    corrections.removeAll(keepingCapacity: true)
    exceptionCells.removeAll(keepingCapacity: true)
    exceptionBits.removeAll(keepingCapacity: true)
  }

  mutating func appendCorrection(_ steps: Int32, at cell: Int) {
    correctedCells.append(UInt32(truncatingIfNeeded: cell))
    corrections.append(Int8(truncatingIfNeeded: steps))
  }

  mutating func appendException(_ bits: UInt64, at cell: Int) {
    exceptionCells.append(UInt32(truncatingIfNeeded: cell))
    exceptionBits.append(bits)
  }
}
