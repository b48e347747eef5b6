import TrackerInterchange
import TrackerModel
import TrackerSystem

/// A generator whose numbers follow from a seed, which the name of the test case shows.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Two seeds that stay, and one of every run's own, printed so that a failure can be repeated.
  static let seeds: [UInt64] = {
    let fresh = UInt64.random(in: .min ... .max)
    print("seed of this run: \(fresh)")
    return [1, 2, fresh]
  }()
}

/// A source that gives a few bytes at a time.
final class TricklingSource: ByteSource {
  let name = "trickle"
  private let bytes: [UInt8]
  private var position = 0
  private var random: SeededRandom

  init(_ bytes: [UInt8], seed: UInt64) {
    self.bytes = bytes
    random = SeededRandom(seed: seed)
  }

  func read(into buffer: inout MutableSpan<UInt8>) throws(TrackerError) -> Int {
    let wanted = Int.random(in: 1...5000, using: &random)
    let count = min(buffer.count, bytes.count - position, wanted)
    for offset in 0..<count { buffer[offset] = bytes[position + offset] }
    position += count
    return count
  }
}

/// A path that no other test uses; the file there is removed when this goes.
final class TemporaryPath {
  let path: String

  init(_ suffix: String) {
    let folder = Environment.value("TMPDIR") ?? "/tmp"
    path = "\(folder)/interchange-\(UInt64.random(in: .min ... .max))\(suffix)"
  }

  deinit { try? Paths.remove(path) }

  func write(_ bytes: [UInt8]) throws { try writeFileAtomically(path: path, bytes.span) }
  func read() throws -> [UInt8] { try readWholeFile(path: path, limit: 1 << 26) }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Values that numbers and formats trip over, as float64 bits.
let awkwardDoubles: [Double] = [
  0, -0.0, 1, -1, 0.1, 1.0 / 3, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
  .leastNormalMagnitude, .leastNormalMagnitude.nextDown,
  .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .infinity, -.infinity, 9_007_199_254_740_991,
  9_007_199_254_740_992, 9_007_199_254_740_994, 1e16, 1e22, 1e23, 123456789012345680, 1e-7, 100,
  1e5,
]

/// Strings that quoting, escaping and UTF-8 trip over.
let awkwardStrings: [String] = [
  "a", "", " ", "a,b", "\"", "\"\"", "line\nbreak", "cr\rlf\r\n", "tab\t", "\\", "\\n", "é",
  "e\u{301}",
  "日本語", "😀", "\u{0}", "\u{1F}", "\u{7F}", "\u{2028}", "null", "007", "-0", "+1", "1.0", "1e3",
  " 5", "9223372036854775808", "'", "#", "\u{FEFF}x", "{\"a\":1}", "end\"",
]
