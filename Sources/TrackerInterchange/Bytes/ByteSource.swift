public import TrackerModel
public import TrackerSystem

/// Where imports come from: bytes in order.
public protocol ByteSource: AnyObject {
  /// What error texts call it.
  var name: String { get }
  /// Fills the front of `buffer` and returns how many bytes it took; 0 only at the end.
  func read(into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int
}

/// The bytes of an open file from its start.
public final class FileSource: ByteSource {
  private let file: FileHandle
  private var position: UInt64 = 0
  public let name: String

  /// Several sources may read one handle, each from the start.
  ///
  /// - Parameter name: what error texts call it; nil for the file's path.
  public init(_ file: FileHandle, name: String? = nil) {
    self.file = file
    self.name = name ?? file.path
  }

  public convenience init(path: String) throws(TrackerError) {
    self.init(try FileHandle(path: path, mode: .read))
  }

  public func read(into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int {
    let count = try file.read(at: position, into: &buffer)
    position += UInt64(count)
    return count
  }
}

/// The bytes of a pipe or another stream, which passes only once.
public final class StreamSource: ByteSource {
  private let file: FileHandle
  public var name: String { file.path }

  public init(_ file: FileHandle) { self.file = file }

  public func read(into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int {
    try file.readOn(into: &buffer)
  }
}

extension StandardInput: ByteSource {
  public var name: String { "standard input" }
}

/// Bytes in memory.
public final class MemorySource: ByteSource {
  public let name: String
  private let bytes: [UInt8]
  private var position = 0

  public init(_ bytes: [UInt8], name: String = "memory") {
    self.bytes = bytes
    self.name = name
  }

  public func read(into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int {
    let count = min(buffer.count, bytes.count - position)
    for offset in 0..<count { buffer[offset] = bytes[position + offset] }
    position += count
    return count
  }
}

/// Collects what is written in memory.
public final class MemorySink: ByteSink {
  public let name = "memory"
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public func write(_ bytes: Span<UInt8>) throws(TrackerError) {
    for position in bytes.indices { self.bytes.append(bytes[position]) }
  }

  public func flush() throws(TrackerError) {}
}
