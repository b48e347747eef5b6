import TrackerCodec
import TrackerModel

/// A message to be hashed: 64-bit words, strings as their length and their bytes, padded with zeros to
/// whole words.
struct DigestMessage {
  private var words: [UInt64] = []

  mutating func append(_ word: UInt64) { words.append(word) }

  mutating func append(_ digest: BLAKE2b.Digest) { words.append(contentsOf: digest.words) }

  mutating func append(_ text: StaticString) { append(text.description.utf8) }

  mutating func append(_ bytes: some Collection<UInt8>) { Self.append(bytes, to: &words) }

  static func append(_ bytes: some Collection<UInt8>, to words: inout [UInt64]) {
    words.append(UInt64(bytes.count))
    var word: UInt64 = 0
    var shift: UInt64 = 0
    for byte in bytes {
      word |= UInt64(byte) << shift
      shift += 8
      if shift == 64 {
        words.append(word)
        (word, shift) = (0, 0)
      }
    }
    if shift > 0 { words.append(word) }
  }

  /// The parameters, in the order of the Spec's record of them.
  mutating func append(_ parameters: Parameters) {
    append(parameters.indexKey.utf8)
    append(UInt64(parameters.metricKeys.count))
    for metric in parameters.metricKeys { append(metric.utf8) }
    append(UInt64(parameters.maxToKeep))
    append(UInt64(parameters.minToKeep))
    append(UInt64(parameters.epochFrequency))
    switch parameters.modes {
    case .all: append(0, [])
    case .only(let modes): append(1, modes.sorted().map { Name($0.name) })
    case .except(let modes): append(2, modes.sorted().map { Name($0.name) })
    }
    switch parameters.dsIDs {
    case .all: append(0, [])
    case .only(let ids): append(1, ids.sorted())
    case .except(let ids): append(2, ids.sorted())
    }
    append(UInt64(parameters.keepMantissaBits ?? 0))
    // The names that selections go out under, given or not.
    for metric in parameters.metricKeys { append(parameters.outputName(for: metric).utf8) }
    append(parameters.listToKeep == nil ? 0 : 1)
    let list = parameters.listToKeep ?? []
    append(UInt64(list.count))
    for index in list {
      switch index {
      case .integer(let value): append(UInt64(bitPattern: value))
      case .string(let name): append(name.utf8)
      }
    }
  }

  /// A filter: 0 all, 1 only the names, 2 all but the names.
  private mutating func append(_ kind: UInt64, _ names: [Name]) {
    append(kind)
    append(UInt64(names.count))
    for name in names { append(name.utf8) }
  }

  consuming func finish() -> BLAKE2b.Digest {
    var hash = BLAKE2b()
    hash.append(words.span)
    return hash.finish()
  }
}
