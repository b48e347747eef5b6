import TrackerInterchange
import TrackerModel
import TrackerSystem

/// What is imported, in a form that can be read more than once.
///
/// A file is read where it is. Standard input, and pipes that are named like files, are copied to a
/// temporary file first.
final class ImportInput {
  /// What error texts call it.
  let name: String
  /// In bytes.
  let size: UInt64
  private let file: FileHandle?
  private let spool: SpooledInput?

  /// - Parameters:
  ///   - path: of a file, or "-" for standard input.
  ///   - output: where the import's result goes; a stream is kept in its folder.
  init(_ path: String, besides output: String) throws(TrackerError) {
    var stream: (any ByteSource)?
    var file: FileHandle?
    if path == "-" {
      stream = StandardInput()
    } else {
      let handle = try FileHandle(path: path, mode: .read)
      if try handle.isRegularFile() { file = handle } else { stream = StreamSource(handle) }
    }
    self.file = file
    if let stream {
      let spool = try SpooledInput(stream, besides: output)
      (self.spool, name, size) = (spool, spool.name, try spool.size())
    } else {
      (spool, name, size) = (nil, path, try file?.size() ?? 0)
    }
  }

  /// A source of the bytes from the start; it must not outlive the input.
  func makeSource() throws(TrackerError) -> any ByteSource {
    if let spool { return spool.makeSource() }
    return FileSource(try handle())
  }

  /// The bytes for reading anywhere; they must not outlive the input.
  func bytes() throws(TrackerError) -> any RandomAccessBytes {
    if let spool { return spool.bytes }
    return try handle()
  }

  private func handle() throws(TrackerError) -> FileHandle {
    guard let file else { preconditionFailure("an input is a file or a spooled stream") }
    return file
  }
}
