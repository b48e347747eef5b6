/// Memory that is filled from end to end, which the system may give in large pages.
///
/// It then makes hundreds of pages at once at the first touch of one: else that is about a tenth of what
/// reading a whole file takes.
public enum LargePages {
  /// Smaller buffers are hardly faster, and would take whole pages where they need parts.
  private static let least = 4 << 20

  /// An array whose elements may be anything: memory that holds a large result is not filled twice.
  ///
  /// - Precondition: every element is replaced before it is read, or the array given up.
  public static func unfilled<Element: BitwiseCopyable & FixedWidthInteger>(_ count: Int)
    -> [Element]
  {
    // SAFETY: any bits are an integer, and the caller replaces all of them.
    var array = unsafe [Element](unsafeUninitializedCapacity: count) { $1 = count }
    guard count > least / MemoryLayout<Element>.stride else { return array }
    Platform.adviseLargePages(&array)
    return array
  }

  /// Reserves memory for `count` elements of an empty array. A hint: nothing depends on its being taken.
  public static func reserve<Element: BitwiseCopyable>(_ count: Int, in array: inout [Element]) {
    array.reserveCapacity(count)
    guard count > least / MemoryLayout<Element>.stride else { return }
    Platform.adviseLargePages(&array)
  }
}
