/// The values that a pickle numbers to name them again.
///
/// Numbers that count from 0 take a word each. Others, as `pickletools.optimize` leaves them, stand in
/// a table, so that a huge number costs no more than a small one.
struct PickleMemo {
  private var counted: [PickleValue] = []
  private var others: [UInt32: PickleValue] = [:]

  /// How many numbers have a value: the next one that `MEMOIZE` gives.
  var count: Int { counted.count + others.count }

  @inline(__always)
  subscript(number: UInt32) -> PickleValue? {
    if Int(number) < counted.count { return counted[Int(number)] }
    return others.isEmpty ? nil : others[number]
  }

  /// False where there are too many.
  @inline(__always)
  mutating func put(_ value: PickleValue, at number: UInt32) -> Bool {
    if Int(number) == counted.count {
      guard counted.count < InterchangeLimits.maxPickleMemo else { return false }
      if !others.isEmpty { others[number] = nil }
      counted.append(value)
      return true
    }
    if Int(number) < counted.count {
      counted[Int(number)] = value
      return true
    }
    guard others.count < InterchangeLimits.maxPickleSparseMemo else { return false }
    others[number] = value
    return true
  }
}
