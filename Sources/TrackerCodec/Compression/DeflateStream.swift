internal import CZlib

/// Compresses a raw deflate stream (RFC 1951) piece by piece, for streams longer than memory should
/// hold. For buffers that are whole, `Deflater` is simpler.
///
/// Not `Sendable`: one owner.
@safe public final class DeflateStream {
  // SAFETY: as in Deflater.
  private let stream: UnsafeMutablePointer<z_stream>

  /// - Parameter level: zlib's 1 (fast) to 9 (small).
  public init(level: Int32 = 6) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let status = unsafe trackerstate_deflate_init(stream, level, -15, 8, Z_DEFAULT_STRATEGY)
    precondition(status == Z_OK, "zlib could not start: status \(status)")
  }

  deinit {
    _ = unsafe deflateEnd(stream)
    unsafe stream.deinitialize(count: 1)
    unsafe stream.deallocate()
  }

  /// Begins a new stream.
  public func restart() {
    _ = unsafe deflateReset(stream)
  }

  /// Appends what the stream has to say so far to `output`; the rest of it, with its end, where
  /// `finishing`. After that only `restart()` may follow.
  public func deflate(_ input: Span<UInt8>, finishing: Bool, into output: inout [UInt8]) {
    var consumed = 0
    while true {
      let piece = input.extracting(consumed..<min(input.count, consumed + Self.pieceSize))
      let isLast = finishing && consumed + piece.count == input.count
      let (taken, filled) = step(piece, finishing: isLast, into: &output)
      consumed += taken
      // zlib left room in the output only because it had nothing more to say.
      if !filled, consumed == input.count { return }
    }
  }

  private static let pieceSize = 1 << 20
  private static let roomSize = 1 << 16

  /// One call of zlib: the bytes it took, and whether it filled the room it was given.
  private func step(_ input: Span<UInt8>, finishing: Bool, into output: inout [UInt8])
    -> (taken: Int, filled: Bool)
  {
    let start = output.count
    output.append(contentsOf: repeatElement(0, count: Self.roomSize))
    var left = 0
    var room = 0
    // SAFETY: zlib reads `avail_in` bytes and writes at most `avail_out` bytes of the two buffers,
    // which stay in place during the call. It accepts a null input of no bytes.
    unsafe input.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        unsafe stream.pointee.avail_in = UInt32(source.count)
        unsafe stream.pointee.next_out =
          UnsafeMutableBufferPointer(rebasing: target[start...]).baseAddress
        unsafe stream.pointee.avail_out = UInt32(Self.roomSize)
        let status = unsafe CZlib.deflate(stream, finishing ? Z_FINISH : Z_NO_FLUSH)
        precondition(
          status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR,
          "a finished deflate stream was written to: status \(status)")
        left = unsafe Int(stream.pointee.avail_in)
        room = unsafe Int(stream.pointee.avail_out)
      }
    }
    output.removeLast(room)
    return (input.count - left, room == 0)
  }
}
