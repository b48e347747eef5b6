/// Memory that is filled from end to end, which the system may give in large pages.
///
/// It then makes hundreds of pages at once at the first touch of one: else that is about a tenth of what
/// reading a whole file takes.
public enum LargePages {
  /// Smaller buffers are hardly faster, and would take whole pages where they need parts.
  private static let least = 4 << 20

  /// Reserves memory for `count` elements of an empty array. A hint: nothing depends on its being taken.
  public static func reserve<Element: BitwiseCopyable>(_ count: Int, in array: inout [Element]) {
    array.reserveCapacity(count)
    guard count > least / MemoryLayout<Element>.stride else { return }
    Platform.adviseLargePages(&array)
  }
}
