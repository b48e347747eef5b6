import Testing
import TrackerCodec

/// Digests of messages, made by Python's `hashlib.blake2b(message, digest_size=32)`: word i of a
/// message is i · 0x0123456789ABCDEF modulo 2^64.
@Suite struct BLAKE2bTests {
  static let vectors: [(count: Int, end: [UInt8], digest: String)] = [
    (0, [], "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"),
    (0, [97, 98, 99], "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
    (1, [], "81e47a19e6b29b0a65b9591762ce5143ed30d0261e5d24a3201752506b20f15c"),
    (15, [], "347416affcf7de5cfaf28991e3e52d13c8db8d2ce4144f8c25cec09f2edf231c"),
    (
      15, [1, 2, 3, 4, 5, 6, 7], "72b782acef551482ccf87033b668adebd07f57c651297a556e2192acc5613358"
    ),
    (16, [], "0d55e71455dacb63d871e776bbe28546fc939e3fed35395e14dd1b8380d8d5ca"),
    (16, [255], "fd6171cf487a24b2bc0f5463a1925940d252a3af2b4e3a25adb451125a7ba5cf"),
    (17, [], "075e7ba8b73061465df1a9bc348541f82f775adae66f7f47911f01b94a529da6"),
    (31, [], "2f0cbbf50a556ec25e0cb92fd9e0e7095055de87ac1294693b0229f0a2924715"),
    (32, [], "2d02d1ee2f410391b06e26a5ae3a496a58a67ba9e9d617e429cd40d0397f2ae4"),
    (32, [122], "cd792991848e17cbc0713d81a3fbf507d60e7b1f86542dce37718eb4ab2e3c7b"),
    (33, [], "8b9df71a2fd3aff261b2db8a2aaaea9448ac0cd228d7993c1cbf3d68b5fa4168"),
    (1000, [120, 121], "ea5c0d8745b0c9ff4ce68a5cee8d0092647d8d2388448c45568b36d013ddf821"),
  ]

  static func words(_ count: Int) -> [UInt64] {
    (0..<UInt64(count)).map { $0 &* 0x0123_4567_89AB_CDEF }
  }

  @Test(arguments: vectors) func digestsAreThoseOfAnotherImplementation(
    _ count: Int, _ end: [UInt8], _ digest: String
  ) {
    var hash = BLAKE2b()
    let words = Self.words(count)
    hash.append(words.span)
    #expect(hash.finish(end).hexadecimal == digest)
  }

  /// However a message comes, word by word or in parts, across the ends of blocks.
  @Test func partsDoNotMatter() {
    let words = Self.words(100)
    var whole = BLAKE2b()
    whole.append(words.span)
    let expected = whole.finish()
    for size in 1...40 {
      var hash = BLAKE2b()
      for start in stride(from: 0, to: words.count, by: size) {
        let part = Array(words[start..<min(start + size, words.count)])
        if size % 2 == 0 { hash.append(part.span) } else { for word in part { hash.append(word) } }
      }
      #expect(hash.finish() == expected, "parts of \(size)")
    }
  }
}
