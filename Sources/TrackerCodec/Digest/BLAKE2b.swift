/// BLAKE2b with a digest of 32 bytes and no key (RFC 7693, section 3), of a message made of words.
///
/// Chosen for content digests: as strong as SHA-256, three times as fast without special
/// instructions, and in the standard libraries of many languages (`hashlib.blake2b(digest_size=32)`).
/// The message comes as little-endian 64-bit words; only its end may be shorter.
public struct BLAKE2b: Sendable {
  /// The 32 bytes of a digest.
  public struct Digest: Sendable, Hashable {
    /// Little-endian words.
    public let words: [UInt64]

    /// 64 hexadecimal digits, byte by byte.
    public var hexadecimal: String {
      var text = ""
      for word in words {
        for place in 0..<8 {
          let byte = UInt8(truncatingIfNeeded: word >> UInt64(8 * place))
          text += (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
      }
      return text
    }
  }

  private static let wordsPerBlock = 16
  private static let iv = SIMD8<UInt64>(
    0x6A09_E667_F3BC_C908, 0xBB67_AE85_84CA_A73B, 0x3C6E_F372_FE94_F82B, 0xA54F_F53A_5F1D_36F1,
    0x510E_527F_ADE6_82D1, 0x9B05_688C_2B3E_6C1F, 0x1F83_D9AB_FB41_BD6B, 0x5BE0_CD19_137E_2179)

  private var chain: SIMD8<UInt64>
  /// Bytes compressed so far.
  private var length: UInt64 = 0
  /// Words that wait for their block to be full, and for the block not to be the last.
  private var pending: [UInt64] = []

  public init() {
    chain = Self.iv
    // No key, fan-out and depth of 1, 32 bytes.
    chain[0] ^= 0x0101_0020
  }

  /// Adds words to the message.
  public mutating func append(_ words: Span<UInt64>) {
    var next = 0
    if !pending.isEmpty {
      while next < words.count, pending.count < Self.wordsPerBlock {
        pending.append(words[next])
        next += 1
      }
      guard next < words.count else { return }
      compressPending()
    }
    while words.count - next > Self.wordsPerBlock {
      length += 128
      compress(words, from: next, isLast: false)
      next += Self.wordsPerBlock
    }
    while next < words.count {
      pending.append(words[next])
      next += 1
    }
  }

  public mutating func append(_ word: UInt64) {
    if pending.count == Self.wordsPerBlock { compressPending() }
    pending.append(word)
  }

  private mutating func compressPending() {
    length += 128
    // Out of the value while its span is read.
    var block: [UInt64] = []
    swap(&block, &pending)
    compress(block.span, from: 0, isLast: false)
    block.removeAll(keepingCapacity: true)
    swap(&block, &pending)
  }

  /// The digest of the message.
  ///
  /// - Parameter end: up to 7 bytes behind the words.
  public consuming func finish(_ end: [UInt8] = []) -> Digest {
    precondition(end.count < 8, "whole words are appended")
    var last: UInt64 = 0
    for (place, byte) in end.enumerated() { last |= UInt64(byte) << UInt64(8 * place) }
    if !end.isEmpty, pending.count == Self.wordsPerBlock { compressPending() }
    length += UInt64(8 * pending.count + end.count)
    var block = pending
    if !end.isEmpty { block.append(last) }
    while block.count < Self.wordsPerBlock { block.append(0) }
    compress(block.span, from: 0, isLast: true)
    return Digest(words: (0..<4).map { chain[$0] })
  }

  /// The compression function F.
  private mutating func compress(_ words: Span<UInt64>, from start: Int, isLast: Bool) {
    let block = words.extracting(start..<start + Self.wordsPerBlock)
    let (m0, m1, m2, m3) = (block[0], block[1], block[2], block[3])
    let (m4, m5, m6, m7) = (block[4], block[5], block[6], block[7])
    let (m8, m9, m10, m11) = (block[8], block[9], block[10], block[11])
    let (m12, m13, m14, m15) = (block[12], block[13], block[14], block[15])
    var state = WorkVector(chain, Self.iv, length, isLast)
    // The message's words in the order of each round: SIGMA of the RFC.
    state.mix(
      m0, m1, m2, m3, m4, m5, m6, m7,
      m8, m9, m10, m11, m12, m13, m14, m15)
    state.mix(
      m14, m10, m4, m8, m9, m15, m13, m6,
      m1, m12, m0, m2, m11, m7, m5, m3)
    state.mix(
      m11, m8, m12, m0, m5, m2, m15, m13,
      m10, m14, m3, m6, m7, m1, m9, m4)
    state.mix(
      m7, m9, m3, m1, m13, m12, m11, m14,
      m2, m6, m5, m10, m4, m0, m15, m8)
    state.mix(
      m9, m0, m5, m7, m2, m4, m10, m15,
      m14, m1, m11, m12, m6, m8, m3, m13)
    state.mix(
      m2, m12, m6, m10, m0, m11, m8, m3,
      m4, m13, m7, m5, m15, m14, m1, m9)
    state.mix(
      m12, m5, m1, m15, m14, m13, m4, m10,
      m0, m7, m6, m3, m9, m2, m8, m11)
    state.mix(
      m13, m11, m7, m14, m12, m1, m3, m9,
      m5, m0, m15, m4, m8, m6, m2, m10)
    state.mix(
      m6, m15, m14, m9, m11, m3, m0, m8,
      m12, m2, m13, m7, m1, m4, m10, m5)
    state.mix(
      m10, m2, m8, m4, m7, m6, m1, m5,
      m15, m11, m9, m14, m3, m12, m13, m0)
    state.mix(
      m0, m1, m2, m3, m4, m5, m6, m7,
      m8, m9, m10, m11, m12, m13, m14, m15)
    state.mix(
      m14, m10, m4, m8, m9, m15, m13, m6,
      m1, m12, m0, m2, m11, m7, m5, m3)
    chain ^= state.folded
  }
}

/// The 16 words that a block is mixed into.
private struct WorkVector {
  var v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15: UInt64

  @inline(__always)
  init(_ chain: SIMD8<UInt64>, _ iv: SIMD8<UInt64>, _ length: UInt64, _ isLast: Bool) {
    (v0, v1, v2, v3) = (chain[0], chain[1], chain[2], chain[3])
    (v4, v5, v6, v7) = (chain[4], chain[5], chain[6], chain[7])
    (v8, v9, v10, v11) = (iv[0], iv[1], iv[2], iv[3])
    (v12, v13) = (iv[4] ^ length, iv[5])
    (v14, v15) = (isLast ? ~iv[6] : iv[6], iv[7])
  }

  var folded: SIMD8<UInt64> {
    SIMD8(v0 ^ v8, v1 ^ v9, v2 ^ v10, v3 ^ v11, v4 ^ v12, v5 ^ v13, v6 ^ v14, v7 ^ v15)
  }

  /// One round: the function G on each column, then on each diagonal.
  @inline(__always)
  mutating func mix(
    _ x0: UInt64, _ y0: UInt64, _ x1: UInt64, _ y1: UInt64, _ x2: UInt64, _ y2: UInt64,
    _ x3: UInt64, _ y3: UInt64, _ x4: UInt64, _ y4: UInt64, _ x5: UInt64, _ y5: UInt64,
    _ x6: UInt64, _ y6: UInt64, _ x7: UInt64, _ y7: UInt64
  ) {
    Self.mix(&v0, &v4, &v8, &v12, x0, y0)
    Self.mix(&v1, &v5, &v9, &v13, x1, y1)
    Self.mix(&v2, &v6, &v10, &v14, x2, y2)
    Self.mix(&v3, &v7, &v11, &v15, x3, y3)
    Self.mix(&v0, &v5, &v10, &v15, x4, y4)
    Self.mix(&v1, &v6, &v11, &v12, x5, y5)
    Self.mix(&v2, &v7, &v8, &v13, x6, y6)
    Self.mix(&v3, &v4, &v9, &v14, x7, y7)
  }

  // Wrapping is what the RFC asks for: sums are modulo 2^64.
  @inline(__always)
  private static func mix(
    _ a: inout UInt64, _ b: inout UInt64, _ c: inout UInt64, _ d: inout UInt64, _ x: UInt64,
    _ y: UInt64
  ) {
    a = a &+ b &+ x
    d = rotated(d ^ a, 32)
    c = c &+ d
    b = rotated(b ^ c, 24)
    a = a &+ b &+ y
    d = rotated(d ^ a, 16)
    c = c &+ d
    b = rotated(b ^ c, 63)
  }

  @inline(__always)
  private static func rotated(_ word: UInt64, _ count: UInt64) -> UInt64 {
    word &>> count | word &<< (64 &- count)
  }
}
