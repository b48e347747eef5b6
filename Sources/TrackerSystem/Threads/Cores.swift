/// The processor's cores.
public enum Cores {
  /// How many this process may use: those of its affinity mask, as `taskset` and batch systems set
  /// it, where the system tells; else those that are switched on. At least 1.
  ///
  /// Asked anew each time, in some 20 µs. A quota of processor time is not seen.
  public static var available: Int {
    // Swift does not see glibc's sched_getaffinity; the kernel says the same here, for any number.
    guard let status = try? readWholeFile(path: "/proc/self/status", limit: 1 << 16),
      let allowed = count(inStatus: String(decoding: status, as: UTF8.self))
    else { return Platform.onlineCoreCount }
    return allowed
  }

  /// What a request for cores comes to: those available for nil, and no more than are of use.
  ///
  /// One owner feeds the others and writes what they give, so more than 16 would only wait for it.
  public static func resolve(_ requested: Int?) -> Int {
    min(max(1, requested ?? available), 16)
  }

  /// The bits of the line `Cpus_allowed:`, which are groups of hexadecimal digits between commas.
  static func count(inStatus text: String) -> Int? {
    guard
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") })
    else { return nil }
    var count = 0
    for digit in line.drop(while: { $0 != ":" }).dropFirst() where !", \t".contains(digit) {
      guard let bits = digit.hexDigitValue else { return nil }
      count += bits.nonzeroBitCount
    }
    return count > 0 ? count : nil
  }
}
