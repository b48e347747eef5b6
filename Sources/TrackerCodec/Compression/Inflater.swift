internal import CZlib
public import TrackerModel

/// Decompresses raw deflate streams (RFC 1951), one zlib stream reused for all.
///
/// Not `Sendable`: one owner.
@safe public final class Inflater {
  // SAFETY: as in Deflater.
  private let stream: UnsafeMutablePointer<z_stream>
  private var isFinished = false

  public init() {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let status = unsafe trackerstate_inflate_init(stream, -15)
    precondition(status == Z_OK, "zlib could not start: status \(status)")
  }

  deinit {
    _ = unsafe inflateEnd(stream)
    unsafe stream.deinitialize(count: 1)
    unsafe stream.deallocate()
  }

  /// Fills `output` with exactly as many bytes as it holds.
  ///
  /// - Throws: `malformed` where the stream is damaged, longer or shorter than that, or followed by
  ///   other bytes.
  public func inflate(_ input: Span<UInt8>, into output: inout MutableSpan<UInt8>)
    throws(TrackerError)
  {
    restart()
    let (consumed, produced) = try inflatePart(input, into: &output)
    guard isFinished, produced == output.count, consumed == input.count else {
      throw TrackerError(
        .malformed, "deflate stream",
        "expected \(output.count) bytes from \(input.count), found \(produced) from \(consumed)"
          + (isFinished ? "" : " without an end"))
    }
  }

  /// Begins a new stream.
  public func restart() {
    _ = unsafe inflateReset(stream)
    isFinished = false
  }

  /// Whether the stream's end was reached.
  public var hasEnded: Bool { isFinished }

  /// Decompresses as much of a stream as fits, for streams longer than memory should hold.
  ///
  /// - Returns: the bytes consumed of `input` and those written to the front of `output`.
  /// - Throws: `malformed` where the stream is damaged.
  public func inflatePart(_ input: Span<UInt8>, into output: inout MutableSpan<UInt8>)
    throws(TrackerError) -> (consumed: Int, produced: Int)
  {
    if isFinished { return (0, 0) }
    let (available, room) = (input.count, output.count)
    // zlib refuses null pointers, which empty buffers may have. Without input it may still have
    // output: what did not fit into the room of the call before.
    var spare: [UInt8] = [0]
    var status: Int32 = 0
    // SAFETY: as in Deflater.deflate.
    unsafe input.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        unsafe spare.withUnsafeMutableBufferPointer { spareRoom in
          unsafe stream.pointee.next_in =
            available == 0
            ? spareRoom.baseAddress : UnsafeMutablePointer(mutating: source.baseAddress)
          unsafe stream.pointee.avail_in = UInt32(available)
          unsafe stream.pointee.next_out = room == 0 ? spareRoom.baseAddress : target.baseAddress
          unsafe stream.pointee.avail_out = UInt32(room)
          status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
        }
      }
    }
    let consumed = unsafe available - Int(stream.pointee.avail_in)
    let produced = unsafe room - Int(stream.pointee.avail_out)
    switch status {
    case Z_STREAM_END: isFinished = true
    case Z_OK, Z_BUF_ERROR: break
    default:
      throw TrackerError(
        .malformed, "deflate stream", "damaged near its byte \(consumed) (zlib status \(status))")
    }
    return (consumed, produced)
  }
}
