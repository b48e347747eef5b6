public import TrackerModel

/// The process's standard input, read as a stream.
public final class StandardInput {
  public init() {}

  /// Fills part of `buffer`; 0 only at the end.
  public func read(into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int {
    try Platform.read(0, into: &buffer, "standard input")
  }
}

/// Standard output (data) or standard error (everything else), buffered until `flush()`.
///
/// A reader that closes its pipe early shows as `closedPipe`, which ends a command quietly.
public final class StandardOutput: ByteSink {
  public enum Stream: Int32, Sendable {
    case output = 1
    case error = 2
  }

  public let stream: Stream
  public var name: String { stream == .output ? "standard output" : "standard error" }
  private var buffer: [UInt8] = []

  public init(_ stream: Stream) {
    self.stream = stream
    Platform.ignoreClosedPipes()
  }

  private static let blockSize = 1 << 16

  public func write(_ bytes: Span<UInt8>) throws(TrackerError) {
    if bytes.count >= Self.blockSize {
      // Whole blocks are not copied first.
      try flush()
      return try Platform.write(stream.rawValue, at: nil, bytes, name)
    }
    for position in bytes.indices { buffer.append(bytes[position]) }
    if buffer.count >= Self.blockSize { try flush() }
  }

  public func write(_ text: String) throws(TrackerError) {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= Self.blockSize { try flush() }
  }

  public func flush() throws(TrackerError) {
    guard !buffer.isEmpty else { return }
    var held: [UInt8] = []
    swap(&held, &buffer)
    try Platform.write(stream.rawValue, at: nil, held.span, name)
    held.removeAll(keepingCapacity: true)
    swap(&held, &buffer)
  }
}

/// What is known of the terminal behind a stream.
public enum Terminal {
  public static func isTerminal(_ stream: StandardOutput.Stream) -> Bool {
    Platform.isTerminal(stream.rawValue)
  }

  /// Columns, or nil where the stream is no terminal.
  public static func width(_ stream: StandardOutput.Stream) -> Int? {
    Platform.terminalWidth(stream.rawValue)
  }

  /// Whether to write colours: a terminal whose user has not asked for none (NO_COLOR).
  public static func wantsColor(_ stream: StandardOutput.Stream) -> Bool {
    isTerminal(stream) && (Environment.value("NO_COLOR") ?? "").isEmpty
      && Environment.value("TERM") != "dumb"
  }
}
