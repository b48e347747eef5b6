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
  private var strategy: Strategy
  private let level: Int32

  /// - Parameters:
  ///   - level: zlib's 1 (fast) to 9 (small).
  ///   - memoryLevel: zlib's 1 to 9: how many symbols share a Huffman table (4,096 at 6).
  public init(level: Int32 = 6, strategy: Strategy = .normal, memoryLevel: Int32 = 8) {
    self.level = level
    self.strategy = strategy
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
  public func deflate(_ input: Span<UInt8>, with strategy: Strategy, into output: inout [UInt8])
    -> Int
  {
    unsafe deflateReset(stream)
    if strategy != self.strategy {
      _ = unsafe deflateParams(stream, level, strategy.rawValue)
      self.strategy = strategy
    }
    let bound = Int(unsafe deflateBound(stream, UInt(input.count)))
    let start = output.count
    output.append(contentsOf: repeatElement(0, count: bound))
    var length = 0
    // SAFETY: zlib reads `avail_in` bytes and writes at most `avail_out` bytes of the two buffers,
    // which stay in place during the call; the bound makes one call enough.
    unsafe input.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
        unsafe stream.pointee.avail_in = UInt32(source.count)
        unsafe stream.pointee.next_out =
          UnsafeMutableBufferPointer(rebasing: target[start...]).baseAddress
        unsafe stream.pointee.avail_out = UInt32(bound)
        let status = unsafe CZlib.deflate(stream, Z_FINISH)
        precondition(status == Z_STREAM_END, "zlib's bound was too small: status \(status)")
        length = unsafe bound - Int(stream.pointee.avail_out)
      }
    }
    output.removeLast(bound - length)
    return length
  }
}
