internal import CZlib

/// Compresses whole buffers into raw deflate streams (RFC 1951), one zlib stream reused for all.
///
/// Not `Sendable`: one owner.
@safe public final class Deflater {
  /// How zlib looks for structure.
  public enum Strategy: Int32, Sendable {
    case normal = 0
    case huffmanOnly = 2
    case runLength = 3
  }

  // SAFETY: allocated and initialised in init, freed in deinit, used only by this object; zlib keeps
  // a pointer to it inside its state, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>

  /// - Parameters:
  ///   - level: zlib's 1 (fast) to 9 (small).
  ///   - memoryLevel: zlib's 1 to 9: how many symbols share a Huffman table (4,096 at 6).
  public init(level: Int32 = 6, strategy: Strategy = .normal, memoryLevel: Int32 = 8) {
    unsafe stream = .allocate(capacity: 1)
    unsafe stream.initialize(to: z_stream())
    let status = unsafe trackerstate_deflate_init(
      stream, level, -15, memoryLevel, strategy.rawValue)
    // Fails only without memory or with arguments outside zlib's ranges.
    precondition(status == Z_OK, "zlib could not start: status \(status)")
  }

  deinit {
    _ = unsafe deflateEnd(stream)
    unsafe stream.deinitialize(count: 1)
    unsafe stream.deallocate()
  }

  /// Appends the compressed form of `input` to `output` and returns its length in bytes.
  @discardableResult
  public func deflate(_ input: Span<UInt8>, into output: inout [UInt8]) -> Int {
    _ = unsafe deflateReset(stream)
    let start = output.count
    // zlib's own bound is too small for some strategies and memory levels: it is a first guess.
    var room = Int(unsafe deflateBound(stream, UInt(input.count))) + 64
    var length = 0
    var status = Z_OK
    repeat {
      output.append(contentsOf: repeatElement(0, count: start + length + room - output.count))
      // SAFETY: zlib reads what is left of the input, `avail_in` bytes, and writes at most `avail_out`
      // bytes behind those it has written; both buffers stay in place during the call.
      unsafe input.withUnsafeBufferPointer { source in
        unsafe output.withUnsafeMutableBufferPointer { target in
          let taken = unsafe length == 0 ? 0 : Int(stream.pointee.total_in)
          unsafe stream.pointee.next_in = source.baseAddress.map {
            unsafe UnsafeMutablePointer(mutating: $0 + taken)
          }
          unsafe stream.pointee.avail_in = UInt32(source.count - taken)
          unsafe stream.pointee.next_out = target.baseAddress.map { unsafe $0 + start + length }
          unsafe stream.pointee.avail_out = UInt32(room)
          status = unsafe CZlib.deflate(stream, Z_FINISH)
          length += unsafe room - Int(stream.pointee.avail_out)
        }
      }
      precondition(
        status == Z_STREAM_END || status == Z_OK || status == Z_BUF_ERROR,
        "zlib refused to go on: status \(status)")
      room = 4096
    } while status != Z_STREAM_END
    output.removeLast(output.count - start - length)
    return length
  }
}
