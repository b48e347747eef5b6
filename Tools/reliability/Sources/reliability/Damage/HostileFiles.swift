import TrackerCodec
import TrackerModel

/// Files whose few bytes claim much.
enum HostileFiles {
  static func all() -> [(name: String, bytes: [UInt8])] {
    var files: [(String, [UInt8])] = []
    for (name, body) in bodies() {
      files.append(("\(name).tracker", file(covered: 4 << 20, body)))
      files.append(("\(name)-small.tracker", file(covered: 0, body)))
    }
    files.append(("bomb.tracker", bomb()))
    return files
  }

  /// What stands in a commit behind the fields before the identities.
  private static func bodies() -> [(String, [UInt8])] {
    var many: [UInt8] = [0, 1, 1, 0x61, 0, 0, 0, 0, 0]
    many.appendVarint(1 << 20)
    var entries = many
    for number in 0..<150_000 {
      entries += [0, 0]
      entries.appendVarint(24 + 28 * number)
      // No payload, one column, one dense row without a point.
      entries += [0, 1, 0, 0, 1, 0, 0, 0, 0]
    }
    var wide: [UInt8] = [0, 1, 1, 0x61, 0, 0, 0, 0, 0]
    wide.appendVarint(100_000)
    for number in 0..<100_000 {
      wide += [0, 0]
      wide.appendVarint(24 + 40 * number)
      // 256 columns in five bytes.
      wide += [6, 0x80, 2, 0, 1, 1, 0, 1, 0, 0, 0, 0]
    }
    var identities: [UInt8] = []
    identities.appendVarint(1 << 20)
    for rank in 0..<UInt64(400_000) {
      identities += [1, 0x72, 0]
      identities.appendVarint(rank)
      identities.appendVarint(UInt64(1 << 30))
    }
    var sets: [UInt8] = []
    sets.appendVarint(100)
    for rank in 0..<UInt8(100) { sets += [1, 0x72, 0, rank, 0xC8, 1] }
    sets.append(0)
    sets.appendVarint(30_000)
    for _ in 0..<30_000 { sets += [100] + (0..<100) }
    sets += [0, 0]
    var channels: [UInt8] = [0]
    channels.appendVarint(300_000)
    for number in 0..<300_000 {
      channels += [3, UInt8(97 + number % 26), UInt8(97 + number / 26 % 26), 97, 0, 0, 0]
    }
    var groups: [UInt8] = [0, 1, 1, 0x61, 0, 0, 0, 0]
    groups.appendVarint(65_536)
    for number in 0..<65_536 {
      groups.append(0)
      groups.appendVarint(number)
      groups += [24, 1, 1]
    }
    return [
      ("entries-claimed", many), ("entries", entries), ("columns", wide),
      ("identities", identities), ("identity-sets", sets), ("channels", channels),
      ("groups", groups + [0]),
    ]
  }

  private static func header() -> [UInt8] {
    var bytes: [UInt8] = [0x89, 0x54, 0x52, 0x4B, 0x0D, 0x0A, 0x1A, 0x0A]
    bytes += [1, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 7)
    bytes.appendFixed(Checksum.crc32(bytes.span))
    return bytes
  }

  private static func append(_ kind: UInt8, _ payload: [UInt8], to bytes: inout [UInt8]) {
    var place: [UInt8] = []
    place.appendFixed(UInt64(bytes.count))
    var header: [UInt8] = [0x8A, 0x54, 0x72, 0x0A, kind, 0, 0, 0]
    header.appendFixed(UInt64(payload.count))
    header.appendFixed(payload.isEmpty ? 0 : Checksum.crc32(payload.span))
    header.appendFixed(Checksum.crc32(header.span, continuing: Checksum.crc32(place.span)))
    bytes += header + payload
  }

  /// A file of one presynced commit that covers bytes of which nothing is verified.
  private static func file(covered: Int, _ body: [UInt8]) -> [UInt8] {
    var bytes = header() + [UInt8](repeating: 0, count: covered)
    appendCommit([1, 1, 1, 24] + body, to: &bytes)
    return bytes
  }

  private static func appendCommit(_ body: [UInt8], to bytes: inout [UInt8]) {
    var payload = body
    payload.appendFixed(UInt64(bytes.count))
    payload += [0x8B, 0x54, 0x72, 0x45, 0x6E, 0x64, 0x0D, 0x0A]
    append(6, payload, to: &bytes)
  }

  /// Parameters whose list to keep is a million strings of deflated zeros.
  private static func bomb() -> [UInt8] {
    var bytes = header()
    var zeros: [UInt8] = []
    Deflater().deflate([UInt8](repeating: 0, count: 1 << 20).span, into: &zeros)
    var payload: [UInt8] = [1, 0x69, 1, 1, 0x61, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1]
    payload.appendVarint(1 << 18)
    payload.append(1)
    payload.appendVarint(1 << 20)
    for _ in 0..<3 {
      payload.append(1)
      payload.appendVarint(zeros.count)
      payload += zeros + [0]
    }
    append(4, payload, to: &bytes)
    var body: [UInt8] = [65, 1, 1, 24, 24]
    body.appendFixed(Checksum.crc32(payload.span))
    appendCommit(body + [0, 0, 0, 0, 0], to: &bytes)
    return bytes
  }
}
