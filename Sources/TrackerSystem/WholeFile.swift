public import TrackerModel

/// The bytes of a file that is at most `limit` long.
///
/// - Throws: `limitExceeded` where it is longer. Works on files without a size, as under /proc.
public func readWholeFile(path: String, limit: Int) throws(TrackerError) -> [UInt8] {
  let file = try FileHandle(path: path, mode: .read)
  var bytes: [UInt8] = []
  var block = [UInt8](repeating: 0, count: min(limit + 1, 1 << 16))
  while bytes.count <= limit {
    var span = block.mutableSpan
    let count = try Platform.read(file.descriptor, into: &span, path)
    if count == 0 { return bytes }
    bytes.append(contentsOf: block[..<count])
  }
  throw TrackerError(
    .limitExceeded, "read", "the file is longer than \(limit) bytes", file: path)
}

/// Replaces the file at `path` by `bytes`, all or nothing, durable on return.
public func writeFileAtomically(path: String, _ bytes: Span<UInt8>) throws(TrackerError) {
  let output = try OutputFile(path: path, overwriting: true)
  try output.write(bytes)
  try output.commit()
}
