/// The environment's variables and arguments.
public enum Environment {
  public static func value(_ name: String) -> String? { Platform.environment(name) }
}

/// This process.
public enum CurrentProcess {
  public static var id: Int32 { Platform.processID }

  /// Ends at once with `status`; what was not flushed is lost.
  public static func exit(_ status: Int32) -> Never { Platform.exit(status) }
}

/// Times. Monotonic for durations, wall for what is written down.
public enum Clock {
  /// Seconds since 1970.
  public static func wallSeconds() -> Double { Platform.clock(monotonic: false) }

  /// Seconds since an arbitrary moment; never goes back.
  public static func monotonicSeconds() -> Double { Platform.clock(monotonic: true) }

  public static func sleep(seconds: Double) { Platform.sleep(seconds: seconds) }
}
