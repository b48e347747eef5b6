public import TrackerModel
import TrackerSystem

/// A stream kept in a temporary file, so that it can be read more than once.
///
/// Deciding whether all indices are integers takes a pass over the whole input, which a pipe gives
/// only once. The file has no name any more when it is read: whatever ends the process, it goes.
public final class SpooledInput {
  private let file: OutputFile
  /// What error texts call the stream.
  public let name: String

  /// Reads `source` to its end.
  ///
  /// - Parameter path: a path in the folder for the temporary file, such as that of the import's
  ///   result; nothing is written to the path itself.
  public init(_ source: any ByteSource, besides path: String) throws(TrackerError) {
    name = source.name
    file = try OutputFile(path: path, overwriting: true)
    try file.removeName()
    var block = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      var room = block.mutableSpan
      let count = try source.read(into: &room)
      if count == 0 { break }
      try file.write(block.span.extracting(0..<count))
    }
    try file.flush()
  }

  /// A source of the bytes from the start; it must not outlive the spooled input.
  public func makeSource() -> FileSource { FileSource(file.handle, name: name) }

  /// The same bytes for reading anywhere; they must not outlive the spooled input.
  public var bytes: any RandomAccessBytes { file.handle }

  public func size() throws(TrackerError) -> UInt64 { try file.handle.size() }
}
