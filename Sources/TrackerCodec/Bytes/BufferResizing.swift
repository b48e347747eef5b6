extension Array where Element: FixedWidthInteger {
  /// Gives a buffer that will be overwritten exactly `count` elements: those it has, and zeros.
  ///
  /// Filling a buffer anew for every column costs as much as a kernel.
  mutating func resize(to count: Int) {
    if isEmpty, capacity < count {
      self = Array(repeating: 0, count: count)
    } else if self.count > count {
      removeLast(self.count - count)
    } else if self.count < count {
      append(contentsOf: repeatElement(0, count: count - self.count))
    }
  }
}
