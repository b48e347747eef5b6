internal import CZlib

/// CRC-32 as in zlib, PNG and gzip (ISO 3309, polynomial EDB88320 reflected).
public enum Checksum {
  /// The checksum of `bytes`, or of all that gave `previous` followed by `bytes`.
  public static func crc32(_ bytes: Span<UInt8>, continuing previous: UInt32 = 0) -> UInt32 {
    // SAFETY: zlib reads `count` bytes of the span.
    unsafe bytes.withUnsafeBufferPointer { buffer in
      // zlib takes an empty buffer, whose address may be null, as a request for the start value.
      buffer.count == 0
        ? previous
        : UInt32(
          truncatingIfNeeded: unsafe crc32_z(UInt(previous), buffer.baseAddress, buffer.count))
    }
  }
}
